package app

import (
	"context"
	"log/slog"
	"strings"
	"unicode"

	wailsruntime "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/app/link"
)

// linkScheme is what the desktop brings to us, whatever follows it.
const linkScheme = "berth:"

// maxErrand is how much of a link is passed on: instance.Ask carries no longer words.
const maxErrand = 200

// errands are what another process may ask the window to do.
type errands struct {
	raise, quit func()
	visit       func(link.Link)
	// refuse tells the user why a link leads nowhere.
	refuse func(why error)
}

// newErrands are those of the window that ctx is of.
func newErrands(ctx context.Context, at *pages, bye *farewell, log *slog.Logger) errands {
	return errands{
		raise: func() {
			wailsruntime.WindowUnminimise(ctx)
			wailsruntime.WindowShow(ctx)
		},
		quit: func() {
			bye.asked()
			wailsruntime.Quit(ctx)
		},
		visit: at.visit,
		refuse: func(why error) {
			log.Warn("Link leads nowhere", "err", why)
			go bye.dialog.refusal(ctx, why, log) // what comes next does not wait for the user
		},
	}
}

// heed does what word asks.
func (e errands) heed(word string) {
	switch word {
	case instance.Raise:
		e.raise()
		return
	case instance.Quit:
		e.quit()
		return
	}
	l, err := link.Parse(word)
	switch {
	case err == nil:
		e.visit(l)
	case !isLink(word): // said by another version of Berth: there is nobody to answer
		return
	default:
		e.refuse(err)
	}
	e.raise()
}

// errand is the word for the window that is open already: the link that was asked for, also one that leads nowhere, of
// which the user is told there.
func errand(args []string, to *link.Link, wrong error) string {
	switch {
	case wrong == nil && to != nil:
		return to.String()
	case len(args) == 1 && isLink(args[0]):
		// What would break the line, or steer, must not make a good link of a bad one when it is left out.
		word := []rune(strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return '?'
			}
			return r
		}, args[0]))
		for len(string(word)) > maxErrand {
			word = word[:len(word)-1]
		}
		return string(word)
	default:
		return instance.Raise
	}
}

func isLink(text string) bool {
	return len(text) >= len(linkScheme) && strings.EqualFold(text[:len(linkScheme)], linkScheme)
}
