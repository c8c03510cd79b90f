package activity

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

const (
	// burst is how many activities are taken at once, and perSecond how many in the long run: nobody reads more, and a
	// storm in the engine must not push everything else out of the timeline.
	burst     = 100
	perSecond = 10
	// flushPeriod is how long an activity may be lost to a crash of the daemon.
	flushPeriod = time.Second
	maxLine     = 1 << 20
)

// writer owns the activities in the API and the file beneath them. One goroutine uses it.
type writer struct {
	cfg     Config
	names   []string // of what is remembered, oldest first
	last    int64    // the name of the newest, in microseconds
	pending []line   // not in the file yet
	lines   int      // in the file
	begun   bool     // whether this process has written to the file

	tokens  float64
	since   time.Time // when tokens was right
	skipped int
}

// line is one activity in the file.
type line struct {
	Name   string             `json:"name"`
	Status app.ActivityStatus `json:"status"`
}

func newWriter(cfg Config) *writer {
	return &writer{cfg: cfg, tokens: burst, since: time.Now()}
}

// recall brings back what the file remembers. A line that was half written is passed over.
func (w *writer) recall(ctx context.Context) error {
	lines, err := read(w.cfg.File)
	if err != nil {
		return err
	}
	w.lines = len(lines)
	for _, l := range lines[max(0, len(lines)-app.ActivityLimit):] {
		if err := w.create(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func read(file string) ([]line, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []line
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, maxLine)
	for scan.Scan() {
		var l line
		if json.Unmarshal(scan.Bytes(), &l) == nil && l.Name != "" {
			lines = append(lines, l)
		}
	}
	return lines, scan.Err()
}

// run writes what it is told until ctx ends.
func (w *writer) run(ctx context.Context, told <-chan app.ActivityStatus) error {
	tick := time.NewTicker(flushPeriod)
	defer tick.Stop()
	defer w.flush()
	for {
		select {
		case a := <-told:
			w.take(ctx, a)
		case <-tick.C:
			if w.skipped > 0 {
				w.take(ctx, app.ActivityStatus{})
			}
			w.flush()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take writes an activity, or counts it where there are too many. Without a kind it only tells of those.
func (w *writer) take(ctx context.Context, a app.ActivityStatus) {
	now := time.Now()
	w.tokens = min(burst, w.tokens+perSecond*now.Sub(w.since).Seconds())
	w.since = now
	if w.tokens < 1 {
		if a.Kind != "" {
			w.skipped++
		}
		return
	}
	if w.skipped > 0 {
		w.add(ctx, app.ActivityStatus{
			At: metav1.NewMicroTime(now), Kind: "App", Object: app.AppName, Title: "Engine", Reason: "Skipped", Severity: app.SeverityNormal,
			Message: fmt.Sprintf("%d more changes came too fast to be told one by one", w.skipped),
		})
		w.skipped = 0
	}
	if a.Kind != "" {
		w.add(ctx, a)
	}
}

func (w *writer) add(ctx context.Context, a app.ActivityStatus) {
	w.tokens--
	w.last = max(w.last+1, a.At.UnixMicro())
	l := line{Name: fmt.Sprintf("%016x", w.last), Status: a}
	if err := w.create(ctx, l); err != nil {
		if ctx.Err() == nil {
			w.cfg.Log.Warn("An activity could not be written", "error", err)
		}
		return
	}
	w.pending = append(w.pending, l)
}

// create makes the object, and lets go of the oldest for it.
func (w *writer) create(ctx context.Context, l line) error {
	_, err := w.cfg.Activities.Create(ctx, &app.Activity{ObjectMeta: metav1.ObjectMeta{Name: l.Name}, Status: l.Status})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the activity %s: %w", l.Name, err)
	}
	if _, err := fmt.Sscanf(l.Name, "%x", &w.last); err != nil {
		return fmt.Errorf("read the name %q: %w", l.Name, err)
	}
	w.names = append(w.names, l.Name)
	for len(w.names) > app.ActivityLimit {
		if err := w.cfg.Activities.Delete(ctx, types.NamespacedName{Name: w.names[0]}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete the activity %s: %w", w.names[0], err)
		}
		w.names = w.names[1:]
	}
	return nil
}

// flush brings the file up to date. Once it is twice as long as need be, it is written anew.
func (w *writer) flush() {
	if len(w.pending) == 0 {
		return
	}
	err := w.append(w.pending)
	if err == nil {
		w.lines += len(w.pending)
		w.pending = nil
		if w.lines > 2*app.ActivityLimit {
			err = w.shorten()
		}
	} else if len(w.pending) > app.ActivityLimit {
		w.pending = slices.Clone(w.pending[len(w.pending)-app.ActivityLimit:])
	}
	if err != nil {
		w.cfg.Log.Warn("What happened could not be kept", "error", err)
	}
}

func (w *writer) append(lines []line) error {
	f, err := os.OpenFile(w.cfg.File, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if !w.begun { // the last line may have been cut off by a crash
		_, err = f.WriteString("\n")
		w.begun = err == nil
	}
	return errors.Join(err, encode(f, lines), f.Close())
}

// shorten leaves in the file what is remembered. A crash leaves the old file or the new one.
func (w *writer) shorten() error {
	lines, err := read(w.cfg.File)
	if err != nil {
		return err
	}
	lines = lines[max(0, len(lines)-app.ActivityLimit):]
	next := w.cfg.File + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(encode(f, lines), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	w.lines = len(lines)
	return os.Rename(next, w.cfg.File)
}

func encode(f *os.File, lines []line) error {
	out := bufio.NewWriter(f)
	enc := json.NewEncoder(out)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return out.Flush()
}
