package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Save asks the user where to keep what the daemon answers at target, and keeps it there. It gives the file's path, or ""
// where the user wants it nowhere. A webview cannot download.
func (b *Bridge) Save(target, name string) (string, error) {
	if err := allow(target); err != nil {
		return "", err
	}
	return b.keep(name, func(w io.Writer) error {
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		var body io.ReadCloser
		err := b.reach(ctx, func(d daemon) error {
			var err error
			body, err = d.Stream(ctx, target)
			return err
		})
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.Copy(w, body)
		return err
	})
}

// SaveText does the same with what the page has.
func (b *Bridge) SaveText(text, name string) (string, error) {
	return b.keep(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// keep writes beside the file that was chosen and renames at the end: what was there before is not lost to half a file.
func (b *Bridge) keep(name string, write func(io.Writer) error) (string, error) {
	path, err := b.choose(fileName(name))
	if err != nil || path == "" {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".berth-*.part")
	if err != nil {
		return "", fmt.Errorf("save %s: %w", path, err)
	}
	err = errors.Join(write(file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("save %s: %w", path, err), os.Remove(file.Name()))
	}
	return path, nil
}

// fileName makes a name that a container gave one that is safe to propose.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if safe = strings.TrimLeft(safe, "."); safe == "" {
		return "file"
	}
	return safe
}
