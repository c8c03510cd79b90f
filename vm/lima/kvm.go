package lima

import (
	"bytes"
	"context"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// kvmPatience is many times what a kernel needs to its first line.
const kvmPatience = 15 * time.Second

// bootsWithKVM says whether the kernel says anything when it is run with KVM.
func bootsWithKVM(ctx context.Context, kernel string) bool {
	program, machine := "qemu-system-x86_64", "q35"
	if runtime.GOARCH == "arm64" {
		program, machine = "qemu-system-aarch64", "virt"
	}
	limited, cancel := context.WithTimeout(ctx, kvmPatience)
	defer cancel()
	cmd := exec.CommandContext(limited, program, "-accel", "kvm", "-machine", machine, "-cpu", "host", "-m", "256", "-nodefaults", "-display", "none",
		"-no-reboot", "-serial", "stdio", "-kernel", kernel, "-append", "console=ttyS0 console=ttyAMA0 panic=-1")
	heard := &listener{word: []byte("Linux version"), heard: cancel}
	cmd.Stdout = heard
	cmd.WaitDelay = time.Second
	_ = cmd.Run() // it is killed in any case; what counts is what it said
	return heard.it()
}

// listener waits for a word and then wants no more.
type listener struct {
	word  []byte
	heard func()

	mu   sync.Mutex
	text []byte
	yes  bool
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if !l.yes && bytes.Contains(l.text, l.word) {
		l.yes = true
		l.heard()
	}
	l.text = l.text[max(0, len(l.text)-4096):]
	return len(p), nil
}

func (l *listener) it() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.yes
}
