package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/berth-desktop/berth/backend/dockercontext"
)

// lookAtTarget finds out which engine the user's docker command talks to, and why.
func lookAtTarget(ctx context.Context, s *subject) []Finding {
	var found []Finding
	if dir := s.Getenv("DOCKER_CONFIG"); dir != "" {
		found = append(found, ok("DOCKER_CONFIG is set: docker's settings and contexts are those in %s.", dir))
	}
	dir, err := dockercontext.Dir(s.Getenv)
	if err != nil {
		return append(found, problem("", "%v", err))
	}
	current, err := dockercontext.Current(dir)
	if _, broken := errors.AsType[*dockercontext.SettingsError](err); broken {
		file := filepath.Join(dir, "config.json")
		found = append(found, problem("python3 -m json.tool "+quote(file), "Docker's settings cannot be read: %v", err))
	}
	if host := s.Getenv("DOCKER_HOST"); host != "" {
		return append(found, s.overridden(ctx, host)...)
	}
	why, mend := "its current context", "docker context use "+dockercontext.Default
	name := current
	if env := s.Getenv("DOCKER_CONTEXT"); env != "" {
		name, why, mend = env, "DOCKER_CONTEXT", "unset DOCKER_CONTEXT"
	}
	if name == "" {
		name, why, mend = dockercontext.Default, "there is no other setting", "berth start" // which leads docker to its engine
		if s.endpoint() != "" {
			mend = "berth context use"
		}
	}
	c, err := dockercontext.Find(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return append(found, problem(mend, "docker looks for the context %q (%s), which is not there.", name, why))
	}
	if err != nil {
		return append(found, problem(mend, "docker cannot read the context %q (%s): %v", name, why, err))
	}
	return append(found, s.judge(ctx, c.Endpoint, fmt.Sprintf("the context %q (%s)", name, why), mend))
}

func (s *subject) overridden(ctx context.Context, host string) []Finding {
	found := []Finding{s.judge(ctx, host, "DOCKER_HOST", "unset DOCKER_HOST")}
	if own := s.endpoint(); own != "" && host != own {
		found = append(found, warning("unset DOCKER_HOST", "DOCKER_HOST overrides every docker context: docker does not see what Berth shows, not even with `docker context use`."))
	}
	if s.Getenv("DOCKER_CONTEXT") != "" {
		found = append(found, warning("unset DOCKER_CONTEXT", "DOCKER_HOST and DOCKER_CONTEXT are both set; docker listens to DOCKER_HOST."))
	}
	return found
}

// judge says whether docker gets an answer where it asks.
func (s *subject) judge(ctx context.Context, endpoint, why, mend string) Finding {
	where := hideUser(endpoint)
	life, err := dockercontext.Probe(ctx, endpoint)
	switch {
	case life == dockercontext.Alive && endpoint == s.endpoint():
		return ok("docker talks to Berth's engine: %s.", why)
	case life == dockercontext.Alive:
		return ok("docker talks to the engine at %s: %s.", where, why)
	case life == dockercontext.Unknown:
		return ok("docker talks to %s: %s.", where, why)
	case errors.Is(err, fs.ErrPermission):
		return warning(`sudo usermod -aG docker "$USER"`, "docker talks to %s (%s), which this user may not use. Log in again after joining its group.", where, why)
	default:
		return warning(mend, "docker talks to %s (%s), where nobody answers.", where, why)
	}
}

// lookAtContexts finds contexts that lead nowhere.
func lookAtContexts(ctx context.Context, s *subject) []Finding {
	dir, err := dockercontext.Dir(s.Getenv)
	if err != nil {
		return nil // told by lookAtTarget
	}
	all, err := dockercontext.List(dir)
	var found []Finding
	if err != nil {
		found = append(found, warning("docker context ls", "Some docker contexts cannot be read: %v", err))
	}
	results := make([]Finding, len(all))
	var asked sync.WaitGroup
	for i, c := range all {
		asked.Go(func() { results[i] = s.lookAtContext(ctx, c) })
	}
	asked.Wait()
	for _, f := range results {
		if f.Level != OK {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		found = append(found, ok("%d docker contexts, none of which leads nowhere.", len(all)))
	}
	return found
}

func (s *subject) lookAtContext(ctx context.Context, c dockercontext.Context) Finding {
	if life, _ := dockercontext.Probe(ctx, c.Endpoint); life != dockercontext.Dead {
		return ok("")
	}
	if c.Owner == s.Paths.State {
		return warning("berth start", "The docker context %q is left over from a Berth that was killed. The next start puts that right.", c.Name)
	}
	return warning("docker context rm "+quote(c.Name), "The docker context %q leads to %s, where nobody answers. Remove it if that engine is gone for good.", c.Name, hideUser(c.Endpoint))
}

// program is one that Berth or its user may need.
type program struct {
	name string
	need func(*subject) bool
	why  string
	mend string
}

func programs() []program {
	never := func(*subject) bool { return false }
	native := func(s *subject) bool { return s.provider() == "native" }
	lima := func(s *subject) bool { return s.provider() == "lima" }
	return []program{
		{"docker", never, "to use the engine from a shell", "sudo apt install docker.io"},
		{"dockerd", native, "for an engine of Berth's own", "sudo apt install docker.io"},
		{"containerd", native, "for an engine of Berth's own", "sudo apt install containerd"},
		{"runc", native, "for an engine of Berth's own", "sudo apt install runc"},
		{qemu(), lima, "for a virtual machine", "sudo apt install qemu-system"},
		{"limactl", never, "to look at virtual machines from a shell", ""},
	}
}

func qemu() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}[runtime.GOARCH]
	return "qemu-system-" + arch
}

// installed finds a program on PATH, or where distributions put what is for root: the PATH of a desktop session lacks it.
func installed(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/share/docker.io/contrib"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return ""
}

func lookAtPrograms(ctx context.Context, s *subject) []Finding {
	all := programs()
	found := make([]Finding, len(all))
	var asked sync.WaitGroup
	for i, p := range all {
		asked.Go(func() { found[i] = s.lookAtProgram(ctx, p) })
	}
	asked.Wait()
	return found
}

func (s *subject) lookAtProgram(ctx context.Context, p program) Finding {
	path := installed(p.name)
	switch {
	case path != "":
		version, err := versionOf(ctx, path)
		if err != nil {
			return warning("", "%s is at %s and does not tell its version: %v", p.name, path, err)
		}
		return ok("%s: %s (%s)", p.name, version, path)
	case p.need(s):
		return problem(p.mend, "%s is not installed; it is needed %s.", p.name, p.why)
	default:
		return ok("%s is not installed. It would be there %s.", p.name, p.why)
	}
}

// versionOf asks a program for its version and gives the first line.
func versionOf(ctx context.Context, path string) (string, error) {
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second / 2 // its children may hold the pipe
	out, err := cmd.Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, err
}
