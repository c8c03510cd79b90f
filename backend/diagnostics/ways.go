package diagnostics

import (
	"context"
	"net/http"
	"runtime"
	"strings"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

// Way is one house that an engine could have on this machine.
type Way struct {
	Provider  appv1.Provider `json:"provider"`
	Available bool           `json:"available"`
	// Message says what was found: what it would be, or why it can't be.
	Message string `json:"message,omitempty"`
	// Mend is the command that would make it possible; it may be empty.
	Mend string `json:"mend,omitempty"`
}

// Ways looks which houses an engine could have here, in the order in which they are offered.
func Ways(ctx context.Context, cfg Config) []Way {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := &subject{Config: cfg}
	return []Way{s.nativeWay(ctx), s.hostWay(ctx), s.limaWay(ctx)}
}

// as is the subject as it would be with that provider: what is then needed and missing is a problem.
func (s *subject) as(p appv1.Provider) *subject {
	return &subject{Config: s.Config, app: &appv1.App{Spec: appv1.AppSpec{ContainerEngine: appv1.ContainerEngine{Provider: p}}}}
}

func (s *subject) nativeWay(ctx context.Context) Way {
	if runtime.GOOS != "linux" {
		return Way{Provider: appv1.ProviderNative, Message: "Only on Linux can Docker run without a virtual machine."}
	}
	would := s.as(appv1.ProviderNative)
	found := lookAtPrograms(ctx, would)
	for _, c := range systemChecks() {
		if c.name == "rootless" {
			found = append(found, c.look(ctx, would)...)
		}
	}
	return wayOf(appv1.ProviderNative, found)
}

func (s *subject) hostWay(ctx context.Context) Way {
	found := lookAtTarget(ctx, s)
	w := wayOf(appv1.ProviderHost, found)
	for _, f := range found { // where nobody answers there is nothing to attach to, though docker itself calls that no fault
		if f.Level != OK {
			w = Way{Provider: appv1.ProviderHost, Message: f.Message}
			if strings.HasPrefix(f.Mend, "sudo ") { // the others lead docker elsewhere, and not to this engine
				w.Mend = f.Mend
			}
			return w
		}
		w.Message = f.Message
	}
	return w
}

func (s *subject) limaWay(ctx context.Context) Way {
	switch runtime.GOOS {
	case "darwin":
		return Way{Provider: appv1.ProviderLima, Available: true}
	case "linux":
	default:
		return Way{Provider: appv1.ProviderLima, Message: "Berth keeps virtual machines on Linux and macOS."}
	}
	would := s.as(appv1.ProviderLima)
	found := lookAtPrograms(ctx, would)
	for _, c := range systemChecks() {
		if c.name == "kvm" {
			found = append(found, c.look(ctx, would)...)
		}
	}
	return wayOf(appv1.ProviderLima, found)
}

// wayOf makes a way of what was found: the first problem closes it, and the first warning is told.
func wayOf(p appv1.Provider, found []Finding) Way {
	w := Way{Provider: p, Available: true}
	for _, f := range found {
		switch {
		case f.Level == Problem:
			return Way{Provider: p, Message: f.Message, Mend: f.Mend}
		case f.Level == Warning && w.Message == "":
			w.Message, w.Mend = f.Message, f.Mend
		}
	}
	return w
}

// asksForWays says that only the ways are wanted, which is sooner told than everything.
func asksForWays(r *http.Request) bool { return r.URL.Query().Has("ways") }
