package activity

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func TestAContainersChangesAreToldInWords(t *testing.T) {
	running := containerSight{name: "web", state: containers.StateRunning, startedAt: 10, policy: "always", whole: true}
	exited := containerSight{name: "web", state: containers.StateExited, startedAt: 10, policy: "always", whole: true}
	with := func(s containerSight, change func(*containerSight)) containerSight { change(&s); return s }
	for name, c := range map[string]struct {
		was, now containerSight
		want     []app.ActivityStatus
	}{
		"nothing":          {running, running, nil},
		"start by a shell": {exited, with(running, func(s *containerSight) { s.startedAt = 20 }), []app.ActivityStatus{{Reason: "Started"}}},
		"stop by a face": {
			with(running, func(s *containerSight) { s.by = "berth" }), with(exited, func(s *containerSight) { s.exitCode = 137 }),
			[]app.ActivityStatus{{Reason: "Exited", Message: "it was killed (exit code 137)", By: "berth"}},
		},
		"crash": {
			running, with(exited, func(s *containerSight) { s.exitCode = 3 }),
			[]app.ActivityStatus{{Reason: "Exited", Message: "exit code 3", Severity: app.SeverityWarning}},
		},
		"out of memory": {
			running, with(exited, func(s *containerSight) { s.exitCode, s.outOfMemory = 137, true }),
			[]app.ActivityStatus{{Reason: "OutOfMemory", Message: "the kernel ended it for want of memory", Severity: app.SeverityWarning}},
		},
		"a run between two looks": {exited, with(exited, func(s *containerSight) { s.startedAt = 30 }), []app.ActivityStatus{{Reason: "Exited"}}},
		"failed start": {
			with(exited, func(s *containerSight) { s.state = containers.StateCreated }),
			with(exited, func(s *containerSight) { s.state, s.err, s.exitCode = containers.StateCreated, "no such file", 127 }),
			[]app.ActivityStatus{{Reason: "StartFailed", Message: "no such file", Severity: app.SeverityWarning}},
		},
		"crash loop": {
			running, with(running, func(s *containerSight) { s.restarts, s.startedAt = 2, 20 }),
			[]app.ActivityStatus{{Reason: "Restarted", Message: "by its restart policy always, 2 times so far", Severity: app.SeverityWarning}},
		},
		"pause": {running, with(running, func(s *containerSight) { s.state = containers.StatePaused }), []app.ActivityStatus{{Reason: "Paused"}}},
		"unpause": {
			with(running, func(s *containerSight) { s.state = containers.StatePaused }), running, []app.ActivityStatus{{Reason: "Unpaused"}},
		},
		"rename": {running, with(running, func(s *containerSight) { s.name = "shop" }), []app.ActivityStatus{{Reason: "Renamed", Message: "from web"}}},
		"sick": {
			running, with(running, func(s *containerSight) { s.health = containers.HealthUnhealthy }),
			[]app.ActivityStatus{{Reason: "Unhealthy", Message: "its health check fails", Severity: app.SeverityWarning}},
		},
		"a refused action": {
			running, with(running, func(s *containerSight) { s.failedAction, s.failure, s.failedAt = containers.ActionStop, "it hangs", 5 }),
			[]app.ActivityStatus{{Reason: "ActionFailed", Message: "stop: it hangs", Severity: app.SeverityWarning}},
		},
		"better known": {
			with(exited, func(s *containerSight) { s.whole, s.startedAt = false, 0 }), with(exited, func(s *containerSight) { s.err, s.restarts = "old", 3 }), nil,
		},
		"being removed": {exited, with(exited, func(s *containerSight) { s.state = containers.StateRemoving }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := containerChanged(c.was, c.now)
			for i := range got {
				if got[i].Severity == app.SeverityNormal {
					got[i].Severity = ""
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheFaceThatAskedIsNamedUntilItIsDone(t *testing.T) {
	c := &containers.Container{}
	c.Annotations = map[string]string{containers.AnnotationAction: "stop", app.AnnotationAskedBy: "berth-tray"}
	asked := seeContainer(c, containerSight{})
	delete(c.Annotations, containers.AnnotationAction)
	c.Status.LastAction = &containers.LastAction{Action: containers.ActionStop, State: containers.ActionPending}
	pending := seeContainer(c, asked)
	c.Status.LastAction.State = containers.ActionSucceeded
	done := seeContainer(c, pending)
	if asked.by != "berth-tray" || pending.by != "berth-tray" || done.by != "" {
		t.Errorf("asked by %q, pending by %q, done by %q", asked.by, pending.by, done.by)
	}
}
