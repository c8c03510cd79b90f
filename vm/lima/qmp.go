package lima

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
)

// pausedByDisk is QEMU's word for a machine that it halted because the host's disk had no room.
const pausedByDisk = "io-error"

// qmp asks QEMU one thing over the machine's control socket. QEMU serves one client at a time; the host agent is one
// only while it stops the machine.
func (l layout) qmp(ctx context.Context, command string) (status string, err error) {
	ctx, cancel := context.WithTimeout(ctx, qmpPatience)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", l.in("qmp.sock"))
	if err != nil {
		return "", fmt.Errorf("reach QEMU: %w", err)
	}
	defer c.Close()
	if by, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(by); err != nil {
			return "", err
		}
	}
	in := json.NewDecoder(c)
	var greeting struct{ QMP json.RawMessage }
	if err := in.Decode(&greeting); err != nil {
		return "", fmt.Errorf("read QEMU's greeting: %w", err)
	}
	for _, execute := range []string{"qmp_capabilities", command} {
		if err := json.NewEncoder(c).Encode(map[string]string{"execute": execute}); err != nil {
			return "", fmt.Errorf("ask QEMU to %s: %w", execute, err)
		}
		if status, err = result(in); err != nil {
			return "", fmt.Errorf("ask QEMU to %s: %w", execute, err)
		}
	}
	return status, nil
}

// result skips what QEMU tells of events.
func result(in *json.Decoder) (status string, err error) {
	for {
		var a struct {
			Event  string
			Error  *struct{ Desc string }
			Return struct{ Status string }
		}
		if err := in.Decode(&a); err != nil {
			return "", err
		}
		switch {
		case a.Event != "":
		case a.Error != nil:
			return "", fmt.Errorf("QEMU refuses: %s", a.Error.Desc)
		default:
			return a.Return.Status, nil
		}
	}
}
