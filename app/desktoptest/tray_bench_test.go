//go:build desktop

package desktoptest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/app/instance"
)

// BenchmarkTray times what a user waits for whose session begins, until the icon says that the engine is ready and the
// menu has its containers, and weighs the tray then.
func BenchmarkTray(b *testing.B) {
	const runs, containers = 9, 20
	s := newSession(b)
	s.equip(b)
	p := s.paths(b)
	if out, err := s.output(b, filepath.Join(s.bin, "berth"), "start"); err != nil {
		b.Fatalf("berth start: %v\n%s", err, out)
	}
	s.containers(b, p.EngineSocket(), 1)
	for i := range containers {
		s.runs(b, p.EngineSocket(), fmt.Sprintf("project%d", i/5), fmt.Sprintf("run-%02d", i), "--network", "none")
	}
	conn := s.connect(b)
	b.Logf("load when it began: %s", strings.TrimSpace(read("/proc/loadavg")))
	for b.Loop() {
		var icons, menus []time.Duration
		var rss, pss int
		for range runs {
			begun := time.Now()
			tray := s.start(b, "berth-tray", nil)
			icon := s.icon(b, conn, tray.Process.Pid)
			icons = append(icons, time.Since(begun))
			eventually(b, "the menu is whole", func() error {
				_, err := icon.at(fmt.Sprintf("run-%02d", containers-1), "Logs")
				return err
			})
			menus = append(menus, time.Since(begun))
			rss, pss = memory(tray.Process.Pid)
			if len(menus) == runs {
				s.pictured(b, "menu") // to look at: it must be what was timed
			}
			if err := instance.End(b.Context(), p.Runtime, instance.Tray); err != nil {
				b.Fatal(err)
			}
			tray.ends(b)
		}
		slices.Sort(icons)
		slices.Sort(menus)
		b.ReportMetric(float64(icons[runs/2].Milliseconds()), "icon-p50-ms")
		b.ReportMetric(float64(menus[runs/2].Milliseconds()), "menu-p50-ms")
		b.ReportMetric(float64(menus[runs-1].Milliseconds()), "menu-max-ms")
		b.ReportMetric(float64(rss), "MiB-rss")
		b.ReportMetric(float64(pss), "MiB-pss")
		b.ReportMetric(0, "ns/op") // means nothing here
	}
	if info, err := os.Stat(filepath.Join(s.bin, "berth-tray")); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "MiB-binary")
	}
}
