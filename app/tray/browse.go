package tray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/berth-desktop/berth/backend/client"
)

// browserTimeout is how long the desktop may take to find a browser.
const browserTimeout = 20 * time.Second

// Browse shows an address in the user's browser. What opens it may go on as long as the browser does, so that one that
// is not done in time counts as opened.
func Browse(ctx context.Context, address string) error {
	program, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		program = "open"
	case "windows":
		program, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	var said bytes.Buffer
	cmd := exec.Command(program, args...) //nolint:noctx // a browser outlives us
	cmd.Stderr = &said
	client.Detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("find a browser: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			return nil
		}
		if last := bytes.TrimSpace(said.Bytes()); len(last) > 0 {
			return errors.New(string(last))
		}
		return fmt.Errorf("%s: %w", program, err)
	case <-time.After(browserTimeout):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
