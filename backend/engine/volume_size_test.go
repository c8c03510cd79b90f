package engine_test

import (
	"errors"
	"testing"

	"github.com/berth-desktop/berth/backend/engine"
)

func TestAVolumeIsMeasuredByWhatIsInIt(t *testing.T) {
	d, c := start(t)
	d.Docker(t, "run", "--rm", "--network", "none", "-v", "measured:/v", "busybox", "sh", "-c", "head -c 3000000 /dev/zero >/v/zeros")
	got, err := c.VolumeSize(t.Context(), "measured")
	if err != nil || got.Bytes < 3_000_000 || got.Bytes > 4_000_000 || got.At.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := c.VolumeSize(t.Context(), "nobody's"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("of a volume that is not there: %v", err)
	}
}
