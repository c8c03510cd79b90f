package lima

import (
	"strings"
	"time"
)

// SetPatience makes the driver wait less than for a real machine.
func (d *Driver) SetPatience(boot, stop, ping time.Duration) {
	d.patient = patience{fast: boot, slow: boot, stop: stop, pingEvery: ping, deaf: deafPatience}
}

// SetDeafPatience makes the driver give an engine that hangs up sooner.
func (d *Driver) SetDeafPatience(p time.Duration) { d.patient.deaf = p }

// KeepLabel is what the guest runs for a disk of that name.
func KeepLabel(disk string) string { return strings.ReplaceAll(keepLabel, "{{.Param.dataDisk}}", disk) }
