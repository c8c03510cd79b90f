package cli

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func (c *CLI) agentFile(l login) (string, error) {
	home := c.cfg.Getenv("HOME")
	if home == "" {
		return "", &plainError{message: "HOME is not set, so it is not known where your settings are."}
	}
	return filepath.Join(home, "Library", "LaunchAgents", "desktop.berth."+l.name+".plist"), nil
}

// enableLogin writes a LaunchAgent, which launchd finds at the next login.
func (c *CLI) enableLogin(_ context.Context, l login) (autostart, error) {
	file, err := c.agentFile(l)
	if err != nil {
		return autostart{}, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return autostart{}, fmt.Errorf("make the folder of what starts at login: %w", err)
	}
	if err := os.WriteFile(file, []byte(l.agentText()), 0o600); err != nil {
		return autostart{}, fmt.Errorf("write what starts at login: %w", err)
	}
	return autostart{"a LaunchAgent", file, true}, nil
}

func (c *CLI) disableLogin(_ context.Context, l login) error {
	file, err := c.agentFile(l)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what starts at login: %w", err)
	}
	return nil
}

func (c *CLI) loginState(_ context.Context, l login) (autostart, error) {
	file, err := c.agentFile(l)
	if err != nil {
		return autostart{}, err
	}
	_, err = os.Stat(file)
	return autostart{"a LaunchAgent", file, err == nil}, nil
}

func (l login) agentText() string {
	var env strings.Builder
	for _, e := range l.env {
		name, value, _ := strings.Cut(e, "=")
		fmt.Fprintf(&env, "    <key>%s</key><string>%s</string>\n", html.EscapeString(name), html.EscapeString(value))
	}
	var words strings.Builder
	for _, word := range l.words() {
		fmt.Fprintf(&words, "    <string>%s</string>\n", html.EscapeString(word))
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>desktop.berth.` + html.EscapeString(l.name) + `</string>
  <key>ProgramArguments</key>
  <array>
` + words.String() + `  </array>
  <key>EnvironmentVariables</key>
  <dict>
` + env.String() + `  </dict>
  <key>RunAtLoad</key><true/>
  <key>ProcessType</key><string>Background</string>
</dict>
</plist>
`
}
