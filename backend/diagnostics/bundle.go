package diagnostics

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/berth-desktop/berth/backend/dockercontext"
)

const (
	// partPatience is how long one part may take, and longPatience those that have much to do.
	partPatience = 4 * time.Second
	longPatience = 8 * time.Second
)

// Part is one of a bundle's parts.
type Part struct {
	// Name is that of its file or folder in the archive.
	Name string
	// About says what it holds.
	About string

	patience time.Duration
	collect  func(context.Context, *collection) ([]file, error)
}

// file is one file of the archive, still with its secrets.
type file struct{ name, text string }

// collection is what the parts are made from.
type collection struct {
	Config
	environ []string
}

// Parts are those of every bundle, in order.
func Parts() []Part {
	return []Part{
		{"doctor.txt", "what `berth doctor` finds", longPatience, collectDoctor},
		{"versions.txt", "versions of Berth, of the system and of docker's programs", partPatience, collectVersions},
		{"conditions.txt", "what Berth says of the engine: conditions, start, failure", partPatience, collectConditions},
		{"objects/", "the objects of Berth's API, such as the list of containers", partPatience, collectObjects},
		{"engine/", "what the engine says of itself, and its events of the last hour", partPatience, collectEngine},
		{"logs/", "the ends of the daemon's and the engine's logs; never those of containers", longPatience, collectLogs},
		{"docker.txt", "docker's contexts, and which settings are there", partPatience, collectDocker},
		{"environment.txt", "the names of variables that matter, without their values", partPatience, collectEnvironment},
		{"processes.txt", "names, memory and state of processes; command lines of Berth's and Docker's only", partPatience, collectProcesses},
		{"memory.txt", "the machine's memory", partPatience, collectMemory},
		{"disk.txt", "free space, and what Berth's folders take", partPatience, collectDisk},
	}
}

// outcome is a part that was collected, or why not.
type outcome struct {
	files []file
	err   error
}

// WriteBundle writes the archive (tar, gzip) to out within ten seconds. What could not be collected is noted in the
// archive and returned as notes; only a failure to write is an error.
func WriteBundle(ctx context.Context, cfg Config, environ []string, out io.Writer) (notes []string, err error) {
	c := &collection{Config: cfg, environ: environ}
	secrets := NewRedactor(c.secrets())
	folder := "berth-bundle/"
	zip := gzip.NewWriter(out)
	archive := tar.NewWriter(zip)
	now := time.Now()
	add := func(f file) error {
		h := &tar.Header{Name: folder + f.name, Mode: 0o600, Size: int64(len(f.text)), ModTime: now, Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(h); err != nil {
			return err
		}
		_, err := io.WriteString(archive, f.text)
		return err
	}
	parts := Parts()
	pending := make([]<-chan outcome, len(parts))
	for i, p := range parts {
		pending[i] = p.start(ctx, c, secrets)
	}
	for i, p := range parts {
		got := <-pending[i]
		if got.err != nil {
			notes = append(notes, secrets.Redact(fmt.Sprintf("%s: %v", p.Name, got.err)))
		}
		for _, f := range got.files {
			if err := add(f); err != nil {
				return notes, fmt.Errorf("write the bundle: %w", err)
			}
		}
	}
	err = add(file{"contents.txt", contents(parts, notes, cfg, now)})
	if err := errors.Join(err, archive.Close(), zip.Close()); err != nil {
		return notes, fmt.Errorf("write the bundle: %w", err)
	}
	return notes, nil
}

// start collects a part and redacts it. The channel gives its outcome in the part's time, come what may.
func (p Part) start(ctx context.Context, c *collection, secrets Redactor) <-chan outcome {
	limited, cancel := context.WithTimeout(ctx, p.patience)
	done := make(chan outcome, 1)
	go func() {
		files, err := p.collect(limited, c)
		for i, f := range files {
			files[i].text = secrets.Redact(f.text)
		}
		done <- outcome{files, err}
	}()
	result := make(chan outcome, 1)
	go func() {
		defer cancel()
		grace := time.NewTimer(p.patience + time.Second/2)
		defer grace.Stop()
		select {
		case o := <-done:
			result <- o
		case <-grace.C:
			result <- outcome{err: fmt.Errorf("not done within %s", p.patience)}
		}
	}()
	return result
}

func contents(parts []Part, notes []string, cfg Config, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Berth %s, instance %s, %s\n\n", cfg.Version, cfg.Paths.Instance, now.UTC().Format(time.RFC3339))
	for _, p := range parts {
		fmt.Fprintf(&b, "%-18s %s\n", p.Name, p.About)
	}
	b.WriteString("\nSecrets, and the values of environment variables, are replaced by " + hidden + ".\n")
	for _, n := range notes {
		fmt.Fprintf(&b, "\nNot complete: %s\n", n)
	}
	return b.String()
}

// secrets are those that this machine is known to have: they are removed wherever they stand.
func (c *collection) secrets() []string {
	var all []string
	for line := range strings.Lines(textOf(c.Paths.Kubeconfig())) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if looksSecret(strings.TrimPrefix(name, "- ")) {
			all = append(all, strings.Trim(value, ` "'`))
		}
	}
	environ := append(c.environ, strings.Split(textOf(filepath.Join("/proc", holder(c.Paths.Lock()), "environ")), "\x00")...)
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); looksSecret(name) {
			all = append(all, value)
		}
	}
	if dir, err := dockercontext.Dir(c.Getenv); err == nil {
		all = append(all, dockerSecrets(textOf(filepath.Join(dir, "config.json")))...)
	}
	return all
}

// dockerSecrets are the texts in docker's settings that log in somewhere.
func dockerSecrets(config string) []string {
	var settings struct {
		Auths       any `json:"auths"`
		HTTPHeaders any `json:"HttpHeaders"`
		Proxies     any `json:"proxies"`
	}
	if json.Unmarshal([]byte(config), &settings) != nil {
		return nil
	}
	var all []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case string:
			all = append(all, v)
			if plain, err := base64.StdEncoding.DecodeString(v); err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				all = append(all, string(plain), strings.TrimRight(password, "\x00"))
			}
		}
	}
	walk([]any{settings.Auths, settings.HTTPHeaders, settings.Proxies})
	return all
}

// textOf reads a file; one that is not there has no text.
func textOf(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}
