package activity

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// deleting says whether an object goes because somebody asked Berth for it.
type deleting bool

func seeDeleting[P metav1.Object](obj P, _ deleting) deleting {
	return deleting(!obj.GetDeletionTimestamp().IsZero())
}

func silent(_, _ deleting) []app.ActivityStatus { return nil }

func comesAndGoes[P metav1.Object](comes, goes string, subject func(P) app.ActivityStatus) teller[P, deleting] {
	return teller[P, deleting]{
		see:     seeDeleting[P],
		changed: silent,
		born:    func(deleting) app.ActivityStatus { return app.ActivityStatus{Reason: comes} },
		gone: func(d deleting) app.ActivityStatus {
			a := removed(bool(d))
			a.Reason = goes
			return a
		},
		subject: subject,
	}
}

func imageTeller() teller[*containers.Image, deleting] {
	return comesAndGoes("Added", "Removed", func(i *containers.Image) app.ActivityStatus {
		title := i.Status.RepoTag
		if title == "" {
			const shown = 12
			id := strings.TrimPrefix(i.Status.ID, "sha256:")
			title = id[:min(shown, len(id))]
		}
		return app.ActivityStatus{Kind: "Image", Title: title}
	})
}

func volumeTeller() teller[*containers.Volume, deleting] {
	return comesAndGoes("Created", "Removed", func(v *containers.Volume) app.ActivityStatus {
		return app.ActivityStatus{Kind: "Volume", Title: v.Status.Name}
	})
}

func networkTeller() teller[*containers.Network, deleting] {
	return comesAndGoes("Created", "Removed", func(n *containers.Network) app.ActivityStatus {
		return app.ActivityStatus{Kind: "Network", Title: n.Status.Name}
	})
}

// appSight is what is worth comparing of the engine's life.
type appSight struct {
	running, ready metav1.Condition
	by             string
}

func appTeller() teller[*app.App, appSight] {
	return teller[*app.App, appSight]{
		see: func(a *app.App, _ appSight) appSight {
			return appSight{
				running: condition.Get(a.Status.Conditions, app.ConditionRunning),
				ready:   condition.Get(a.Status.Conditions, app.ConditionContainerEngineReady),
				by:      a.Annotations[app.AnnotationAskedBy],
			}
		},
		changed: appChanged,
		subject: func(*app.App) app.ActivityStatus { return app.ActivityStatus{Kind: "App", Title: "Engine"} },
	}
}

func appChanged(was, now appSight) []app.ActivityStatus {
	var all []app.ActivityStatus
	if now.running.Reason != was.running.Reason {
		switch now.running.Reason {
		case app.ReasonStarting, app.ReasonStopping:
			all = append(all, app.ActivityStatus{Reason: now.running.Reason, By: now.by})
		case app.ReasonStopped:
			all = append(all, app.ActivityStatus{Reason: now.running.Reason})
		case app.ReasonStartFailed, app.ReasonStopFailed, app.ReasonCrashed:
			all = append(all, app.ActivityStatus{Reason: now.running.Reason, Message: now.running.Message, Severity: app.SeverityWarning})
		}
	}
	if now.ready.Reason != was.ready.Reason {
		switch now.ready.Reason {
		case app.ReasonConnected:
			reason := "Ready"
			if was.ready.Reason == app.ReasonReconnecting {
				reason = "Reconnected"
			}
			all = append(all, app.ActivityStatus{Reason: reason})
		case app.ReasonReconnecting, app.ReasonConnectFailed:
			all = append(all, app.ActivityStatus{Reason: now.ready.Reason, Message: now.ready.Message, Severity: app.SeverityWarning})
		}
	}
	return all
}
