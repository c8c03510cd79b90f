//go:build linux

// Command standin stands in for QEMU: vm/lima/limatest says how and why. It is a program of its own, so that it listens
// before Lima's first look: the next one comes ten seconds later.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// answers are what Lima asks of a QEMU before it runs it.
func answers() map[string]string {
	return map[string]string{
		"--version":     "QEMU emulator version 9.2.0 (stand-in)",
		"-accel help":   "Accelerators supported in QEMU binary:\ntcg\nkvm",
		"-netdev help":  "Available netdev backend types:\nsocket\nuser",
		"-machine help": "Supported machines are:\nq35 Standard PC\nnone empty machine",
		"-cpu help":     "Available CPUs:\nx86 host\nx86 max\nx86 qemu64",
	}
}

// What the tests tell through the environment: vm/lima/limatest knows these too.
const (
	guardName  = "standin-guard"
	guestName  = "standin-guest"
	envTree    = "BERTH_STANDIN_TREE"
	envFault   = "BERTH_STANDIN_FAULT"
	faultPanic = "panic"
	faultFirst = "first"
	faultDeaf  = "deaf"
	faultLate  = "late"
	faultBare  = "bare"
	faultStays = "stays"
)

func main() {
	switch os.Args[0] {
	case guardName:
		os.Exit(guard(os.Args[1:]))
	case guestName:
		os.Exit(guest(os.Args[1], os.Args[2]))
	}
	os.Exit(qemu(os.Args[1:]))
}

func paused(instance string) string { return filepath.Join(instance, "standin", "paused") }

func qemu(args []string) int {
	all := " " + strings.Join(args, " ") + " "
	for question, answer := range answers() {
		if strings.Contains(all, " "+question+" ") {
			_, _ = os.Stdout.WriteString(answer + "\n")
			return 0
		}
	}
	s := standIn{args: all, pidFile: after(args, "-pidfile")}
	s.instance = filepath.Dir(s.pidFile)
	if err := s.run(); err != nil {
		log.Print(err)
		return 1
	}
	return 0
}

// standIn is one machine that is none.
type standIn struct {
	args, pidFile, instance string

	guest *exec.Cmd
	netns *os.File
}

func after(args []string, flag string) string {
	for i, a := range args[:max(0, len(args)-1)] {
		if a == flag {
			return args[i+1]
		}
	}
	return ""
}

func (s *standIn) run() error {
	if err := os.WriteFile(s.pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(s.pidFile)
	forward := regexp.MustCompile(`hostfwd=tcp:([\d.]+:\d+)-:22`).FindStringSubmatch(s.args)
	if forward == nil {
		return errors.New("there is no port to forward to ssh")
	}
	// It listens before anything slow: Lima tries again only ten seconds after a connection that was refused.
	l, err := net.Listen("tcp", forward[1]) //nolint:noctx // it ends with this process
	if err != nil {
		return err
	}
	control, err := s.sockets()
	if err != nil {
		return err
	}
	console, err := os.Create(filepath.Join(s.instance, "serial.log"))
	if err != nil {
		return err
	}
	defer console.Close()
	if s.panics() {
		fmt.Fprintln(console, "[    1.234567] \x1b[1mKernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\x1b[0m")
		go s.accept(control, s.converse)
		select {} // as a kernel that gave up does
	}
	if err := s.unpack(); err != nil {
		return err
	}
	if err := s.boot(console); err != nil {
		return err
	}
	go s.accept(l, s.carry)
	go s.accept(control, s.converse)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		<-signals
		_ = s.guest.Process.Kill()
	}()
	err = s.guest.Wait()
	fmt.Fprintln(console, "[  OK  ] Reached target poweroff.target - stand-in powers down:", err)
	return nil
}

func (s *standIn) panics() bool {
	if fault := os.Getenv(envFault); fault != faultFirst {
		return fault == faultPanic
	}
	return os.Mkdir(filepath.Join(s.instance, "panicked"), 0o700) == nil
}

// sockets listens where Lima expects QEMU to, and returns the socket of the control protocol.
func (s *standIn) sockets() (control net.Listener, err error) {
	for _, m := range regexp.MustCompile(`socket,id=([\w-]+),path=([^, ]+)`).FindAllStringSubmatch(s.args, -1) {
		l, err := net.Listen("unix", m[2]) //nolint:noctx // it ends with this process
		if err != nil {
			return nil, err
		}
		if m[1] == "char-qmp" {
			control = l
			continue
		}
		go s.accept(l, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	}
	if control == nil {
		return nil, errors.New("there is no control socket")
	}
	return control, nil
}

func (s *standIn) accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// unpack puts what Lima has for the guest where the guest looks: the host's kernel may not know the disk's format.
func (s *standIn) unpack() error {
	dir := filepath.Join(s.instance, "standin", "cidata")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	if err := os.RemoveAll(paused(s.instance)); err != nil {
		return err
	}
	script := `bsdtar -C "$0" -xf "$1" && chmod -R a+rX,u+w "$0" && find "$0" -name '*.sh' -exec chmod 755 {} + && chmod -R a+x "$0"/boot* "$0"/provision* && chown -R 0:0 "$0"`
	out, err := exec.Command("sh", "-c", script, dir, filepath.Join(s.instance, "cidata.iso")).CombinedOutput() //nolint:noctx // short
	if err != nil {
		return fmt.Errorf("unpack what is for the guest: %w: %s", err, out)
	}
	return nil
}

func (s *standIn) boot(console *os.File) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.guest = exec.Command(self, s.instance, s.disks()) //nolint:noctx // it ends with this process
	s.guest.Args[0] = guestName
	s.guest.Stdout, s.guest.Stderr = console, console
	s.guest.Env = []string{"container=standin", "TERM=dumb", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", envTree + "=" + os.Getenv(envTree), envFault + "=" + os.Getenv(envFault)}
	s.guest.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC, Setsid: true,
		Pdeathsig: unix.SIGKILL, // the guard may be killed too; the kernel can't
	}
	runtime.LockOSThread() // the kernel means the thread that started the guest
	// The guest waits for its guard: it must not live a moment without.
	hold, release, err := os.Pipe()
	if err != nil {
		return err
	}
	s.guest.ExtraFiles = []*os.File{hold}
	if err := s.guest.Start(); err != nil {
		return err
	}
	_ = hold.Close()
	if err := s.startGuard(self); err != nil {
		return errors.Join(err, s.guest.Process.Kill())
	}
	if s.netns, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", s.guest.Process.Pid)); err != nil {
		return err
	}
	number := []byte(strconv.Itoa(s.guest.Process.Pid))
	return errors.Join(os.WriteFile(filepath.Join(s.instance, "standin", "guest.pid"), number, 0o600), release.Close())
}

// startGuard starts what ends the guest when we are gone, whatever ended us.
func (s *standIn) startGuard(self string) error {
	read, _, err := os.Pipe() // our end of it closes with us
	if err != nil {
		return err
	}
	ready, told, err := os.Pipe()
	if err != nil {
		return err
	}
	g := exec.Command(self, strconv.Itoa(s.guest.Process.Pid), cgroupOf(s.instance)) //nolint:noctx // it ends after this process
	g.Args[0] = guardName
	g.ExtraFiles = []*os.File{read, told}
	g.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := g.Start(); err != nil {
		return err
	}
	_ = read.Close()
	_ = told.Close()
	_, err = io.ReadAll(ready) // until it holds the guest
	return errors.Join(err, ready.Close())
}

// disks are the folders that stand in for the additional disks, as device=folder.
func (s *standIn) disks() string {
	var all []string
	for i, m := range regexp.MustCompile(`file=([^, ]+/_disks/[^, ]+/datadisk)`).FindAllStringSubmatch(s.args, -1) {
		all = append(all, fmt.Sprintf("vd%c=%s.d", 'b'+i, m[1]))
	}
	return strings.Join(all, ",")
}

// carry connects to the guest's ssh. It waits for it: Lima would wait ten seconds before it tried again.
func (s *standIn) carry(c net.Conn) {
	if os.Getenv(envFault) == faultDeaf {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	ready := fmt.Sprintf("/proc/%d/root/run/lima-", s.guest.Process.Pid)
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	var g net.Conn
	for end := time.Now().Add(5 * time.Minute); g == nil && time.Now().Before(end); <-poll.C {
		_, ssh := os.Stat(ready + "ssh-ready")
		_, boot := os.Stat(ready + "boot-done")
		if ssh != nil && boot != nil {
			continue
		}
		g, _ = s.dial()
	}
	if g == nil {
		return
	}
	defer g.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(g, halting{c, s.instance})
		if tcp, ok := g.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	})
	_, _ = io.Copy(c, g)
	_ = c.Close()
	both.Wait()
}

// halting reads nothing on while the machine is paused.
type halting struct {
	io.Reader
	instance string
}

func (h halting) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for {
		if _, gone := os.Stat(paused(h.instance)); gone != nil {
			return n, err
		}
		<-poll.C
	}
}

// dial opens a connection in the guest's network.
func (s *standIn) dial() (net.Conn, error) {
	type opened struct {
		c   net.Conn
		err error
	}
	got := make(chan opened, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is the guest's now, and ends with this goroutine
		if err := unix.Setns(int(s.netns.Fd()), unix.CLONE_NEWNET); err != nil {
			got <- opened{err: err}
			return
		}
		c, err := net.DialTimeout("tcp", "127.0.0.1:22", 5*time.Second) //nolint:noctx // it ends with this process
		got <- opened{c, err}
	}()
	o := <-got
	return o.c, o.err
}

// converse speaks QEMU's control protocol.
func (s *standIn) converse(c net.Conn) {
	const greeting = `{"QMP":{"version":{"qemu":{"micro":0,"minor":2,"major":9},"package":"stand-in"},"capabilities":[]}}`
	if _, err := fmt.Fprintln(c, greeting); err != nil {
		return
	}
	in := json.NewDecoder(c) // commands come without line breaks
	for {
		var q struct {
			Execute string          `json:"execute"`
			ID      json.RawMessage `json:"id,omitempty"`
		}
		if in.Decode(&q) != nil {
			return
		}
		a := map[string]any{"return": s.obey(q.Execute)}
		if q.ID != nil {
			a["id"] = q.ID
		}
		if json.NewEncoder(c).Encode(a) != nil {
			return
		}
	}
}

func (s *standIn) obey(command string) any {
	switch command {
	case "system_powerdown":
		if s.guest != nil && os.Getenv(envFault) != faultStays {
			_ = s.guest.Process.Signal(syscall.Signal(34 + 4)) // systemd's word for "power off"
		}
	case "quit":
		if s.guest == nil {
			os.Exit(0)
		}
		_ = s.guest.Process.Kill()
	case "cont":
		_ = os.Remove(paused(s.instance))
	case "query-status":
		if _, err := os.Stat(paused(s.instance)); err == nil {
			return map[string]any{"status": "io-error", "running": false}
		}
		return map[string]any{"status": "running", "running": true}
	}
	return struct{}{}
}
