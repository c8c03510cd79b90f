package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// systemdPatience is how long the user's systemd may take.
const systemdPatience = 5 * time.Second

func (l login) unit() string    { return l.name + ".service" }
func (l login) desktop() string { return l.name + ".desktop" }

// icon is the entry of the tray. It is one of its own: where no panel shows icons the tray ends, and the daemon must not.
func (l login) icon() string { return l.name + "-tray.desktop" }

// configHome is asked of our own environment, not of the library that paths uses: it read that of the process.
func (c *CLI) configHome() (string, error) {
	if dir := c.cfg.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if home := c.cfg.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".config"), nil
	}
	return "", &plainError{message: "HOME is not set, so it is not known where your settings are.", next: ""}
}

// loginFiles are those of both ways: a unit for systemd, and an entry that desktops start.
func (c *CLI) loginFiles(l login) (unit, entry, icon string, err error) {
	dir, err := c.configHome()
	entries := filepath.Join(dir, "autostart")
	return filepath.Join(dir, "systemd", "user", l.unit()), filepath.Join(entries, l.desktop()), filepath.Join(entries, l.icon()), err
}

// systemctl speaks to the user's systemd.
func (c *CLI) systemctl(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, systemdPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--user"}, args...)...)
	cmd.Env = c.cfg.Environ
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl --user %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// enableLogin uses the user's systemd where that runs, because it logs and restarts, and else what desktops start. The
// icon is the desktop's to start in any case: systemd does not know when there is a panel.
func (c *CLI) enableLogin(ctx context.Context, l login) (autostart, error) {
	unit, entry, icon, err := c.loginFiles(l)
	if err != nil {
		return autostart{}, err
	}
	systemd := c.systemctl(ctx, "show-environment") == nil
	if !systemd {
		if err := c.disableLogin(ctx, l); err != nil {
			return autostart{}, err
		}
	}
	if l.tray != "" {
		if err := writeLogin(icon, l.entryText(l.tray)); err != nil {
			return autostart{}, err
		}
	}
	if !systemd {
		return autostart{"your desktop's autostart", entry, true}, writeLogin(entry, l.entryText(l.program, "serve", "--background"))
	}
	if err := errors.Join(removeAll(entry), writeLogin(unit, l.unitText())); err != nil {
		return autostart{}, err
	}
	err = errors.Join(c.systemctl(ctx, "daemon-reload"), c.systemctl(ctx, "enable", l.unit()))
	return autostart{"systemd", unit, true}, err
}

func writeLogin(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make the folder of what starts at login: %w", err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write what starts at login: %w", err)
	}
	return nil
}

func (c *CLI) disableLogin(ctx context.Context, l login) error {
	unit, entry, icon, err := c.loginFiles(l)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(unit); err == nil {
		wants := filepath.Join(filepath.Dir(unit), "default.target.wants", l.unit())
		_ = c.systemctl(ctx, "disable", l.unit()) // where it does not run, removing its files is all
		if err := removeAll(wants, unit); err != nil {
			return fmt.Errorf("remove what starts at login: %w", err)
		}
		_ = c.systemctl(ctx, "daemon-reload") // as above
	}
	for _, file := range []string{entry, icon} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what starts at login: %w", err)
		}
	}
	return nil
}

func (c *CLI) loginState(_ context.Context, l login) (autostart, error) {
	unit, entry, _, err := c.loginFiles(l)
	if err != nil {
		return autostart{}, err
	}
	wants := filepath.Join(filepath.Dir(unit), "default.target.wants", l.unit())
	if _, err := os.Lstat(wants); err == nil {
		return autostart{"systemd", unit, true}, nil
	}
	text, err := os.ReadFile(entry)
	on := err == nil && !strings.Contains(strings.ToLower(string(text)), "\nhidden=true")
	return autostart{"your desktop's autostart", entry, on}, nil
}

// unitText is a unit as systemd reads it. build/linux/berth.service is the same for packagers.
func (l login) unitText() string {
	var env strings.Builder
	for _, e := range l.env {
		fmt.Fprintf(&env, "Environment=%s\n", quoteUnit(e))
	}
	program := strings.ReplaceAll(quoteUnit(l.program), "$", "$$") // only a command's words have variables
	return `[Unit]
Description=Berth: containers on your desktop

[Service]
ExecStart=` + program + ` serve --background
` + env.String() + `Restart=on-failure
RestartSec=2
TimeoutStopSec=60
# Containers are the engine's to stop: it is asked to, and has its time.
KillMode=mixed

[Install]
WantedBy=default.target
`
}

// quoteUnit writes a word as systemd reads one.
func quoteUnit(word string) string {
	if !strings.ContainsAny(word, " \t\"'\\%$;") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(word) + `"`
}

// entryText is an entry of the desktop's autostart folder that starts program.
func (l login) entryText(program ...string) string {
	var command []string
	if len(l.env) > 0 {
		command = append(command, "env")
	}
	for _, word := range slices.Concat(l.env, program) {
		command = append(command, quoteEntry(word))
	}
	return `[Desktop Entry]
Type=Application
Name=Berth
Comment=Containers on your desktop
Exec=` + strings.Join(command, " ") + `
Icon=berth
Terminal=false
NoDisplay=true
`
}

// quoteEntry writes a word as the rules for desktop entries want it: quoted, and then escaped once more as any value.
func quoteEntry(word string) string {
	if !strings.ContainsAny(word, " \t\n\"'\\><~|&;$*?#()`%") {
		return word
	}
	word = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`, "%", "%%").Replace(word)
	return `"` + strings.ReplaceAll(word, `\`, `\\`) + `"`
}
