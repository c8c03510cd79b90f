package activity

import (
	"fmt"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// containerSight is what is worth comparing of a container.
type containerSight struct {
	name         string
	state        containers.State
	health       containers.Health
	exitCode     int32
	outOfMemory  bool
	err          string
	restarts     int32
	policy       string
	startedAt    int64
	by           string // who asked for what is under way
	failedAction containers.Action
	failure      string
	failedAt     int64
	deleting     bool
	whole        bool // whether all is known of it: at first there is only what a list tells
}

func containerTeller() teller[*containers.Container, containerSight] {
	return teller[*containers.Container, containerSight]{
		see:     seeContainer,
		changed: containerChanged,
		born:    func(containerSight) app.ActivityStatus { return app.ActivityStatus{Reason: "Created"} },
		gone: func(s containerSight) app.ActivityStatus {
			return removed(s.deleting)
		},
		subject: func(c *containers.Container) app.ActivityStatus {
			return app.ActivityStatus{Kind: "Container", Title: c.Status.Name}
		},
	}
}

func seeContainer(c *containers.Container, was containerSight) containerSight {
	s := c.Status
	now := containerSight{
		name: s.Name, state: s.Status, health: s.Health, exitCode: s.ExitCode, outOfMemory: s.OOMKilled, err: s.Error,
		restarts: s.RestartCount, policy: s.RestartPolicy, deleting: !c.DeletionTimestamp.IsZero(),
		whole: s.Path != "",
	}
	if s.StartedAt != nil {
		now.startedAt = s.StartedAt.Unix()
	}
	if a := s.LastAction; a != nil && a.State == containers.ActionFailed {
		now.failedAction, now.failure, now.failedAt = a.Action, a.Error, a.ObservedAt.UnixMicro()
	}
	switch {
	case c.Annotations[containers.AnnotationAction] != "",
		c.Generation > s.ObservedGeneration && c.Spec.State != containers.DesiredUnknown:
		now.by = c.Annotations[app.AnnotationAskedBy]
	case s.LastAction != nil && s.LastAction.State == containers.ActionPending:
		now.by = was.by
	}
	return now
}

func containerChanged(was, now containerSight) []app.ActivityStatus {
	if !was.whole && was.state == now.state {
		return nil // it is no news, only better known
	}
	var all []app.ActivityStatus
	by := now.by
	if by == "" {
		by = was.by // it has just been carried out
	}
	note := func(reason, message string, severity app.Severity) {
		all = append(all, app.ActivityStatus{Reason: reason, Message: message, Severity: severity, By: by})
	}
	if was.name != now.name && was.name != "" {
		note("Renamed", "from "+was.name, app.SeverityNormal)
	}
	if now.err != "" && now.err != was.err && now.state != containers.StateRunning {
		note("StartFailed", now.err, app.SeverityWarning)
	} else {
		containerState(was, now, note)
	}
	if now.restarts > was.restarts && now.state != containers.StateRestarting {
		note("Restarted", fmt.Sprintf("by its restart policy %s, %d times so far", now.policy, now.restarts), app.SeverityWarning)
	}
	if now.health != was.health && now.state == containers.StateRunning {
		switch now.health {
		case containers.HealthUnhealthy:
			note("Unhealthy", "its health check fails", app.SeverityWarning)
		case containers.HealthHealthy:
			note("Healthy", "", app.SeverityNormal)
		}
	}
	if now.failedAt > was.failedAt {
		note("ActionFailed", fmt.Sprintf("%s: %s", now.failedAction, now.failure), app.SeverityWarning)
	}
	return all
}

// containerState tells of another state, and of an end whose start was not seen.
func containerState(was, now containerSight, note func(reason, message string, severity app.Severity)) {
	ranUnseen := now.state == containers.StateExited && was.state == now.state && now.startedAt > was.startedAt
	if was.state == now.state && !ranUnseen {
		return
	}
	switch now.state {
	case containers.StateRunning:
		switch {
		case was.state == containers.StatePaused:
			note("Unpaused", "", app.SeverityNormal)
		case now.restarts > was.restarts: // told as that
		default:
			note("Started", "", app.SeverityNormal)
		}
	case containers.StatePaused:
		note("Paused", "", app.SeverityNormal)
	case containers.StateRestarting:
		note("Restarting", fmt.Sprintf("it ended with exit code %d, and its restart policy %s starts it again", now.exitCode, now.policy), app.SeverityWarning)
	case containers.StateExited:
		note(ending(now))
	case containers.StateDead:
		note("Dead", "the engine could not remove all of it", app.SeverityWarning)
	}
}

// The exit codes of a program that a signal ended, as a stop does.
const (
	killed     = 137
	terminated = 143
)

func ending(now containerSight) (reason, message string, severity app.Severity) {
	switch {
	case now.outOfMemory:
		return "OutOfMemory", "the kernel ended it for want of memory", app.SeverityWarning
	case now.exitCode == 0:
		return "Exited", "", app.SeverityNormal
	case now.exitCode == killed:
		return "Exited", "it was killed (exit code 137)", app.SeverityNormal
	case now.exitCode == terminated:
		return "Exited", "it was told to end (exit code 143)", app.SeverityNormal
	}
	return "Exited", fmt.Sprintf("exit code %d", now.exitCode), app.SeverityWarning
}

func removed(throughBerth bool) app.ActivityStatus {
	a := app.ActivityStatus{Reason: "Removed"}
	if throughBerth {
		a.Message = "through Berth"
	}
	return a
}
