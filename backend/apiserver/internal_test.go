package apiserver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/klog/v2"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func TestConnectionsOfOtherUsersAreTurnedAway(t *testing.T) {
	dir, err := os.MkdirTemp("", "berth") //nolint:usetesting // t.TempDir's parent lets nobody else in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "run", "api.sock")
	var log bytes.Buffer
	listener, err := listenSocket(t.Context(), path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	// Modes alone would keep the stranger out.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(path), 0o755), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("come in"))
			_ = conn.Close()
		}
	}()
	users := map[int]string{os.Getuid(): "come in"}
	if os.Getuid() == 0 { // only root can be somebody else
		users[65534] = ""
	}
	for uid, want := range users {
		conn, err := dialAs(t.Context(), uid, path)
		if err != nil {
			t.Fatalf("user %d: %v", uid, err)
		}
		if got, _ := io.ReadAll(conn); string(got) != want {
			t.Errorf("user %d heard %q, want %q", uid, got, want)
		}
		_ = conn.Close()
	}
	_ = listener.Close()
	<-served
	if os.Getuid() == 0 && !strings.Contains(log.String(), "65534") {
		t.Errorf("nobody was told of the stranger: %s", log.String())
	}
}

func TestLibraryLogIsForWhoDebugsIt(t *testing.T) {
	var log bytes.Buffer
	routed := slog.New(libraryLog{slog.NewTextHandler(&log, nil)}).With("a", 1).WithGroup("g")
	if routed.Enabled(context.Background(), slog.LevelInfo) {
		t.Error("what libraries call information is shown")
	}
	routed.Info("Not shown")
	routed.Error("Shown")
	if got := log.String(); !strings.Contains(got, "Shown") || strings.Contains(got, "Not shown") {
		t.Errorf("got %s", got)
	}
	before := klog.Background().GetSink()
	routeLibraryLog(slog.New(slog.DiscardHandler))
	routeLibraryLog(slog.New(slog.NewTextHandler(&log, nil)))
	klog.Error("to nobody")
	if strings.Contains(log.String(), "to nobody") {
		t.Errorf("the second route won; before there was %T", before)
	}
}

func TestListenRefusesAFolderThatIsShared(t *testing.T) {
	_, err := listenSocket(t.Context(), filepath.Join(os.TempDir(), "berth-test.sock"), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "folder of its own") {
		t.Errorf("got %v", err)
	}
}

func TestCells(t *testing.T) {
	for got, want := range map[string]string{
		shortID("sha256:0123456789abcdef"): "0123456789ab",
		shortID("abc"):                     "abc",
		size(0):                            "0B",
		size(4_321_000):                    "4.32MB",
		size(1_234_567_890):                "1.23GB",
		orNone(""):                         "<none>",
		since(nil):                         "",
		ports([]containers.Port{
			{Name: "80/tcp", Bindings: []containers.PortBinding{{HostIP: "0.0.0.0", HostPort: 8080}, {HostIP: "::", HostPort: 8080}}},
			{Name: "53/udp"},
		}): "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 53/udp",
		exitCode(containers.ContainerStatus{Status: containers.StateRunning}):               "",
		exitCode(containers.ContainerStatus{Status: containers.StateExited, ExitCode: 137}): "137",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestVersionMetadataIsLegal(t *testing.T) {
	for in, want := range map[string]string{"v0.1.0-3-gabc": "v0.1.0-3-gabc", "0.1~rc1+deb": "0.1-rc1-deb", "": ""} {
		if got := buildMetadata(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestKubeconfigThatCannotBeWrittenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kubeconfig")
	if err := os.MkdirAll(filepath.Join(path, "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, []byte("secret")); err == nil {
		t.Fatal("it replaced a folder")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v", left, err)
	}
}
