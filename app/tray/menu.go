package tray

import (
	"cmp"
	"fmt"
	"time"
)

// Action is what an item does when it is clicked.
type Action string

// The actions. Each may have a subject: see Line.
const (
	None             Action = ""
	Dismiss          Action = "dismiss"
	Start            Action = "start"
	Stop             Action = "stop"
	Restart          Action = "restart"
	Open             Action = "open"     // the window, at the page of a link
	OpenPort         Action = "openPort" // an address, in the browser
	StopContainer    Action = "stopContainer"
	RestartContainer Action = "restartContainer"
	CopyContext      Action = "copyContext"
	UseContext       Action = "useContext"
	Quit             Action = "quit"    // the faces; the engine goes on
	QuitAll          Action = "quitAll" // the engine too
)

// The links that the window opens at.
const (
	linkContainers  = "berth://containers"
	linkSettings    = "berth://settings"
	linkDiagnostics = "berth://diagnostics"
)

const (
	// maxLabel is what panels show without making the menu absurdly wide, in characters.
	maxLabel = 72
	// maxName leaves room for what is said of a container beside its name.
	maxName = 48
	// maxContainers is how many fit on a screen with the rest of the menu.
	maxContainers = 20
	// maxPorts is how many ports of one container are offered.
	maxPorts = 6
	// failureLines is how many lines a failure may take.
	failureLines = 3
)

// Line is one line of the menu. The zero Line is a separator.
type Line struct {
	Label  string
	Action Action
	// Subject is what the action is about: a container's ID, a link, an address, a name.
	Subject string
	Enabled bool
	// Hidden keeps the place of a line that has nothing to say: panels can't remove lines, nor put one between others.
	Hidden bool
}

// Item is a line of the menu with those that it opens, if any.
type Item struct {
	Line
	Items []Line
}

// Menu says what the menu shows at the time now. An item has the same place for every state, so that an open menu
// changes in place; what has nothing to say is hidden. Menus below items only ever grow by hidden lines.
func Menu(s State, now time.Time) []Item {
	items := failure(s.Failed)
	items = append(items,
		Item{Line: Line{Label: clean(headline(s, now), maxLabel)}},
		Item{},
		s.item("Start engine", Start, ""),
		s.item("Stop engine", Stop, ""),
		s.item("Restart engine", Restart, ""),
		Item{},
	)
	items = append(items, containers(s)...)
	return append(items,
		Item{},
		dockerContext(s),
		Item{},
		s.item("Open Berth", Open, ""),
		s.item("Settings", Open, linkSettings),
		s.item("Diagnostics", Open, linkDiagnostics),
		Item{},
		Item{Line: Line{Label: "Quit Berth", Enabled: true}, Items: []Line{
			s.line("Leave the engine running", Quit, ""),
			s.line("Stop the engine too", QuitAll, ""),
			{Label: "Cancel", Enabled: true},
		}},
	)
}

func (s State) line(label string, a Action, subject string) Line {
	return Line{Label: label, Action: a, Subject: subject, Enabled: s.can(a, subject)}
}

func (s State) item(label string, a Action, subject string) Item {
	return Item{Line: s.line(label, a, subject)}
}

// failure says why the last click came to nothing, on as many lines as it takes.
func failure(why string) []Item {
	var items []Item
	for i, text := range wrap(why, maxLabel, failureLines) {
		items = append(items, Item{Line: Line{Label: text, Hidden: text == "" && (i > 0 || why == "")}})
	}
	return append(items, Item{Line: Line{Label: "Dismiss", Action: Dismiss, Enabled: true, Hidden: why == ""}})
}

// containers has two places for each: one for the name of the project that begins with it, one for itself.
func containers(s State) []Item {
	var items []Item
	all := s.running()
	project := ""
	for i := range maxContainers {
		header, item := Item{Line: Line{Label: "–", Hidden: true}}, Item{Line: Line{Label: "–", Enabled: true, Hidden: true}}
		if i < len(all) {
			if c := all[i]; i == 0 && c.Project != "" || c.Project != project {
				project = c.Project
				header.Line = Line{Label: cmp.Or(clean(c.Project, maxName), "Other containers")}
			}
			item = s.container(all[i])
		}
		items = append(items, header, item)
	}
	label := "All containers…"
	if len(all) > maxContainers {
		label = fmt.Sprintf("All %d running containers…", len(all))
	}
	return append(items, s.item(label, Open, linkContainers))
}

func (s State) container(c Container) Item {
	label := clean(c.Name, maxName)
	if note := cmp.Or(s.Busy[c.ID], c.Note); note != "" {
		label += " (" + clean(note, maxName) + ")"
	}
	item := Item{Line: Line{Label: label, Enabled: true, Subject: c.ID}}
	for i := range maxPorts {
		port := Line{Label: "–", Hidden: true}
		if i < len(c.Ports) {
			port = s.line("Open "+clean(c.Ports[i].Label, maxName), OpenPort, c.Ports[i].URL)
		}
		item.Items = append(item.Items, port)
	}
	item.Items = append(item.Items,
		s.line("Logs", Open, "berth://container/"+c.ID+"/logs"),
		s.line("Stop", StopContainer, c.ID),
		s.line("Restart", RestartContainer, c.ID),
	)
	return item
}

func dockerContext(s State) Item {
	d := s.Docker
	var uses string
	switch {
	case d.Name == "" || d.Current == "":
		uses = "Which engine docker uses is not known"
	case d.There && d.Current == d.Name:
		uses = "docker uses Berth's engine"
	default:
		uses = "docker uses the context " + clean(d.Current, maxName)
	}
	name := clean(cmp.Or(d.Name, "berth"), maxName)
	return Item{Line: Line{Label: "Docker context", Enabled: true}, Items: []Line{
		{Label: uses},
		s.line("Copy the name "+name, CopyContext, d.Name),
		s.line("Make "+name+" the current one", UseContext, d.Name),
	}}
}

// can says whether an action makes sense. Hosts deliver clicks on disabled items too, so the loop asks as well.
func (s State) can(a Action, subject string) bool {
	attention := s.Phase == Attention
	switch a {
	case Open, OpenPort, Quit, Dismiss:
		return true
	case QuitAll:
		return s.Doing == ""
	case Start:
		return s.Doing == "" && (s.Phase == Unreachable || s.Phase == Stopped || attention && !s.Lost)
	case Stop:
		return s.Doing == "" && (s.Phase == Starting || s.Phase == Ready || attention)
	case Restart:
		return s.Doing == "" && (s.Phase == Ready || attention)
	case StopContainer, RestartContainer:
		return s.Doing == "" && s.Phase == Ready && s.Busy[subject] == ""
	case CopyContext:
		return s.Docker.Name != ""
	case UseContext:
		return s.Docker.There && s.Docker.Current != s.Docker.Name
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
	if s.Doing != "" {
		return s.Doing
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
