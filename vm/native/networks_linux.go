package native

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
)

// plumbing is all that an engine has in the network of the machine. A part that the system refuses is done without,
// and said.
type plumbing struct {
	layout layout
	client *docker.Client
	log    *slog.Logger
	now    func() time.Time
}

// lay makes the bridge and its rules before the engine starts. It returns the value of dockerd's --bridge.
func (p plumbing) lay(ctx context.Context, report func(vm.Step)) string {
	warn := func(what string, err error) {
		p.log.Warn("Part of the network is missing", "part", what, "err", err)
		report(vm.Step{Name: stepNetwork, Message: what + ": " + err.Error(), At: p.now()})
	}
	if err := p.layout.noteForwarding(); err != nil {
		p.log.Warn("The machine may go on forwarding when the engine is down", "error", err)
	}
	r, err := ensureBridge(p.layout.bridge())
	if err != nil {
		warn("Containers get no network, only those with --network host", err)
		return "none"
	}
	if err := p.layout.firewall().apply(ctx, []docker.Network{p.layout.defaultNetwork(r)}); err != nil {
		warn("Containers may not reach other networks; published ports work", err)
	}
	return p.layout.bridge()
}

// follow keeps the rules at what the engine's networks need, until ctx ends.
func (p plumbing) follow(ctx context.Context) {
	backoff := time.NewTimer(0)
	defer backoff.Stop()
	for wait := time.Second; ; wait = min(2*wait, 5*time.Second) {
		err := p.session(ctx)
		if ctx.Err() != nil {
			return
		}
		p.log.Debug("Lost the engine's networks", "err", err)
		backoff.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-backoff.C:
		}
	}
}

// session follows one event stream. Its reader only marks that something changed: an engine waits for slow readers.
func (p plumbing) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dirty := make(chan struct{}, 1)
	ended := make(chan error, 1)
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	mark()
	since := p.now() // before the first list, so that nothing falls in between
	go func() { ended <- p.client.NetworkChanges(ctx, since, mark) }()
	var applied []docker.Network
	for {
		select {
		case err := <-ended:
			return err
		case <-dirty:
		}
		networks, err := p.client.Networks(ctx)
		if err != nil {
			cancel()
			return errors.Join(err, <-ended)
		}
		if reflect.DeepEqual(networks, applied) {
			continue
		}
		applied = slices.Clone(networks)
		if err := p.apply(ctx, networks); err != nil && ctx.Err() == nil {
			p.log.Warn("A network may not reach others", "err", err)
		}
	}
}

func (p plumbing) apply(ctx context.Context, networks []docker.Network) error {
	for i := range networks {
		if networks[i].Bridge == p.layout.bridge() {
			networks[i].Masquerade = true // dockerd says no, as it writes no rules for it: we do
		}
	}
	return errors.Join(p.remember(networks), p.layout.firewall().apply(ctx, networks))
}

// remember writes down which links the engine made, so that they can be removed when it is down, even by the next
// daemon.
func (p plumbing) remember(networks []docker.Network) error {
	made := []string{}
	for _, n := range networks {
		if n.Made {
			made = append(made, n.Bridge)
		}
	}
	b, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(p.layout.links(), b, 0o600)
}

// remove takes away what is left of an engine that is down. dockerd makes the links of networks anew when it starts.
func (p plumbing) remove(ctx context.Context) error {
	errs := []error{p.layout.firewall().remove(ctx), removeBridge(p.layout.bridge()), p.layout.restoreForwarding()}
	b, err := os.ReadFile(p.layout.links())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errs...)
	}
	var made []string
	if err == nil {
		err = json.Unmarshal(b, &made)
	}
	errs = append(errs, err)
	for _, link := range made {
		errs = append(errs, removeBridge(link))
	}
	return errors.Join(append(errs, os.Remove(p.layout.links()))...)
}
