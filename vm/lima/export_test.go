package lima

import "time"

// SetPatience makes the driver wait less than for a real machine.
func (d *Driver) SetPatience(boot, stop, ping time.Duration) {
	d.patient = patience{fast: boot, slow: boot, stop: stop, pingEvery: ping}
}
