package app

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/berth-desktop/berth/app/link"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// missing says that the container that a link is about is not there, for whoever sees no window: the page says it too.
func missing(ctx context.Context, p paths.Paths, to *link.Link) error {
	if to == nil || to.Container() == "" || !absent(ctx, p, to.Container()) {
		return nil
	}
	return fmt.Errorf("there is no container %s: `berth container ls -a --no-trunc` lists those that there are", to.Container())
}

// absent says that the engine has no such container. What is not known, because no engine runs or it is slow, is none that
// is absent.
func absent(ctx context.Context, p paths.Paths, id string) bool {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	d, err := client.Connect(ctx, client.Options{Paths: p})
	if err != nil {
		return false
	}
	defer d.Close()
	app, err := d.App(ctx)
	if err != nil || !meta.IsStatusConditionTrue(app.Status.Conditions, appv1.ConditionContainerEngineReady) {
		return false
	}
	_, err = d.Containers(app.Spec.Namespace).Get(ctx, id)
	return apierrors.IsNotFound(err)
}
