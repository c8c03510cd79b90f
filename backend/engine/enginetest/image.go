package enginetest

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// Image is what every daemon has from the start.
const Image = "busybox:latest"

func (d *Daemon) importBusybox(t testing.TB) {
	t.Helper()
	d.Import(t, Image)
}

// Import makes an image of its own ID from the machine's busybox, with changes in the words of a Dockerfile.
func (d *Daemon) Import(t testing.TB, ref string, changes ...string) {
	t.Helper()
	answer, err := d.moby.ImageImport(t.Context(),
		client.ImageImportSource{Source: busyboxTar(t), SourceName: "-"}, ref,
		client.ImageImportOptions{Changes: append([]string{`CMD ["sh"]`, "ENV PATH=/bin"}, changes...)})
	if err != nil {
		t.Fatalf("import %s: %v", ref, err)
	}
	defer answer.Close()
	if said, err := io.ReadAll(answer); err != nil || bytes.Contains(said, []byte(`"error"`)) {
		t.Fatalf("import %s: %v %s", ref, err, said)
	}
}

func busyboxTar(t testing.TB) io.Reader {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatalf("find busybox (make deps installs busybox-static): %v", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	applets, err := exec.CommandContext(t.Context(), path, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(h *tar.Header, body []byte) {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"bin/", "tmp/", "etc/"} {
		add(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	add(&tar.Header{Name: "bin/busybox", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program))}, program)
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet != "busybox" {
			add(&tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}, nil)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

// Build builds an image without a tag from a Dockerfile alone, by the engine's own builder.
func (d *Daemon) Build(t testing.TB, dockerfile string) {
	t.Helper()
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Name: "Dockerfile", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(dockerfile))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, dockerfile); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	answer, err := d.moby.ImageBuild(t.Context(), &files, client.ImageBuildOptions{})
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	defer answer.Body.Close()
	if said, err := io.ReadAll(answer.Body); err != nil || bytes.Contains(said, []byte(`"error"`)) {
		t.Fatalf("build: %v %s", err, said)
	}
}
