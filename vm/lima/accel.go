package lima

import (
	"context"
	"os"
	"runtime"
	"strings"
)

const kvmOfNoUse = "This computer has KVM, but it cannot run the machine's kernel, so the machine is slow."

// acceleration is what was found to run the guest's instructions.
type acceleration struct {
	by    Accelerator
	given bool   // somebody chose the program: it is not told how to accelerate
	tried bool   // a kernel was booted with it
	why   string // it is TCG, in the user's words
}

// accelerate finds what this system has. That there is KVM is proved later, with the kernel that it has to run.
func (d *Driver) accelerate(context.Context) acceleration {
	switch runtime.GOOS {
	case "darwin":
		return acceleration{by: VZ}
	case "windows":
		return acceleration{by: WSL2}
	}
	for _, e := range (helper{environ: d.cfg.Environ}).env() {
		if strings.HasPrefix(e, "QEMU_SYSTEM_") && !strings.HasSuffix(e, "=") {
			return acceleration{by: TCG, given: true, tried: true}
		}
	}
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return slow(whyNotKVM(err))
	}
	_ = f.Close()
	return acceleration{by: KVM}
}

// accelerating is what a machine that runs is seen to use.
func accelerating(w wanted, qemu process) Accelerator {
	switch w.VMType {
	case "vz":
		return VZ
	case "wsl2":
		return WSL2
	}
	words := commandLine(qemu.pid)
	for i, word := range words {
		if word == slowCPU || i > 0 && words[i-1] == "-accel" && strings.HasPrefix(word, "tcg") {
			return TCG
		}
	}
	return KVM
}

// as is the acceleration if it turned out to be that.
func (a acceleration) as(by Accelerator) acceleration {
	switch {
	case a.by == KVM && by == TCG:
		return slow(kvmOfNoUse)
	case a.by != by:
		return acceleration{by: by, tried: true}
	}
	a.tried = true
	return a
}

func slow(why string) acceleration { return acceleration{by: TCG, tried: true, why: why} }

func whyNotKVM(err error) string {
	switch {
	case os.IsPermission(err):
		return "This user may not use KVM, so the machine is slow. Join the group kvm, then log in again: sudo usermod -aG kvm $USER"
	case os.IsNotExist(err):
		return "This computer has no KVM, so the machine is slow. Switch on virtualization in its firmware, if it has any."
	}
	return "KVM cannot be used, so the machine is slow: " + err.Error()
}

func (a *acceleration) warning() string {
	if a == nil {
		return ""
	}
	return a.why
}

// environ makes Lima 1.2 do without KVM: it knows no other way.
func (a *acceleration) environ() []string {
	if a == nil || a.by != TCG || a.given {
		return nil
	}
	if runtime.GOARCH != "amd64" {
		return []string{"QEMU_SYSTEM_AARCH64=qemu-system-aarch64 -machine virt -accel tcg,thread=multi,tb-size=512"}
	}
	return []string{"QEMU_SYSTEM_X86_64=qemu-system-x86_64 -machine q35,vmport=off -accel tcg,thread=multi,tb-size=512"}
}

// proveKVM boots the kernel for some seconds. There are systems whose /dev/kvm cannot run it, and QEMU says nothing of it:
// the guest just stands still. Then the template is asked for again, without.
func (d *Driver) proveKVM(ctx context.Context, text []byte, w wanted) ([]byte, wanted, error) {
	d.accel.tried = true
	if kernel := w.kernel(); kernel == "" || bootsWithKVM(ctx, kernel) {
		return text, w, ctx.Err()
	}
	if ctx.Err() != nil {
		d.accel.tried = false
		return nil, w, ctx.Err()
	}
	a := slow(kvmOfNoUse)
	d.accel = &a
	d.log.Warn("KVM does not run the machine's kernel", "kernel", w.kernel())
	text, err := d.cfg.Template(TCG)
	if err != nil {
		return nil, w, err
	}
	w, err = read(text)
	return text, w, err
}
