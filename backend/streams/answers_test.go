package streams_test

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/stream"
)

func TestALogIsToldAsTextAndAsLines(t *testing.T) {
	w := newWorld(t)
	long := stream.MaxLine + 1000
	id := w.run("busybox", "sh", "-c", "echo one; echo two >&2; head -c "+itoa(long)+" /dev/zero | tr '\\0' x; echo; printf end")
	w.docker.Docker(t, "wait", id)
	text := w.must(path(id, "log?tailLines=1"))
	if text != "end" {
		t.Errorf("the last line is %.100q", text)
	}
	if got := w.must(path(id, "log?stdout=false")); got != "two\n" {
		t.Errorf("stderr is %q", got)
	}
	if got := w.must(path(id, "log?limitBytes=6&stderr=false")); got != "one\nxx" {
		t.Errorf("the beginning is %q", got)
	}
	var lines []stream.LogLine
	for dec := json.NewDecoder(strings.NewReader(w.must(path(id, "log?format=json")))); dec.More(); {
		var l stream.LogLine
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if l.Time.IsZero() {
			t.Errorf("the line %.20q has no time", l.Line)
		}
		l.Time = time.Time{}
		if len(l.Line) > 10 {
			l.Line = itoa(strings.Count(l.Line, "x")) + " x"
		}
		lines = append(lines, l)
	}
	// The engine keeps no order between the streams.
	want := map[string]stream.LogLine{
		"one":                       {Stream: "stdout", Line: "one"},
		"two":                       {Stream: "stderr", Line: "two"},
		itoa(stream.MaxLine) + " x": {Stream: "stdout", Line: itoa(stream.MaxLine) + " x", Cut: int64(long - stream.MaxLine)},
		"end":                       {Stream: "stdout", Line: "end"},
	}
	got := map[string]stream.LogLine{}
	for _, l := range lines {
		got[l.Line] = l
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestALogIsFollowedUntilTheContainerStops(t *testing.T) {
	w := newWorld(t)
	id := w.run("-t", "busybox", "sh", "-c", "while [ ! -e /stop ]; do echo tick; sleep 0.05; done; echo over")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, body := w.get(ctx, path(id, "log?follow=true&format=json"))
	var last stream.LogLine
	told := false
	for dec := json.NewDecoder(body); ; {
		if err := dec.Decode(&last); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if last.Line == "tick" && !told {
			told = true
			_, _ = w.docker.TryDocker(t, "exec", id, "/bin/busybox", "touch", "/stop") // the container may stop before it has ended
		}
	}
	last.Time = time.Time{}
	if diff := cmp.Diff(stream.LogLine{Stream: "stdout", Line: "over"}, last); diff != "" {
		t.Error(diff)
	}
}

func TestRefusalsAreTheAPIsOwn(t *testing.T) {
	w := newWorld(t)
	gone := w.mirrored(strings.Repeat("0f", 32))
	stopped := w.mirrored(w.docker.Docker(t, "create", "--network", "none", "busybox", "true"))
	for path, want := range map[string]int{
		path("nobody", "log"):                     http.StatusNotFound,
		path(gone, "log"):                         http.StatusNotFound,
		path(gone, "inspect"):                     http.StatusNotFound,
		path(stopped, "log?tailLines=-1"):         http.StatusBadRequest,
		path(stopped, "log?follow=perhaps"):       http.StatusBadRequest,
		path(stopped, "log?sinceTime=noon"):       http.StatusBadRequest,
		path(stopped, "log?format=xml"):           http.StatusBadRequest,
		path(stopped, "exec?command=sh"):          http.StatusBadRequest,
		path(stopped, "exec"):                     http.StatusBadRequest,
		path(stopped, "stats"):                    http.StatusConflict,
		path(stopped, "top"):                      http.StatusConflict,
		path(stopped, "files?path=/nowhere"):      http.StatusNotFound,
		path(stopped, "files?path=/bin&raw=true"): http.StatusBadRequest,
		path(stopped, "files?path=/../../bin"):    http.StatusOK,
		path(stopped, "inspect"):                  http.StatusOK,
	} {
		status, body := w.read(path)
		if status != want {
			t.Errorf("GET %s: %d, want %d: %s", path, status, want, body)
		}
		if status != http.StatusOK && !strings.Contains(body, `"kind":"Status"`) {
			t.Errorf("GET %s says %s", path, body)
		}
	}
}

func TestFilesAreListedAndRead(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sh", "-c", "mkdir -p /d/deep/er; echo hello >/d/f; ln -s deep /d/l; echo x >/d/deep/x")
	w.docker.Docker(t, "wait", id)
	names := func(at string) map[string]stream.EntryType {
		var f stream.Folder
		if err := json.Unmarshal([]byte(w.must(path(id, "files?path="+at))), &f); err != nil {
			t.Fatal(err)
		}
		all := map[string]stream.EntryType{}
		for _, e := range f.Entries {
			all[e.Name] = e.Type
		}
		return all
	}
	if diff := cmp.Diff(map[string]stream.EntryType{"deep": stream.TypeFolder, "f": stream.TypeFile, "l": stream.TypeLink}, names("/d")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]stream.EntryType{"er": stream.TypeFolder, "x": stream.TypeFile}, names("/d/l")); diff != "" {
		t.Errorf("through a link: %s", diff)
	}
	if diff := cmp.Diff(map[string]stream.EntryType{"f": stream.TypeFile}, names("/d/f")); diff != "" {
		t.Errorf("a file: %s", diff)
	}
	if root := names("/"); root["d"] != stream.TypeFolder || root["bin"] != stream.TypeFolder {
		t.Errorf("the root has %v", root)
	}
	if got := w.must(path(id, "files?raw=true&path=/d/f")); got != "hello\n" {
		t.Errorf("the file has %q", got)
	}
	if got := w.must(path(id, "files?raw=true&limitBytes=2&path=/d/f")); got != "he" {
		t.Errorf("its beginning is %q", got)
	}
	packed := map[string]string{}
	for r := tar.NewReader(strings.NewReader(w.must(path(id, "files?archive=true&path=/d")))); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		text, readErr := io.ReadAll(r)
		if err := errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		packed[h.Name] = string(text)
	}
	if diff := cmp.Diff(map[string]string{"d/": "", "d/deep/": "", "d/deep/er/": "", "d/deep/x": "x\n", "d/f": "hello\n", "d/l": ""}, packed); diff != "" {
		t.Error(diff)
	}
}

func TestStatisticsOfOneAndOfAll(t *testing.T) {
	w := newWorld(t)
	busy := w.run("--name", "busy", "busybox", "sh", "-c", "while :; do :; done")
	w.run("--name", "idle", "busybox", "sleep", "3600")
	w.docker.Docker(t, "create", "--name", "off", "busybox", "true")
	var one stream.Sample
	if err := json.Unmarshal([]byte(w.must(path(busy, "stats"))), &one); err != nil {
		t.Fatal(err)
	}
	if one.ID != busy || one.Name != "busy" || one.CPUPercent == nil || *one.CPUPercent < 1 || one.MemoryUsed == 0 || one.Pids != 1 {
		t.Errorf("it uses %+v", one)
	}
	text := w.must("/apis/containers.berth.desktop/v1alpha1/namespaces/" + namespace + "/containernamespaces/moby/stats")
	var names []string
	for dec := json.NewDecoder(strings.NewReader(text)); dec.More(); {
		var s stream.Sample
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if s.CPUPercent == nil || s.MemoryUsed == 0 {
			t.Errorf("%s uses %+v", s.Name, s)
		}
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"busy", "idle"}, names); diff != "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, body := w.get(ctx, path(busy, "stats?follow=true"))
	dec := json.NewDecoder(body)
	for range 2 {
		if err := dec.Decode(&one); err != nil {
			t.Fatal(err)
		}
	}
	w.docker.Docker(t, "kill", busy)
	for {
		if err := dec.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAVolumeIsMeasuredWhenSomebodyAsks(t *testing.T) {
	w := newWorld(t)
	began := time.Now()
	w.docker.Docker(t, "run", "--rm", "--network", "none", "-v", "data:/v", "busybox", "sh", "-c", "head -c 70000 /dev/zero >/v/f")
	v := named(&containers.Volume{}, "vol-1")
	v.Status.Name = "data"
	if _, err := w.api.Volumes().Create(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	size := strings.Replace(path("vol-1", "size"), "/containers/vol-1", "/volumes/vol-1", 1)
	var m stream.Measure
	if err := json.Unmarshal([]byte(w.must(size)), &m); err != nil {
		t.Fatal(err)
	}
	if m.Bytes != 70000 || m.At.Before(began.Add(-time.Second)) {
		t.Errorf("it holds %d bytes, measured at %s", m.Bytes, m.At)
	}
	w.docker.Docker(t, "volume", "rm", "data")
	if status, body := w.read(size); status != http.StatusNotFound {
		t.Errorf("of one that is gone: %d %s", status, body)
	}
}
