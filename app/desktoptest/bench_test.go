//go:build desktop

package desktoptest

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
)

// BenchmarkWindowStartToFirstRows times what a user waits for who opens the window on an engine with 50 containers.
func BenchmarkWindowStartToFirstRows(b *testing.B) {
	const runs, containers = 9, 50
	s := newSession(b)
	p := s.paths(b)
	if out, err := s.output(b, filepath.Join(s.bin, "berth"), "start"); err != nil {
		b.Fatalf("berth start: %v\n%s", err, out)
	}
	s.containers(b, p.EngineSocket(), containers)
	screen := s.framebuffer(b)

	measure := func() (took []time.Duration) {
		for range runs {
			begun := time.Now()
			window := s.start(b, "berth-desktop", nil)
			took = append(took, screen.standsStill(b).Sub(begun))
			s.screenshot(b, "rows") // to look at: the rows must be what was timed
			if err := instance.Ask(b.Context(), p.Runtime, instance.Window, instance.Quit); err != nil {
				b.Fatal(err)
			}
			window.ends(b)
		}
		slices.Sort(took)
		return took
	}
	for b.Loop() {
		warm := measure()
		b.ReportMetric(float64(warm[runs/2].Milliseconds()), "rows-p50-ms")
		b.ReportMetric(float64(warm[0].Milliseconds()), "rows-min-ms")
		b.ReportMetric(float64(warm[runs-1].Milliseconds()), "rows-max-ms")
		b.ReportMetric(0, "ns/op") // means nothing here
	}
	if err := client.Quit(b.Context(), p); err != nil && !errors.Is(err, client.ErrNotRunning) {
		b.Fatal(err)
	}
}

// framebuffer is what Xvfb shows, shared by it as a file, so that looking costs nothing that would slow what is timed.
type framebuffer struct {
	pixels []byte
	stride int
	seed   maphash.Seed
}

func (s *session) framebuffer(b *testing.B) *framebuffer {
	b.Helper()
	file, err := os.Open(filepath.Join(s.home, "Xvfb_screen0"))
	if err != nil {
		b.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		b.Fatal(err)
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err := errors.Join(err, file.Close()); err != nil {
		b.Fatalf("map the screen: %v", err)
	}
	b.Cleanup(func() { _ = syscall.Munmap(data) })
	// An X window dump: 32-bit big-endian words. The 1st is the header's length, the 13th that of a line, the 20th the
	// number of colours, of twelve bytes each, that stand before the pixels.
	word := func(i int) int { return int(binary.BigEndian.Uint32(data[4*i:])) }
	return &framebuffer{pixels: data[word(0)+12*word(19):], stride: word(12), seed: maphash.MakeSeed()}
}

// rows is a hash of the part of the screen where names and images of the first rows stand; ages, which tick, do not.
func (f *framebuffer) rows() uint64 {
	var hash maphash.Hash
	hash.SetSeed(f.seed)
	for y := 260; y < 700; y++ {
		_, _ = hash.Write(f.pixels[y*f.stride+4*260 : y*f.stride+4*640])
	}
	return hash.Sum64()
}

// standsStill waits until the rows have not changed for a while and gives the moment of the last change.
func (f *framebuffer) standsStill(b *testing.B) time.Time {
	b.Helper()
	const still = 2500 * time.Millisecond
	last, changes, since := f.rows(), 0, time.Now()
	for begun := time.Now(); time.Since(begun) < patience; <-time.After(4 * time.Millisecond) {
		switch now := f.rows(); {
		case now != last:
			last, since, changes = now, time.Now(), changes+1
		case changes > 1 && time.Since(since) > still:
			return since
		}
	}
	b.Fatal("the window's rows do not come to rest")
	return time.Time{}
}
