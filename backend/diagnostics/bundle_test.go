package diagnostics

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unpack gives the files of a bundle.
func unpack(t *testing.T, text []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = string(body)
	}
}

// Secrets that the machine is known to have never leave it, however they are written down.
func TestBundleHoldsNoPlantedSecret(t *testing.T) {
	m := newMachine(t)
	auth := base64.StdEncoding.EncodeToString([]byte("user:planted-registry"))
	m.write(m.docker("config.json"), `{"auths":{"r.example":{"auth":"`+auth+`","identitytoken":"planted-identity"}},"HttpHeaders":{"X-A":"planted-header"}}`)
	m.write(m.cfg.Paths.Kubeconfig(), "users:\n- user:\n    token: planted-kube-token\n    client-key-data: planted-kube-key\n")
	m.write(m.docker("contexts/meta/x/meta.json"), `{"Name":"old","Endpoints":{"docker":{"Host":"tcp://u:planted-context@h:1"}}}`)
	m.write(filepath.Join(m.cfg.Paths.Objects(), "apps", "app.json"), `{"spec":{"containerEngine":{"host":"tcp://u:planted-host@h:1"}},"env":["NAME=planted-env-list"],"args":["-pplanted-arg"],"labels":{"db.password":"planted-label"},"data":[{"name":"A","value":"planted-value"}]}`)
	m.write(m.cfg.Paths.DaemonLog(), strings.Join([]string{
		"env planted-environment and planted-kube-token and planted-identity, planted-header, " + auth + " planted-registry",
		"url https://user:planted-url@host/path", "Authorization: Bearer planted-bearer", `msg="run PASSWORD=planted-password"`,
		`{"apiKey":"planted-apikey","nested":"{\"client_secret\":\"planted-nested\"}"}`, "mysql --password planted-flag --token=planted-flag2",
		"aws_secret_access_key: planted-aws", "-----BEGIN RSA PRIVATE KEY-----", "planted-pem", "-----END RSA PRIVATE KEY-----",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.planted-jwt", "http://127.0.0.1:1/#token=planted-page", "kept: this line stays",
	}, "\n"))
	var b bytes.Buffer
	notes, err := WriteBundle(t.Context(), m.cfg, []string{"MY_API_TOKEN=planted-environment", "DOCKER_HOST=tcp://planted-docker-host", "HTTP_PROXY=http://planted-proxy"}, &b)
	if err != nil {
		t.Fatal(err)
	}
	all := unpack(t, b.Bytes())
	for name, text := range all {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "planted") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	if log := all["berth-bundle/logs/berth.log"]; !strings.Contains(log, "kept: this line stays") {
		t.Errorf("the log has lost too much:\n%s", log)
	}
	if !strings.Contains(all["berth-bundle/docker.txt"], "auths") {
		t.Errorf("docker.txt: %s", all["berth-bundle/docker.txt"])
	}
	// Without a daemon the parts that need it say so.
	if !strings.Contains(strings.Join(notes, "\n"), "conditions.txt") || !strings.Contains(all["berth-bundle/contents.txt"], "Not complete: conditions.txt") {
		t.Errorf("notes: %q, contents:\n%s", notes, all["berth-bundle/contents.txt"])
	}
}

func TestBundleWaitsForNobody(t *testing.T) {
	m := newMachine(t)
	m.listen(m.cfg.Paths.APISocket())
	m.listen(m.cfg.Paths.EngineSocket())
	m.write(m.cfg.Paths.DaemonLog(), strings.Repeat("time=2026 level=INFO msg=\"The engine answers\" component=native pid=17\n", 100_000))
	began := time.Now()
	var b bytes.Buffer
	if _, err := WriteBundle(t.Context(), m.cfg, nil, &b); err != nil {
		t.Fatal(err)
	}
	t.Logf("took %s", time.Since(began))
	all := unpack(t, b.Bytes())
	if !strings.Contains(all["berth-bundle/doctor.txt"], "does not answer") {
		t.Errorf("doctor.txt: %s", all["berth-bundle/doctor.txt"])
	}
	if len(all["berth-bundle/logs/berth.log"]) == 0 {
		t.Error("there is no log")
	}
}

func TestRedactionKeepsWhatIsNoSecret(t *testing.T) {
	r := NewRedactor([]string{"abc"})
	for _, text := range []string{
		`time=2026-01-01T00:00:00Z level=INFO msg="The engine answers" component=native pid=17 took=142ms`,
		"unix:///run/user/1000/berth/docker.sock", "alpine:3.20", "sha256:0123456789abcdef", "abc is too short to be hidden",
		`"name": "web", "image": "nginx:latest"`, "2026-01-01 author: me",
	} {
		if got := r.Redact(text); got != text {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	r := NewRedactor([]string{"some-secret"})
	text := strings.Repeat("time=2026-01-01T00:00:00Z level=INFO msg=\"The engine answers\" component=native pid=17\n", tail/95)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Redact(text)
	}
}
