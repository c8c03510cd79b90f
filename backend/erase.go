package backend

import (
	"context"
	"fmt"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

// Erase stops the engines that Berth houses and removes all of their data. An engine that Berth is only attached to
// has nothing here and is not touched. The caller holds the instance's lock, so no daemon uses them.
func Erase(ctx context.Context, cfg Config) error {
	house := drivers(cfg, nil)
	for _, p := range []appv1.Provider{appv1.ProviderNative} {
		d, err := house(appv1.ContainerEngine{Provider: p}, appv1.VM{})
		if err != nil {
			return fmt.Errorf("find the engine of provider %s: %w", p, err)
		}
		if err := d.Stop(ctx); err != nil {
			return fmt.Errorf("stop the engine before its data is removed: %w", err)
		}
		if err := d.Delete(ctx); err != nil {
			return fmt.Errorf("remove the engine's data: %w", err)
		}
	}
	return eraseMachines(ctx, cfg)
}
