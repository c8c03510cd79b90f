package diagnostics

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// collectProcesses lists processes. Of others than ours only the name is told: their arguments are their users' business.
func collectProcesses(ctx context.Context, _ *collection) ([]file, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "load: %s\n%8s %8s %6s %10s  %s\n", read("/proc/loadavg"), "PID", "PPID", "STATE", "RSS", "NAME")
	for _, dir := range dirs {
		if ctx.Err() != nil {
			return one("processes.txt", b.String()), ctx.Err()
		}
		is := fields(read(filepath.Join(dir, "status")))
		name := is["Name"]
		if name == "" {
			continue // it has ended
		}
		if ours(name) {
			line, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // it may have ended by now
			name = strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		}
		state, _, _ := strings.Cut(is["State"], " ")
		fmt.Fprintf(&b, "%8s %8s %6s %10s  %s\n", filepath.Base(dir), is["PPid"], state, strings.ReplaceAll(is["VmRSS"], " ", ""), name)
	}
	return one("processes.txt", b.String()), nil
}

func ours(name string) bool {
	return slices.ContainsFunc([]string{"berth", "dockerd", "containerd", "rootlesskit", "slirp4netns", "qemu-system", "limactl"}, func(p string) bool {
		return strings.HasPrefix(name, p)
	})
}

func fields(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		all[name] = strings.TrimSpace(value)
	}
	return all
}

func collectMemory(context.Context, *collection) ([]file, error) {
	return one("memory.txt", read("/proc/meminfo")+"\n"), nil
}
