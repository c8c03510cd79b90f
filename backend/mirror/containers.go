package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// readContainers reads a batch again and writes what differs.
//
// An inspect is the cheaper read of one container and the only one that knows everything, but it waits for the
// container's lock, which a start or a copy may hold for long. So it is given a short while. Whoever does not answer
// is read from a list, which takes no lock, and in full once an inspect comes through.
func (c *connection) readContainers(ctx context.Context, keys []engine.Key) {
	var mu sync.Mutex // guards stuck
	var stuck []engine.Key
	read := func(k engine.Key) {
		if c.inspectContainer(ctx, k) {
			c.containers.done(k)
			return
		}
		mu.Lock()
		stuck = append(stuck, k)
		mu.Unlock()
	}
	if len(keys) == 1 {
		read(keys[0])
	} else {
		var g errgroup.Group
		for _, k := range keys {
			g.Go(func() error { read(k); return nil })
		}
		_ = g.Wait()
	}
	if len(stuck) == 0 || ctx.Err() != nil {
		return
	}
	c.listStuck(ctx, stuck)
	c.containers.done(stuck...)
}

// inspectContainer brings one container up to date, and says whether it could.
func (c *connection) inspectContainer(ctx context.Context, k engine.Key) bool {
	if k.ID == "" {
		c.note(ctx, c.containers, k, c.compareContainers(ctx))
		return true
	}
	short, cancel := context.WithTimeout(ctx, c.pace.inspect)
	defer cancel()
	record, err := c.engine.InspectContainer(short, k.ID)
	switch {
	// An engine also answers to a name and to the beginning of an ID, but no mirror is called so.
	case errors.Is(err, engine.ErrNotFound), err == nil && record.ID != k.ID:
		err = c.forgetContainer(ctx, k.ID)
	case err != nil && short.Err() == nil:
		c.broken(k, err)
		return false
	case err != nil:
		return false
	default:
		err = c.writeContainer(ctx, record)
	}
	c.note(ctx, c.containers, k, err)
	return true
}

// note reports a write that failed, and has it tried again.
func (c *connection) note(ctx context.Context, q *queue, k engine.Key, err error) {
	if err == nil {
		c.whole(k)
		return
	}
	if ctx.Err() != nil {
		return
	}
	c.broken(k, err)
	c.again(ctx, q, k, func(ctx context.Context) bool { return sleep(ctx, c.pace.retry) })
}

// listStuck writes what a list says of containers that cannot be inspected now, and waits for the inspects apart.
func (c *connection) listStuck(ctx context.Context, keys []engine.Key) {
	deadline, cancel := context.WithTimeout(ctx, infoDeadline)
	defer cancel()
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	listed, err := c.engine.ListContainers(deadline, ids...)
	if err != nil {
		listed = nil // the probes below will lead to the next attempt
	}
	there := map[string]bool{}
	for _, r := range listed {
		there[r.ID] = true
		if r.Err == nil {
			c.note(ctx, c.containers, engine.Key{Kind: engine.KindContainer, ID: r.ID}, c.writeContainer(ctx, r))
		}
	}
	for _, k := range keys {
		if err == nil && !there[k.ID] {
			c.note(ctx, c.containers, k, c.forgetContainer(ctx, k.ID))
			continue
		}
		c.again(ctx, c.containers, k, func(ctx context.Context) bool { return c.probe(ctx, k) })
	}
}

// probe inspects a container with patience and writes what it is told: with an engine that is slow, readers never come
// to that. It says whether the container is to be read again, because it could not be, or because somebody else has
// written meanwhile, who may have known better.
func (c *connection) probe(ctx context.Context, k engine.Key) bool {
	begun := time.Now()
	c.mu.Lock()
	c.writes[k.ID] = 0
	c.mu.Unlock()
	long, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	record, err := c.engine.InspectContainer(long, k.ID)
	switch {
	case err == nil && record.ID == k.ID:
		c.note(ctx, c.containers, k, c.writeContainer(ctx, record))
	case err != nil && !errors.Is(err, engine.ErrNotFound):
		sleep(ctx, c.pace.retry-time.Since(begun))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	writes := c.writes[k.ID]
	delete(c.writes, k.ID)
	return err != nil || record.ID != k.ID || writes != 1
}

// writing counts the writes of a container that is being probed, before they are made, so that none can come between
// that and its count; mu is held.
func (c *connection) writing(id string) {
	if _, ok := c.writes[id]; ok {
		c.writes[id]++
	}
}

func (c *connection) forgetContainer(ctx context.Context, id string) error {
	c.mu.Lock()
	delete(c.read, id)
	delete(c.heard, id)
	c.writing(id)
	c.mu.Unlock()
	c.used(c.uses.drop(id))
	return c.rows.containers.remove(ctx, id)
}

func (c *connection) writeContainer(ctx context.Context, r engine.ContainerRecord) error {
	c.mu.Lock()
	if !r.Partial {
		c.read[r.ID] = time.Now()
	}
	c.writing(r.ID)
	c.mu.Unlock()
	err := c.rows.containers.put(ctx, r.ID, func(obj *containers.Container) { mergeContainer(obj, r) })
	c.used(c.uses.set(r.ID, useOf(&r.ContainerStatus)))
	return err
}

// mergeContainer brings an object up to what the engine says, and leaves alone what is the reconciler's.
func mergeContainer(obj *containers.Container, r engine.ContainerRecord) {
	if obj.Spec.State == "" {
		obj.Spec.State = containers.DesiredUnknown
	}
	was := obj.Status
	now := r.ContainerStatus
	if r.Partial {
		now = mergePartial(was, r.ContainerStatus)
	}
	if now.Status == "" {
		now.Status = containers.StateUnknown
	}
	now.ObservedGeneration, now.LastAction = was.ObservedGeneration, was.LastAction
	now.Conditions = conditions(was.Conditions, now)
	obj.Status = now
}

// mergePartial adds to what is known what a list says. While the state is the same, what only an inspect tells stays
// as it is known; in a new state it is no longer known.
func mergePartial(was, listed containers.ContainerStatus) containers.ContainerStatus {
	if was.ID == "" {
		return listed
	}
	now := *was.DeepCopy()
	now.Name, now.Status, now.Health, now.Networks = listed.Name, listed.Status, listed.Health, listed.Networks
	now.Ports = rebind(was.Ports, listed.Ports)
	if now.Status == containers.StateExited || now.Status == containers.StateRestarting {
		now.ExitCode = listed.ExitCode
	}
	if was.Status != now.Status {
		now.Pid, now.Error, now.OOMKilled, now.FinishedAt = 0, "", false, nil
		if now.Status == containers.StateRunning {
			now.StartedAt, now.ExitCode = nil, 0
		}
	}
	return now
}

// rebind keeps the ports that are exposed, which lists tell only of running containers, with the bindings of now.
func rebind(exposed, listed []containers.Port) []containers.Port {
	now := slices.Clone(exposed)
	for i := range now {
		now[i].Bindings = nil
	}
	for _, l := range listed {
		if i := slices.IndexFunc(now, func(p containers.Port) bool { return p.Name == l.Name }); i >= 0 {
			now[i].Bindings = l.Bindings
		} else {
			now = append(now, l)
		}
	}
	slices.SortFunc(now, func(a, b containers.Port) int {
		if a.Port != b.Port {
			return int(a.Port - b.Port)
		}
		return strings.Compare(a.Protocol, b.Protocol)
	})
	return now
}

// conditions says the state as conditions, for kubectl wait and the like. Those of others stay.
func conditions(was []metav1.Condition, now containers.ContainerStatus) []metav1.Condition {
	all := slices.Clone(was)
	reason := strings.ToUpper(string(now.Status)[:1]) + string(now.Status)[1:]
	set := func(kind string, is bool, reason, message string) {
		c := metav1.Condition{Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: message}
		if is {
			c.Status = metav1.ConditionTrue
		}
		condition.Set(&all, c, time.Now())
	}
	ended := ""
	if now.Status == containers.StateExited {
		ended = fmt.Sprintf("exit code %d", now.ExitCode)
	}
	set(containers.ConditionRunning, now.Status == containers.StateRunning || now.Status == containers.StatePaused, reason, ended)
	set(containers.ConditionPaused, now.Status == containers.StatePaused, reason, "")
	set(containers.ConditionRestarting, now.Status == containers.StateRestarting, reason, "")
	set(containers.ConditionDead, now.Status == containers.StateDead, reason, "")
	oom := "WithinMemory"
	if now.OOMKilled {
		oom = "OutOfMemory"
	}
	set(containers.ConditionOOMKilled, now.OOMKilled, oom, "")
	return all
}
