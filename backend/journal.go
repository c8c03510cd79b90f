package backend

import (
	"github.com/berth-desktop/berth/backend/activity"
	"github.com/berth-desktop/berth/backend/apiserver"
)

func newJournal(cfg Config, api *apiserver.Server) *activity.Journal {
	return activity.New(activity.Config{
		Activities: api.Activities(),
		Apps:       api.Apps(),
		Containers: api.Containers(),
		Images:     api.Images(),
		Volumes:    api.Volumes(),
		Networks:   api.Networks(),
		File:       cfg.Paths.Activity(),
		Log:        cfg.Log.With("component", "activity"),
	})
}
