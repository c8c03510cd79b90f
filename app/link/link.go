// Package link reads the addresses that open Berth's window at a page: berth://container/<id> and its kin. A link is
// untrusted text, since any web page may hold one, so only the few forms that are known are let through.
package link

import (
	"errors"
	"fmt"
	"strings"
)

const (
	scheme = "berth://"
	maxID  = 128
	// shown is how much of a link that can't be read is repeated.
	shown = 80
)

// Link is a page of the window. The zero value is the front page.
type Link struct {
	page, id, tab string
}

// Parse reads one of
//
//	berth://container/<id>
//	berth://container/<id>/logs
//	berth://containers
//	berth://settings
//	berth://diagnostics
//
// with or without a slash at the end: some desktops add one. An id is made of letters, digits, '_', '.' and '-'.
func Parse(text string) (Link, error) {
	l, err := parse(text)
	if err != nil {
		return Link{}, fmt.Errorf("open the link %.*q: %w", shown, text, err)
	}
	return l, nil
}

func parse(text string) (Link, error) {
	rest, ok := cutScheme(text)
	if !ok {
		return Link{}, errors.New("links to Berth begin with berth://")
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	switch page := parts[0]; {
	case page == "container":
		return container(parts[1:])
	case len(parts) > 1:
	case page == "containers", page == "settings", page == "diagnostics":
		return Link{page: page}, nil
	}
	return Link{}, errors.New("Berth has no such page: there are container/<id>, container/<id>/logs, containers, settings and diagnostics") //nolint:staticcheck // a name
}

// cutScheme ignores case, as schemes do.
func cutScheme(text string) (rest string, ok bool) {
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return "", false
	}
	return text[len(scheme):], true
}

func container(parts []string) (Link, error) {
	if len(parts) == 0 || !isID(parts[0]) {
		return Link{}, errors.New("a container's id is made of letters, digits, '_', '.' and '-'")
	}
	switch {
	case len(parts) == 1:
		return Link{page: "containers", id: parts[0]}, nil
	case len(parts) == 2 && parts[1] == "logs":
		return Link{page: "containers", id: parts[0], tab: "logs"}, nil
	default:
		return Link{}, errors.New("of a container there is only logs to open")
	}
}

func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("_.-", r)
	}) < 0
}

// String is the link as Parse reads it.
func (l Link) String() string {
	switch {
	case l.tab != "":
		return scheme + "container/" + l.id + "/" + l.tab
	case l.id != "":
		return scheme + "container/" + l.id
	case l.page != "":
		return scheme + l.page
	default:
		return scheme + "containers"
	}
}

// Container is the id of the container that the link is about; empty if it is about none.
func (l Link) Container() string { return l.id }

// Fragment is the address inside the page (frontend/src/lib/route.ts). It needs no quoting anywhere.
func (l Link) Fragment() string {
	switch {
	case l.tab != "":
		return "#/containers/" + l.id + "/" + l.tab
	case l.id != "":
		return "#/containers/" + l.id
	case l.page != "":
		return "#/" + l.page
	default:
		return "#/containers"
	}
}
