package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows/registry"
)

const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// enableLogin adds a value to the user's Run key.
func (c *CLI) enableLogin(_ context.Context, l login) (autostart, error) {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return autostart{}, fmt.Errorf("open what starts at login: %w", err)
	}
	defer k.Close()
	if err := k.SetStringValue(l.name, l.command()); err != nil {
		return autostart{}, fmt.Errorf("write what starts at login: %w", err)
	}
	return autostart{"the Run key", `HKCU\` + runKey, true}, nil
}

// command starts what words says. A Run value has no environment, so an instance of its own is given through the shell.
func (l login) command() string {
	words := l.words()
	start := `"` + words[0] + `"`
	if len(words) > 1 {
		start += " " + strings.Join(words[1:], " ")
	}
	if len(l.env) == 0 {
		return start
	}
	var set strings.Builder
	for _, e := range l.env {
		set.WriteString(`set "` + e + `" && `)
	}
	return `cmd /c "` + set.String() + start + `"`
}

func (c *CLI) disableLogin(_ context.Context, l login) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open what starts at login: %w", err)
	}
	defer k.Close()
	if err := k.DeleteValue(l.name); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("remove what starts at login: %w", err)
	}
	return nil
}

func (c *CLI) loginState(_ context.Context, l login) (autostart, error) {
	a := autostart{Way: "the Run key", File: `HKCU\` + runKey}
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("open what starts at login: %w", err)
	}
	defer k.Close()
	_, _, err = k.GetStringValue(l.name)
	a.On = err == nil
	return a, nil
}
