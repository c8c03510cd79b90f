package app

import (
	"errors"
	"strconv"
	"sync"

	"github.com/berth-desktop/berth/app/link"
)

// pages takes the page in the window to where links lead. A link that comes before the page is loaded waits for that.
type pages struct {
	mu   sync.Mutex
	run  func(script string) // nil until the page is loaded
	next *link.Link          // where to go once it is
}

// visit goes to where l leads; the last link wins.
func (p *pages) visit(l link.Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = &l
	p.leave()
}

// loaded says that the page can be sent somewhere, with run. A page that is loaded again stays where it is.
func (p *pages) loaded(run func(script string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = run
	p.leave()
}

// leave needs mu.
func (p *pages) leave() {
	if p.run == nil || p.next == nil {
		return
	}
	// The page follows its address (frontend/src/stores/places.svelte.ts), which also wins over where it was left.
	p.run("location.hash = " + strconv.Quote(p.next.Fragment()))
	p.next = nil
}

// requested gives the link in the window's arguments; nil where there are none, the front page where they are wrong.
func requested(args []string) (*link.Link, error) {
	switch len(args) {
	case 0:
		return nil, nil //nolint:nilnil // asked for nothing is no mistake
	case 1:
		l, err := link.Parse(args[0])
		return &l, err
	default:
		return &link.Link{}, errors.New("berth-desktop takes one link at most, such as berth://containers")
	}
}
