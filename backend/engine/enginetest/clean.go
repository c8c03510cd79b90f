package enginetest

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// clean leaves nothing behind: no container, no process, no mount, no file.
func (d *Daemon) clean(t testing.TB) {
	t.Helper()
	if d.cmd != nil {
		_ = d.cmd.Process.Signal(syscall.SIGCONT)
		if !d.running() && len(d.orphans()) > 0 {
			d.launch(t) // only a daemon knows how to end the containers of one that was killed
		}
		d.endContainers()
		_ = d.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-d.exited:
		case <-time.After(20 * time.Second):
			t.Errorf("dockerd does not stop; it is killed\n%s", d.logTail())
			_ = d.cmd.Process.Kill()
			<-d.exited
		}
	}
	_ = d.moby.Close()
	for _, pid := range d.orphans() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	d.unmount()
	if err := os.RemoveAll(d.dir); err != nil {
		t.Errorf("remove the daemon's files: %v", err)
	}
}

// endContainers kills what runs, because a graceful end waits for programs that do not listen.
func (d *Daemon) endContainers() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	running, err := d.moby.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return
	}
	for _, c := range running.Items {
		_, _ = d.moby.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true})
	}
}

// orphans are the processes whose command line names the daemon's folder, without the daemon itself: its containerd
// and its containers' shims outlive a kill.
func (d *Daemon) orphans() []int {
	var pids []int
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(d.dir+"/")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || pid == os.Getpid() || (d.running() && pid == d.Pid()) {
			continue
		}
		pids = append(pids, pid)
	}
	return pids
}

// forgetContainerd removes the pid file of a containerd that died with its dockerd. As long as nobody has reaped that
// process, which takes its time on some machines, the next dockerd takes it for alive and waits for it in vain.
func (d *Daemon) forgetContainerd() {
	path := filepath.Join(d.dir, "run", "containerd", "containerd.pid")
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	for range 500 { // it may be dying just now
		stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(text)), "stat"))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) || bytes.Contains(stat, []byte(") X ")) {
			_ = os.Remove(path)
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (d *Daemon) unmount() {
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return
	}
	defer table.Close()
	var points []string
	for lines := bufio.NewScanner(table); lines.Scan(); {
		const point = 4
		if fields := strings.Fields(lines.Text()); len(fields) > point && strings.HasPrefix(fields[point], d.dir+"/") {
			points = append(points, fields[point])
		}
	}
	slices.Reverse(points)
	for _, p := range points {
		_ = syscall.Unmount(p, syscall.MNT_DETACH)
	}
}
