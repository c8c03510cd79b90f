package bench_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// BenchmarkNativeEngine times `berth start` as a user types it: with nothing there yet, with the daemon already there, and
// with neither but with the data of last time. The floor is a dockerd that a Go program starts by itself.
func BenchmarkNativeEngine(b *testing.B) {
	const runs = 7
	for b.Loop() {
		var fresh, engine, both, stop []time.Duration
		for range runs {
			c := command{home: home(b)}
			fresh = append(fresh, c.takes(b, "start"))
			stop = append(stop, c.takes(b, "stop"))
			engine = append(engine, c.takes(b, "start"))
			c.takes(b, "quit")
			both = append(both, c.takes(b, "start"))
			c.takes(b, "quit")
		}
		b.ReportMetric(quantile(fresh, .5), "fresh-p50-ms")
		b.ReportMetric(quantile(engine, .5), "engine-p50-ms")
		b.ReportMetric(quantile(both, .5), "daemon+engine-p50-ms")
		b.ReportMetric(quantile(both, 1), "daemon+engine-max-ms")
		b.ReportMetric(quantile(stop, .5), "stop-p50-ms")
		b.ReportMetric(millis(bareStart(b)), "bare-dockerd-ms")
		b.ReportMetric(0, "ns/op") // means nothing here
	}
}

// command is `berth` with a home of its own.
type command struct{ home string }

func (c command) takes(b *testing.B, args ...string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), filepath.Join(os.Getenv("BERTH_BIN"), "berth"), args...)
	cmd.Env = append(os.Environ(), "BERTH_HOME="+c.home, "DOCKER_CONFIG="+filepath.Join(c.home, ".docker"))
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("berth %v: %v\n%s", args, err, out)
	}
	return time.Since(began)
}

func bareStart(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	enginetest.Start(b)
	return time.Since(began)
}
