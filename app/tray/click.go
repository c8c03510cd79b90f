package tray

import (
	"context"
	"fmt"
	"time"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// click does what the line at a place says, if that makes sense: hosts also deliver clicks on lines that are disabled,
// or that were something else when the user aimed.
func (t *Tray) click(ctx context.Context, at Place, outcomes chan<- outcome) {
	line := t.shown[at]
	if line.Hidden || t.shown[Place{Item: at.Item}].Hidden || !t.state.can(line.Action, line.Subject) || time.Since(t.since[at]) < settling {
		return
	}
	do := t.begin(line)
	if do == nil {
		return
	}
	o := outcome{Line: line, name: t.state.name(line.Subject)}
	go func() {
		o.err = do(ctx)
		select {
		case outcomes <- o:
		case <-ctx.Done():
		}
	}()
}

// begin says in the state what is about to be done, and gives what does it; nil if that is all.
func (t *Tray) begin(line Line) func(context.Context) error {
	subject := line.Subject
	switch line.Action {
	case Dismiss:
		t.state.Failed = ""
		return nil
	case Start:
		t.state.Doing = "Starting engine…"
		return t.cfg.Daemon.StartEngine
	case Stop:
		t.state.Doing = "Stopping engine…"
		return t.cfg.Daemon.StopEngine
	case Restart:
		t.state.Doing = "Restarting engine…"
		return t.cfg.Daemon.RestartEngine
	case StopContainer:
		t.state.Busy[subject] = "stopping…"
		return func(ctx context.Context) error { return t.cfg.Daemon.Act(ctx, subject, containersv1.ActionStop) }
	case RestartContainer:
		t.state.Busy[subject] = "restarting…"
		return func(ctx context.Context) error { return t.cfg.Daemon.Act(ctx, subject, containersv1.ActionRestart) }
	case Open:
		return func(ctx context.Context) error { return t.cfg.Open(ctx, subject) }
	case OpenPort:
		return func(ctx context.Context) error { return t.cfg.Browse(ctx, subject) }
	case CopyContext:
		return func(context.Context) error { return t.cfg.Host.Copy(subject) }
	case UseContext:
		return t.cfg.Daemon.UseContext
	case Quit:
		t.state.Doing = "Quitting…"
		return t.cfg.Close
	case QuitAll:
		t.state.Doing = "Quitting…"
		return t.quitAll
	default:
		return nil
	}
}

// quitAll closes the window first: it would start the daemon again.
func (t *Tray) quitAll(ctx context.Context) error {
	if err := t.cfg.Close(ctx); err != nil {
		return err
	}
	return t.cfg.Daemon.Quit(ctx)
}

// finish takes over what became of a click. A window that closes is no success of what was clicked meanwhile.
func (t *Tray) finish(o outcome) {
	switch o.Action {
	case Start, Stop, Restart, Quit, QuitAll:
		t.state.Doing = ""
	case StopContainer, RestartContainer:
		delete(t.state.Busy, o.Subject)
	case UseContext:
		if o.err == nil {
			t.state.Docker.Current = t.state.Docker.Name
		}
	}
	if o.err != nil {
		t.state.Failed = fmt.Sprintf("%s: %v", verb(o), o.err)
		t.cfg.Log.Warn("Click came to nothing", "action", o.Action, "subject", o.Subject, "err", o.err)
	} else if o.Action != Open {
		t.state.Failed = ""
	}
}

// name is that of the container with this ID, if it is one.
func (s State) name(id string) string {
	for _, c := range s.Containers {
		if c.ID == id {
			return clean(c.Name, maxName)
		}
	}
	return ""
}

func verb(o outcome) string {
	switch o.Action {
	case Start:
		return "Could not start the engine"
	case Stop:
		return "Could not stop the engine"
	case Restart:
		return "Could not restart the engine"
	case StopContainer:
		return "Could not stop " + o.name
	case RestartContainer:
		return "Could not restart " + o.name
	case Open:
		return "Could not open the window"
	case OpenPort:
		return "Could not open " + o.Subject
	case CopyContext:
		return "Could not copy the name"
	case UseContext:
		return "Could not change docker's context"
	default:
		return "Could not quit"
	}
}
