package instance_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/app/instance"
)

func TestOnlyOneProcessHoldsAFace(t *testing.T) {
	dir := t.TempDir()
	first, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := instance.New(t.Context(), dir, "window"); !errors.Is(err, instance.ErrTaken) {
		t.Errorf("a second claim gave %v, want ErrTaken", err)
	}
	tray, err := instance.New(t.Context(), dir, "tray")
	if err != nil {
		t.Errorf("another face: %v", err)
	}
	if !instance.Running(t.Context(), dir, "window") || instance.Running(t.Context(), dir, "nothing") {
		t.Error("it is not known which faces run")
	}
	for _, c := range []*instance.Claim{first, tray} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if instance.Running(t.Context(), dir, "window") || instance.Running(t.Context(), dir, "tray") {
		t.Error("a face that was given up is running")
	}
	again, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatalf("claim after it was given up: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheHolderHearsWhatIsAsked(t *testing.T) {
	dir := t.TempDir()
	longest := "berth://container/" + strings.Repeat("a", 128) + "/logs"
	c, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatal(err)
	}
	heard, ended := make(chan string), make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(func(word string) { heard <- word })
	}()
	for _, word := range []string{instance.Raise, instance.Quit, longest} {
		if err := instance.Ask(t.Context(), dir, "window", word); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if got != word {
				t.Errorf("heard %q, want %q", got, word)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("nobody heard %q", word)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestEndingAFaceWaitsUntilItIsGone(t *testing.T) {
	dir := t.TempDir()
	if err := instance.End(t.Context(), dir, "window"); err != nil {
		t.Errorf("with none open: %v", err)
	}
	c, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go c.Run(func(word string) {
		if word == instance.Quit {
			go func() { closed <- c.Close() }()
		}
	})
	if err := instance.End(t.Context(), dir, "window"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("it came back before the face was gone")
	}
}

func TestAskingNobodyIsAnError(t *testing.T) {
	if err := instance.Ask(t.Context(), t.TempDir(), "window", instance.Raise); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want a missing socket", err)
	}
}

func TestAClaimSurvivesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"window.lock", "window.sock"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheUserMayAsk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c, err := instance.New(t.Context(), dir, "window")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "window.sock"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}
