package apiserver_test

import (
	"bufio"
	"net/http"
	"strconv"
	"testing"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// BenchmarkStatusUpdate is what the mirror pays for a change of state, among a thousand containers.
func BenchmarkStatusUpdate(b *testing.B) {
	s := build(b, newHome(b)).Containers()
	fill(b, s, 1000)
	for n := 0; b.Loop(); n++ {
		_, err := s.UpdateStatus(b.Context(), key(strconv.Itoa(n%1000)), func(c *containers.Container) error {
			c.Status.Pid = int64(n)
			c.Status.RestartCount++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnchangedStatusUpdate is what it pays for finding out that nothing changed.
func BenchmarkUnchangedStatusUpdate(b *testing.B) {
	s := build(b, newHome(b)).Containers()
	fill(b, s, 1000)
	for n := 0; b.Loop(); n++ {
		if _, err := s.UpdateStatus(b.Context(), key(strconv.Itoa(n%1000)), func(*containers.Container) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteToWatchEventTLS is the time from the mirror's write to the line that a TLS client has read.
func BenchmarkWriteToWatchEventTLS(b *testing.B) {
	s := start(b, newHome(b))
	fill(b, s.Containers(), 1000)
	client, base, token := s.tools(b)
	res := openWatch(b, client, base+anyContainers, "Authorization", "Bearer "+token)
	lines := bufio.NewReader(res.Body)
	for range 1000 {
		if _, err := lines.ReadBytes('\n'); err != nil {
			b.Fatal(err)
		}
	}
	for n := 0; b.Loop(); n++ {
		_, err := s.Containers().UpdateStatus(b.Context(), key(strconv.Itoa(n%1000)), func(c *containers.Container) error {
			c.Status.RestartCount++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := lines.ReadBytes('\n'); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is the time from nothing to the API's first answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s := start(b, newHome(b))
		call(b, s.faces(b), http.MethodGet, "http://berth/version", "")
		b.StopTimer()
		if err := s.stop(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func fill(b *testing.B, s containerStore, n int) {
	b.Helper()
	for i := range n {
		created(b, s, container(strconv.Itoa(i)))
	}
}
