package tray

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Action is what an item does when it is clicked.
type Action string

// The actions.
const (
	None  Action = ""
	Start Action = "start"
	Stop  Action = "stop"
	Open  Action = "open"
	Quit  Action = "quit"
)

// maxLabel is what panels show without making the menu absurdly wide, in characters.
const maxLabel = 72

// Item is one line of the menu. The zero Item is a separator.
type Item struct {
	Label   string
	Action  Action
	Enabled bool
}

// Menu says what the menu shows at the time now. Its items are the same ones in the same order for every state, so
// that an open menu changes in place.
func Menu(s State, now time.Time) []Item {
	return []Item{
		{Label: clean(headline(s, now))},
		{},
		{Label: "Start engine", Action: Start, Enabled: s.can(Start)},
		{Label: "Stop engine", Action: Stop, Enabled: s.can(Stop)},
		{},
		{Label: "Open Berth", Action: Open, Enabled: true},
		{Label: "Quit Berth", Action: Quit, Enabled: true},
	}
}

// can says whether an action makes sense. Hosts deliver clicks on disabled items too, so the loop asks as well.
func (s State) can(a Action) bool {
	switch a {
	case Open, Quit:
		return true
	case Start:
		return s.Doing == "" && (s.Phase == Unreachable || s.Phase == Stopped || s.Phase == Attention && !s.Lost)
	case Stop:
		return s.Doing == "" && (s.Phase == Starting || s.Phase == Ready || s.Phase == Attention)
	default:
		return false
	}
}

// icon is the glyph to show.
func (s State) icon() Phase {
	switch {
	case s.Doing != "", s.Phase == Stopping:
		return Starting
	case s.Failed != "":
		return Attention
	default:
		return s.Phase
	}
}

func headline(s State, now time.Time) string {
	switch {
	case s.Doing != "":
		return s.Doing
	case s.Failed != "":
		return s.Failed
	}
	switch s.Phase {
	case Stopped:
		return "Engine stopped"
	case Starting:
		return cmp.Or(s.Detail, "Starting engine") + "…" + elapsed(s.Since, now)
	case Stopping:
		return "Stopping engine…"
	case Ready:
		if s.Detail == "" {
			return "Engine running"
		}
		return "Engine running: " + s.Detail
	case Attention:
		return s.Detail
	default:
		return cmp.Or(s.Detail, "Berth is not running")
	}
}

// elapsed is silent in the first second, and where the clocks disagree.
func elapsed(since, now time.Time) string {
	d := now.Sub(since).Truncate(time.Second)
	switch {
	case since.IsZero() || d < time.Second:
		return ""
	case d < time.Minute:
		return fmt.Sprintf(" %d s", d/time.Second)
	default:
		return fmt.Sprintf(" %d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	}
}

// clean makes one short line of what may come from an engine.
func clean(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(s); len(runes) > maxLabel {
		return string(runes[:maxLabel-1]) + "…"
	}
	return s
}
