package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func env(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// dockerConfig makes a folder as docker's command keeps it, with some contexts.
func dockerConfig(t *testing.T, current string) string {
	t.Helper()
	dir := t.TempDir()
	if current != "" {
		write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"auths":{},"currentContext":%q}`, current))
	}
	for name, endpoint := range map[string]string{
		"colima": "unix:///home/u/.colima/docker.sock",
		"remote": "ssh://u@far",
		"tls":    "tcp://far:2376",
		"empty":  "",
	} {
		write(t, filepath.Join(dir, "contexts", "meta", name+"-hash", "meta.json"),
			fmt.Sprintf(`{"Name":%q,"Metadata":{},"Endpoints":{"docker":{"Host":%q,"SkipTLSVerify":false}}}`, name, endpoint))
	}
	write(t, filepath.Join(dir, "contexts", "meta", "broken", "meta.json"), "{")
	write(t, filepath.Join(dir, "contexts", "tls", "tls-hash", "docker", "ca.pem"), "")
	return dir
}

func TestResolveGoesWhereTheDockerCommandWould(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the default endpoint is another one")
	}
	colima := "unix:///home/u/.colima/docker.sock"
	for name, c := range map[string]struct {
		host, current string
		env           map[string]string
		want, origin  string
	}{
		"nothing set":                         {want: "unix:///var/run/docker.sock", origin: "default"},
		"a current context":                   {current: "colima", want: colima, origin: "context colima"},
		"the default context is none":         {current: "default", want: "unix:///var/run/docker.sock", origin: "current context"},
		"DOCKER_CONTEXT before the current":   {current: "remote", env: map[string]string{"DOCKER_CONTEXT": "colima"}, want: colima, origin: "context colima"},
		"DOCKER_HOST before DOCKER_CONTEXT":   {env: map[string]string{"DOCKER_HOST": "tcp://1.2.3.4:2375", "DOCKER_CONTEXT": "colima"}, want: "tcp://1.2.3.4:2375", origin: "DOCKER_HOST"},
		"DOCKER_HOST without a scheme":        {env: map[string]string{"DOCKER_HOST": "1.2.3.4:2375"}, want: "tcp://1.2.3.4:2375", origin: "DOCKER_HOST"},
		"the setting before all, an endpoint": {host: "unix:///x.sock", env: map[string]string{"DOCKER_HOST": "tcp://1.2.3.4:2375"}, want: "unix:///x.sock", origin: "setting"},
		"the setting before all, a context":   {host: "colima", env: map[string]string{"DOCKER_HOST": "tcp://1.2.3.4:2375"}, want: colima, origin: "context colima"},
		"DOCKER_TLS_VERIFY and a socket":      {env: map[string]string{"DOCKER_HOST": "unix:///x.sock", "DOCKER_TLS_VERIFY": "1"}, want: "unix:///x.sock", origin: "DOCKER_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			vars := map[string]string{"DOCKER_CONFIG": dockerConfig(t, c.current)}
			maps.Copy(vars, c.env)
			got, err := host.Resolve(c.host, env(vars))
			if err != nil {
				t.Fatal(err)
			}
			if got.Endpoint != c.want || !strings.Contains(got.Origin, c.origin) {
				t.Errorf("got %+v, want %s from %s", got, c.want, c.origin)
			}
		})
	}
}

func TestResolveLooksInTheHomeFolder(t *testing.T) {
	home := t.TempDir()
	if err := os.Rename(dockerConfig(t, "colima"), filepath.Join(home, ".docker")); err != nil {
		t.Fatal(err)
	}
	got, err := host.Resolve("", env(map[string]string{"HOME": home}))
	if err != nil || got.Endpoint != "unix:///home/u/.colima/docker.sock" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestResolveRefusesWithWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		host          string
		env           map[string]string
		message, hint string
	}{
		"a context that is not there":     {host: "gone", message: `no Docker context "gone"`, hint: "docker context ls"},
		"DOCKER_CONTEXT that is not":      {env: map[string]string{"DOCKER_CONTEXT": "gone"}, message: "which DOCKER_CONTEXT names", hint: "docker context ls"},
		"a context without an engine":     {host: "empty", message: "names no engine", hint: "docker context ls"},
		"SSH with a password":             {host: "ssh://u:secret@far", message: "ssh://u:xxxxx@far", hint: "without a password"},
		"SSH to an option":                {host: "ssh://-oProxyCommand=x", message: "no address of an engine", hint: "ssh://USER@HOST"},
		"a context with a bad authority":  {host: "tls", message: "ca.pem cannot be used", hint: "PEM"},
		"a named pipe":                    {host: "npipe:////./pipe/docker_engine", message: "named pipe yet", hint: "tcp://"},
		"a scheme that nobody knows":      {host: "gopher://x", message: "does not know how to reach", hint: "unix:///PATH"},
		"a socket with two slashes":       {host: "unix://run/docker.sock", message: "no address of a socket", hint: "three slashes"},
		"a TCP address without a machine": {host: "tcp://:2375", message: "no address of an engine", hint: "tcp://HOST:PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			vars := map[string]string{"DOCKER_CONFIG": dockerConfig(t, "")}
			maps.Copy(vars, c.env)
			got, err := host.Resolve(c.host, env(vars))
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			f := vm.FailureOf(err)
			if !strings.Contains(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("got %q, hint %q", f.Message, f.Hint)
			}
		})
	}
}

func TestASettingsFileThatCannotBeReadIsNotIgnored(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), "{")
	_, err := host.Resolve("", env(map[string]string{"DOCKER_CONFIG": dir}))
	if err == nil || !strings.Contains(err.Error(), "settings cannot be read") {
		t.Errorf("got %v", err)
	}
}

func driver(endpoint string) *host.Driver {
	return host.New(host.Config{Host: endpoint, Getenv: env(nil), Logger: slog.New(slog.DiscardHandler)})
}

// shortSocket is a path that fits into a socket's address.
func shortSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "berth") //nolint:usetesting // the name of a test is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "d.sock")
}

// answering listens on a socket and treats each connection as told.
func answering(t *testing.T, with func(net.Conn)) string {
	t.Helper()
	path := shortSocket(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			with(c)
			_ = c.Close() // the other side may be gone
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return path
}

func TestAnEngineThatIsNotThereSaysWhyAndWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint      func(t *testing.T) string
		message, hint string
	}{
		"no socket": {
			func(t *testing.T) string { return "unix://" + shortSocket(t) },
			"its socket does not exist", "sudo systemctl start docker",
		},
		"nobody listens": {
			func(t *testing.T) string {
				path := shortSocket(t)
				l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
				if err != nil {
					t.Fatal(err)
				}
				l.SetUnlinkOnClose(false)
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				return "unix://" + path
			},
			"nobody listens", "sudo systemctl start docker",
		},
		"a web server": {
			func(t *testing.T) string {
				return "unix://" + answering(t, func(c net.Conn) {
					_, _ = c.Read(make([]byte, 1024))
					_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
				})
			},
			"not Docker", "Check the address",
		},
		"a mail server": {
			func(t *testing.T) string {
				return "unix://" + answering(t, func(c net.Conn) {
					_, _ = c.Write([]byte("220 mail.example ESMTP\r\n"))
					_, _ = c.Read(make([]byte, 1024))
				})
			},
			"not Docker", "Check the address",
		},
		"no such machine": {
			func(*testing.T) string { return "tcp://no-such-machine.invalid:2375" },
			"", "Check",
		},
		"a silent one": {
			func(t *testing.T) string {
				return "unix://" + answering(t, func(c net.Conn) {
					for b := make([]byte, 1024); ; {
						if _, err := c.Read(b); err != nil {
							return
						}
					}
				})
			},
			"did not answer within 5s", "It may hang",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := driver(c.endpoint(t))
			err := d.Start(t.Context(), nil)
			if err == nil {
				t.Fatal("it started")
			}
			f := vm.FailureOf(err)
			if !strings.Contains(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("got %q, hint %q", f.Message, f.Hint)
			}
			if s, err := d.Inspect(t.Context()); err != nil || s.Phase != vm.Stopped {
				t.Errorf("after a failed start: %+v, %v", s, err)
			}
		})
	}
}

func TestAnEngineThatIsTooOldIsAMismatch(t *testing.T) {
	old := answering(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nApi-Version: 1.38\r\nContent-Length: 2\r\n\r\nOK"))
	})
	f := vm.FailureOf(driver("unix://"+old).Start(t.Context(), nil))
	if f.Reason != vm.VersionMismatch || !strings.Contains(f.Message, "1.38") || !strings.Contains(f.Hint, "20.10") {
		t.Errorf("got %q: %q, hint %q", f.Reason, f.Message, f.Hint)
	}
}

func TestAStartThatIsCancelledIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := driver("unix://" + answering(t, func(c net.Conn) {
		cancel()
		_, _ = c.Read(make([]byte, 1024)) // the question
		_, _ = c.Read(make([]byte, 1))    // the end
	}))
	if err := d.Start(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
