package mirrored_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
)

// All kinds let their objects go through Release, whatever others write meanwhile.
func TestReleaseTakesOurFinalizerAndNothingThatOthersWrote(t *testing.T) {
	volumes := apitest.New(t).Volumes()
	const rounds = 50
	for i := range rounds {
		key := apitest.Key(fmt.Sprint("v", i))
		v := &containers.Volume{ObjectMeta: metav1.ObjectMeta{
			Name: key.Name, Namespace: key.Namespace, Finalizers: []string{"someone.else/holds", containers.Finalizer},
		}}
		if _, err := volumes.Create(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			if err := mirrored.Release(t.Context(), volumes, key); err != nil {
				t.Error(err)
			}
		})
		for n := range 3 {
			all.Go(func() {
				_, err := volumes.Update(t.Context(), key, func(v *containers.Volume) error {
					metav1.SetMetaDataLabel(&v.ObjectMeta, fmt.Sprint(n), "written")
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		got, err := volumes.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"someone.else/holds"}, got.Finalizers); diff != "" || len(got.Labels) != 3 {
			t.Fatalf("labels %v, finalizers: %s", got.Labels, diff)
		}
	}
	if err := mirrored.Release(t.Context(), volumes, apitest.Key("gone")); err != nil {
		t.Errorf("an object that is gone is let go: %v", err)
	}
}
