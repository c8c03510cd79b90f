package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	wailsruntime "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/berth-desktop/berth/app/link"
)

func TestALinkThatLeadsNowhereIsToldWithItsReasonAndTheNextStep(t *testing.T) {
	var told wailsruntime.MessageDialogOptions
	d := &dialog{show: func(_ context.Context, o wailsruntime.MessageDialogOptions) (string, error) {
		told = o
		return "OK", nil
	}}
	_, why := link.Parse("berth://nonsense")
	d.refusal(t.Context(), why, slog.New(slog.DiscardHandler))
	for _, want := range []string{`Berth cannot open the link "berth://nonsense"`, "no such page", "container/<id>", "Look at the link again"} {
		if !strings.Contains(told.Message, want) {
			t.Errorf("the user reads %q, want it to say %q", told.Message, want)
		}
	}
	if told.Title != refusalTitle || told.Type != wailsruntime.WarningDialog {
		t.Errorf("the dialog is %+v", told)
	}
}

// A page that sends many links gets one dialog, and the next one only when that is gone.
func TestThereIsOneDialogAtATime(t *testing.T) {
	shown, read := make(chan string), make(chan struct{})
	d := &dialog{show: func(_ context.Context, o wailsruntime.MessageDialogOptions) (string, error) {
		shown <- o.Message
		<-read
		return "", nil
	}}
	ended := make(chan error)
	tell := func(text string) { ended <- d.tell(t.Context(), wailsruntime.InfoDialog, "", text) }
	go tell("first")
	if got := <-shown; got != "first" {
		t.Fatalf("shown is %q", got)
	}
	if err := d.tell(t.Context(), wailsruntime.InfoDialog, "", "second"); !errors.Is(err, errOpen) {
		t.Errorf("the second ends with %v, want %v", err, errOpen)
	}
	read <- struct{}{}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	go tell("third")
	if got := <-shown; got != "third" {
		t.Errorf("shown is %q", got)
	}
	read <- struct{}{}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// GTK reads a dialog's text as printf does.
func TestWhatALinkSaysIsNoFormat(t *testing.T) {
	for system, want := range map[string]string{"linux": "berth://%%n%%s", "darwin": "berth://%n%s", "windows": "berth://%n%s"} {
		if got := verbatim(system, "berth://%n%s"); got != want {
			t.Errorf("%s is given %q, want %q", system, got, want)
		}
	}
}
