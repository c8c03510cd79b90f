package apiserver_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// kubectl is stock kubectl with the kubeconfig of a server.
type kubectl struct {
	program, kubeconfig string
}

// newKubectl builds it, or takes the one that $BERTH_KUBECTL names.
func newKubectl(t *testing.T, kubeconfig string) kubectl {
	t.Helper()
	program := os.Getenv("BERTH_KUBECTL")
	if program == "" {
		program = filepath.Join(t.TempDir(), "berth-kubectl")
		const stamp = "-X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w "+stamp, "-o", program,
			"github.com/berth-desktop/berth/app/cmd/berth-kubectl")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build kubectl: %v\n%s", err, out)
		}
	}
	return kubectl{program: program, kubeconfig: kubeconfig}
}

func (k kubectl) command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.program, args...)
	// Its caches go to the test's folder, and no kubeconfig of the user is looked at.
	cmd.Env = []string{"KUBECONFIG=" + k.kubeconfig, "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	return cmd
}

// run expects success and gives both streams.
func (k kubectl) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := k.command(t.Context(), t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fails expects failure and gives both streams.
func (k kubectl) fails(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := k.command(t.Context(), t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("kubectl %s succeeded:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

// background starts a kubectl that ends by itself, or with the test. The returned function waits for it.
func (k kubectl) background(t *testing.T, args ...string) (out *syncBuffer, wait func() error) {
	t.Helper()
	cmd := k.command(t.Context(), t, args...)
	out = &syncBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait = sync.OnceValue(cmd.Wait)
	t.Cleanup(func() { _ = wait() })
	return out, wait
}

// shows looks for a pattern in which a blank stands for any run of them.
func shows(t *testing.T, out string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(strings.ReplaceAll(p, " ", `\s+`)).MatchString(out) {
			t.Errorf("nothing like %q in\n%s", p, out)
		}
	}
}

func TestStockKubectl(t *testing.T) {
	s := start(t, newHome(t))
	k := newKubectl(t, s.home.kubeconfig())
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ContainerNamespaces().Create(t.Context(), &containers.ContainerNamespace{
		ObjectMeta: metav1.ObjectMeta{Name: "moby", Namespace: app.DefaultNamespace}, Status: containers.ContainerNamespaceStatus{Name: "moby"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Images().Create(t.Context(), &containers.Image{
		ObjectMeta: metav1.ObjectMeta{Name: "img-1", Namespace: app.DefaultNamespace},
		Status:     containers.ImageStatus{ID: "sha256:0123456789abcdef", RepoTag: "busybox:latest", Size: 4_321_000},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Volumes().Create(t.Context(), &containers.Volume{
		ObjectMeta: metav1.ObjectMeta{Name: "vol-1", Namespace: app.DefaultNamespace},
		Status:     containers.VolumeStatus{Name: "data", Driver: "local", Mountpoint: "/var/lib/data"},
	}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []containers.NetworkStatus{
		{ID: "net-1", Name: "shop_default", Driver: "bridge", Scope: "local", Subnets: []containers.Subnet{{Subnet: "172.20.0.0/16"}}, ComposeProject: "shop"},
		{ID: "net-2", Name: "bridge", Driver: "bridge", Scope: "local", BuiltIn: true},
	} {
		if _, err := s.Networks().Create(t.Context(), &containers.Network{
			ObjectMeta: metav1.ObjectMeta{Name: n.ID, Namespace: app.DefaultNamespace}, Status: n,
		}); err != nil {
			t.Fatal(err)
		}
	}
	web := container("web")
	web.Status.Ports = []containers.Port{{
		Name: "80/tcp", Port: 80, Protocol: "tcp", Bindings: []containers.PortBinding{{HostIP: "127.0.0.1", HostPort: 8080}},
	}}
	created(t, s.Containers(), web)
	batch := container("batch")
	batch.Status.Status = containers.StateExited
	created(t, s.Containers(), batch)

	t.Run("version", func(t *testing.T) {
		out := k.run(t, "", "version")
		shows(t, out, `Client Version: v1\.37`, `Server Version: v1\.37\.2\+berth\.v0\.0\.1-test`)
		if strings.Contains(out, "WARNING") {
			t.Error(out)
		}
	})
	t.Run("get", func(t *testing.T) {
		shows(t, k.run(t, "", "get", "containers"), "NAME CONTAINER IMAGE STATUS CREATED AGE", "web name-of-web busybox:latest running")
		shows(t, k.run(t, "", "get", "ctr", "-A", "-o", "wide"), "NAMESPACE NAME .*PORTS PROJECT EXIT AGE", `berth web .* 127\.0\.0\.1:8080->80/tcp`)
		shows(t, k.run(t, "", "get", "img,vol,cns"), "busybox:latest 0123456789ab 4.32MB", "vol-1 data local", "moby moby")
		shows(t, k.run(t, "", "get", "all"), `app\.app\.berth\.desktop/app false host`, `container\.containers\.berth\.desktop/web`, "/img-1", "/vol-1", "/net-1", "/moby")
		shows(t, k.run(t, "", "get", "net", "-o", "wide"), "NETWORK DRIVER SCOPE MEMBERS CREATED SUBNETS PROJECT", `net-1 shop_default bridge local 0 172\.20\.0\.0/16 shop`)
		shows(t, k.run(t, "", "get", "berth", "-o", "name"), "/app", "/web")
		shows(t, k.run(t, "", "get", "app", "app", "-o", "jsonpath={.spec.containerEngine.name}"), "moby")
		shows(t, k.fails(t, "", "get", "ctr", "nope"), `containers\.containers\.berth\.desktop "nope" not found`)
	})
	t.Run("describe", func(t *testing.T) {
		shows(t, k.run(t, "", "describe", "ctr", "web"), "Name: web", "Kind: Container", "Host Port: 8080")
	})
	t.Run("explain", func(t *testing.T) {
		shows(t, k.run(t, "", "explain", "container.spec.state"), "ENUM:", "created", "running", "unknown", "once per generation")
		shows(t, k.run(t, "", "explain", "app.spec.containerEngine.provider"), "ENUM:", "native")
		shows(t, k.run(t, "", "explain", "app.spec.vm.memory"), "a quarter of this computer's")
		shows(t, k.run(t, "", "explain", "limavm.spec.template"), "Lima YAML")
	})
	t.Run("api-resources", func(t *testing.T) {
		out := k.run(t, "", "api-resources", "--categories=all", "-o", "wide")
		shows(t, out, "apps app.berth.desktop/v1alpha1 false App", "containers ctr containers.berth.desktop/v1alpha1 true Container", "all,berth")
		if lines := strings.Count(out, "v1alpha1"); lines != 13 {
			t.Errorf("%d kinds:\n%s", lines, out)
		}
		shows(t, k.run(t, "", "api-resources", "-o", "wide"), "activities act app.berth.desktop/v1alpha1 false Activity get,list,watch")
	})
	t.Run("field selectors", func(t *testing.T) {
		out := k.run(t, "", "get", "ctr", "--field-selector=status.status=exited,status.name=name-of-batch", "-o", "name")
		if strings.Contains(out, "web") || !strings.Contains(out, "batch") {
			t.Error(out)
		}
		shows(t, k.run(t, "", "get", "img", "--field-selector=status.dangling=false", "-o", "name"), "img-1")
		shows(t, k.run(t, "", "get", "vol", "--field-selector=status.driver=other", "-o", "name"), "^$")
		shows(t, k.fails(t, "", "get", "ctr", "--field-selector=status.color=red"), "status.color")
	})
	t.Run("patch", func(t *testing.T) {
		k.run(t, "", "patch", "app", "app", "--type=merge", "-p", `{"spec":{"running":true}}`)
		shows(t, k.run(t, "", "get", "app", "app", "-o", "jsonpath={.spec.running} {.metadata.generation}"), "true 2")
		shows(t, k.fails(t, "", "patch", "app", "app", "--type=merge", "-p", `{"spec":{"containerEngine":{"name":"podman"}}}`), `supported values: "moby", "containerd"`)
		shows(t, k.run(t, "", "patch", "ctr", "web", "--type=json", "-p", `[{"op":"replace","path":"/spec/state","value":"running"}]`), "patched")
	})
	t.Run("annotate", func(t *testing.T) {
		shows(t, k.fails(t, "", "annotate", "ctr", "web", containers.AnnotationAction+"=explode"), "explode", `"start", "stop"`)
		shows(t, k.run(t, "", "annotate", "ctr", "web", containers.AnnotationAction+"=stop"), "annotated")
	})
	t.Run("dry run", func(t *testing.T) {
		shows(t, k.run(t, manifest("dry", "running"), "create", "-f", "-", "--dry-run=server"), "server dry run")
		k.run(t, "", "label", "ctr", "web", "dry=run", "--dry-run=server")
		k.run(t, "", "delete", "vol", "vol-1", "--dry-run=server")
		out := k.run(t, "", "get", "ctr,vol", "--show-labels")
		if shows(t, out, "vol-1"); strings.Contains(out, "dry") {
			t.Errorf("it was stored:\n%s", out)
		}
	})
	t.Run("server-side apply", func(t *testing.T) {
		shows(t, k.run(t, manifest("applied", "running"), "apply", "--server-side", "--field-manager=alice", "-f", "-"), "serverside-applied")
		shows(t, k.fails(t, manifest("applied", "created"), "apply", "--server-side", "--field-manager=bob", "-f", "-"), `conflict with "alice"`, `\.spec\.state`)
		k.run(t, manifest("applied", "created"), "apply", "--server-side", "--field-manager=bob", "--force-conflicts", "-f", "-")
		shows(t, k.run(t, "", "get", "ctr", "applied", "-o", "jsonpath={.spec.state}"), "created")
		shows(t, k.run(t, manifest("classic", "running"), "apply", "-f", "-"), "created")
		shows(t, k.run(t, manifest("classic", "created"), "apply", "-f", "-"), "configured")
		shows(t, k.run(t, manifest("classic", "created"), "diff", "-f", "-"), "^$")
	})
	t.Run("delete waits for the finalizer", func(t *testing.T) { testDelete(t, s, k) })
	t.Run("delete refuses what the engine can't lose", func(t *testing.T) {
		shows(t, k.fails(t, "", "delete", "net", "net-2"), `the network "bridge" is a part of the engine and can't be deleted`)
		shows(t, k.run(t, "", "delete", "net", "--field-selector=status.name=shop_default"), "net-1", "deleted")
		shows(t, k.run(t, "", "get", "net", "-o", "name"), `^network\.containers\.berth\.desktop/net-2\n$`)
	})
	t.Run("wait", func(t *testing.T) { testWait(t, s, k) })
	t.Run("watch", func(t *testing.T) { testWatch(t, s, k) })
}

func manifest(name, state string) string {
	return `{"apiVersion":"containers.berth.desktop/v1alpha1","kind":"Container","metadata":{"name":"` + name + `"},"spec":{"state":"` + state + `"}}`
}

func testDelete(t *testing.T, s running, k kubectl) {
	created(t, s.Containers(), container("held"))
	out, wait := k.background(t, "delete", "ctr", "held")
	eventually(t, "held is being deleted", func() bool {
		c, err := s.Containers().Get(t.Context(), key("held"))
		return err == nil && c.DeletionTimestamp != nil
	})
	shows(t, k.run(t, "", "get", "ctr", "held", "-o", "name"), "held")
	if _, err := s.Containers().Update(t.Context(), key("held"), func(c *containers.Container) error { c.Finalizers = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	shows(t, out.String(), `container\.containers\.berth\.desktop "held" deleted`)
	shows(t, k.fails(t, "", "get", "ctr", "held"), "NotFound")
	shows(t, k.run(t, "", "delete", "vol", "--all", "--cascade=foreground"), "vol-1", "deleted")
}

func testWait(t *testing.T, s running, k kubectl) {
	const limit = "--timeout=60s"
	for _, tc := range []struct {
		until string
		then  func() error
	}{
		{"create", func() error {
			_, err := s.Containers().Create(t.Context(), container("awaited"))
			return err
		}},
		{"jsonpath={.status.status}=paused", func() error {
			_, err := s.Containers().UpdateStatus(t.Context(), key("awaited"), func(c *containers.Container) error {
				c.Status.Status = containers.StatePaused
				return nil
			})
			return err
		}},
		{"condition=Paused", func() error {
			_, err := s.Containers().UpdateStatus(t.Context(), key("awaited"), func(c *containers.Container) error {
				c.Status.Conditions = []metav1.Condition{{Type: containers.ConditionPaused, Status: metav1.ConditionTrue, Reason: "Paused", LastTransitionTime: metav1.Now()}}
				return nil
			})
			return err
		}},
		{"delete", func() error {
			if err := s.Containers().Delete(t.Context(), key("awaited")); err != nil {
				return err
			}
			_, err := s.Containers().Update(t.Context(), key("awaited"), func(c *containers.Container) error { c.Finalizers = nil; return nil })
			return err
		}},
	} {
		out, wait := k.background(t, "wait", "ctr/awaited", "--for="+tc.until, limit)
		if err := tc.then(); err != nil {
			t.Fatal(err)
		}
		if err := wait(); err != nil {
			t.Errorf("wait for %s: %v\n%s", tc.until, err, out)
		}
	}
}

func testWatch(t *testing.T, s running, k kubectl) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := k.command(ctx, t, "get", "img", "-w", "--output-watch-events")
	out := &syncBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "kubectl watches", s.Watched)
	image := func(change func(*containers.Image)) func(*containers.Image) error {
		return func(i *containers.Image) error { change(i); return nil }
	}
	if _, err := s.Images().UpdateStatus(t.Context(), key("img-1"), image(func(i *containers.Image) { i.Status.RepoTag = "busybox:moved" })); err != nil {
		t.Fatal(err)
	}
	if err := s.Images().Delete(t.Context(), key("img-1")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "kubectl has seen it all", func() bool { return strings.Contains(out.String(), "DELETED") })
	cancel()
	_ = cmd.Wait() // it was ended
	shows(t, out.String(), "ADDED img-1 busybox:latest", "MODIFIED img-1 busybox:moved", "DELETED img-1")
}
