package lima

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Details are what is to be known of a machine besides its state.
type Details struct {
	// Dir is the machine's folder.
	Dir string
	// SSHPort is the port on this host's loopback that leads to the guest's SSH; 0 while there is none.
	SSHPort int
	// Accelerator is what runs the guest's instructions; empty while that is not known.
	Accelerator Accelerator
}

// Describe tells what is known now. It waits for nothing: while the machine is being changed, less is known.
func (d *Driver) Describe() Details {
	is := Details{Dir: d.layout.dir, SSHPort: sshPort(filepath.Join(d.layout.dir, "ssh.config"))}
	if !d.lane.TryAcquire(1) {
		return is
	}
	defer d.lane.Release(1)
	if d.accel != nil {
		is.Accelerator = d.accel.by
	}
	return is
}

// sshPort reads the port out of what Lima writes for ssh.
func sshPort(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok && name == "Port" {
			port, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return 0
			}
			return port
		}
	}
	return 0
}

// Fit makes a template that was written for whatever accelerator right for this one. What it says itself stays.
func Fit(template []byte, by Accelerator) ([]byte, error) {
	var d document
	if err := yaml.Unmarshal(template, &d); err != nil {
		return nil, err
	}
	if by != TCG || d["arch"] != nil && d["arch"] != "x86_64" || d["arch"] == nil && Arch() != "x86_64" || d["cpuType"] != nil {
		return template, nil
	}
	d["cpuType"] = document{"x86_64": slowCPU}
	return yaml.Marshal(d)
}
