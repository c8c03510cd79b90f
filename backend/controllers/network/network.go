// Package network reconciles Networks: it carries the deletes that users ask of them to the engine.
package network

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
)

// Engine is what is asked of an engine here.
type Engine interface {
	RemoveNetwork(ctx context.Context, id string) error
}

// Config is what a Reconciler needs.
type Config = mirrored.Access[containers.Network, *containers.Network, Engine]

// Reconciler reconciles Networks.
type Reconciler = mirrored.Deleter[containers.Network, *containers.Network, Engine]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return mirrored.NewDeleter(mirrored.Kind[containers.Network, *containers.Network, Engine]{
		Name: "network",
		Bare: func(n *containers.Network) bool { return n.Status.ID == "" },
		Remove: func(ctx context.Context, eng Engine, n *containers.Network) error {
			return eng.RemoveNetwork(ctx, n.Status.ID)
		},
		Uses:       uses,
		Conditions: func(n *containers.Network) *[]metav1.Condition { return &n.Status.Conditions },
		// A container that stops, or is disconnected, stays, and its network is free all the same.
		Free: func(n *containers.Network) bool { return len(n.Status.Members) == 0 },
	}, cfg)
}

// uses says that c is connected to n: only a container that runs is.
func uses(c *containers.Container, n *containers.Network) bool {
	switch c.Status.Status {
	case containers.StateRunning, containers.StatePaused:
		return slices.ContainsFunc(c.Status.Networks, func(a containers.NetworkAttachment) bool { return a.NetworkID == n.Status.ID })
	default:
		return false
	}
}
