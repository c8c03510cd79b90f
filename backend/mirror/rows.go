package mirror

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// kindRows are the objects of one kind in one namespace.
type kindRows[T any, P store.Object[T]] struct {
	store     store.Store[T, P]
	namespace string
	// told says whether an object's status names a thing in an engine. One without such a status and without our
	// finalizer is somebody's own, and left alone.
	told func(P) bool
}

// rows are a namespace's mirror.
type rows struct {
	containers kindRows[containers.Container, *containers.Container]
	images     kindRows[containers.Image, *containers.Image]
	volumes    kindRows[containers.Volume, *containers.Volume]
	networks   kindRows[containers.Network, *containers.Network]
	namespaces kindRows[containers.ContainerNamespace, *containers.ContainerNamespace]
}

func newRows(cfg Config, namespace string) rows {
	return rows{
		kindRows[containers.Container, *containers.Container]{cfg.Containers, namespace, func(c *containers.Container) bool { return c.Status.ID != "" }},
		kindRows[containers.Image, *containers.Image]{cfg.Images, namespace, func(i *containers.Image) bool { return i.Status.ID != "" }},
		kindRows[containers.Volume, *containers.Volume]{cfg.Volumes, namespace, func(v *containers.Volume) bool { return v.Status.Name != "" }},
		kindRows[containers.Network, *containers.Network]{cfg.Networks, namespace, func(n *containers.Network) bool { return n.Status.ID != "" }},
		kindRows[containers.ContainerNamespace, *containers.ContainerNamespace]{cfg.ContainerNamespaces, namespace, func(n *containers.ContainerNamespace) bool { return n.Status.Name != "" }},
	}
}

func (r rows) empty(ctx context.Context) error {
	for _, empty := range []func(context.Context) error{r.containers.empty, r.images.empty, r.volumes.empty, r.networks.empty, r.namespaces.empty} {
		if err := empty(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (k kindRows[T, P]) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: k.namespace, Name: name}
}

// mine says whether an object is a mirror's.
func (k kindRows[T, P]) mine(obj P) bool {
	return k.told(obj) || slices.Contains(obj.GetFinalizers(), containers.Finalizer)
}

// list gives the mirror's objects by name.
func (k kindRows[T, P]) list(ctx context.Context) (map[string]P, error) {
	all, err := k.store.List(ctx, k.namespace)
	if err != nil {
		return nil, err
	}
	mine := make(map[string]P, len(all))
	for i := range all {
		if obj := P(&all[i]); k.mine(obj) {
			mine[obj.GetName()] = obj
		}
	}
	return mine, nil
}

// put lets write change the status of an object, which is made if there is none.
func (k kindRows[T, P]) put(ctx context.Context, name string, write func(P)) error {
	obj, err := k.store.UpdateStatus(ctx, k.key(name), func(obj P) error {
		write(obj)
		return nil
	})
	if apierrors.IsNotFound(err) {
		return k.create(ctx, name, write)
	}
	if err != nil || !lacksFinalizer(obj) {
		return err
	}
	_, err = k.store.Update(ctx, k.key(name), func(obj P) error {
		if lacksFinalizer(obj) {
			obj.SetFinalizers(append(obj.GetFinalizers(), containers.Finalizer))
		}
		return nil
	})
	return ignoreNotFound(err)
}

// create makes an object; if somebody was faster, put will find it.
func (k kindRows[T, P]) create(ctx context.Context, name string, write func(P)) error {
	obj := P(new(T))
	obj.SetNamespace(k.namespace)
	obj.SetName(name)
	obj.SetFinalizers([]string{containers.Finalizer})
	write(obj)
	_, err := k.store.Create(ctx, obj)
	if apierrors.IsAlreadyExists(err) {
		_, err = k.store.UpdateStatus(ctx, k.key(name), func(obj P) error {
			write(obj)
			return nil
		})
		err = ignoreNotFound(err)
	}
	return err
}

// remove lets go of an object whose thing is gone. The finalizer goes first, so that nobody takes the deletion for a
// wish and carries it to the engine.
func (k kindRows[T, P]) remove(ctx context.Context, name string) error {
	foreign := false
	_, err := k.store.Update(ctx, k.key(name), func(obj P) error {
		foreign = !k.mine(obj)
		if !foreign {
			obj.SetFinalizers(slices.DeleteFunc(obj.GetFinalizers(), func(f string) bool { return f == containers.Finalizer }))
		}
		return nil
	})
	if err != nil || foreign {
		return ignoreNotFound(err)
	}
	return ignoreNotFound(k.store.Delete(ctx, k.key(name)))
}

// empty removes all that is the mirror's.
func (k kindRows[T, P]) empty(ctx context.Context) error {
	all, err := k.list(ctx)
	if err != nil {
		return err
	}
	return k.removeAll(ctx, all)
}

// removeAll lets go of these. Whoever gave up meanwhile is told so, even if there were none.
func (k kindRows[T, P]) removeAll(ctx context.Context, gone map[string]P) error {
	for name := range gone {
		if err := k.remove(ctx, name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// lacksFinalizer never says so of an object that is being deleted.
func lacksFinalizer(obj metav1.Object) bool {
	return obj.GetDeletionTimestamp().IsZero() && !slices.Contains(obj.GetFinalizers(), containers.Finalizer)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// ensureNamespace makes the engine's one namespace, without a finalizer, so that a user's delete returns at once.
func (r rows) ensureNamespace(ctx context.Context) error {
	n := r.namespaces
	if _, err := n.store.Get(ctx, n.key(containers.MobyNamespace)); !apierrors.IsNotFound(err) {
		return err
	}
	_, err := n.store.Create(ctx, &containers.ContainerNamespace{
		ObjectMeta: metav1.ObjectMeta{Namespace: n.namespace, Name: containers.MobyNamespace},
		Status:     containers.ContainerNamespaceStatus{Name: containers.MobyNamespace},
	})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
