package tray

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// ready brings up an engine with these containers.
func (s *script) ready(all ...Container) {
	s.apps <- anApp(true, "Running=True/Started", "ContainerEngineReady=True/Connected")
	s.boxes <- all
	synctest.Wait()
}

func TestClicksOnContainersAndContext(t *testing.T) {
	var opened []string
	open := func(_ context.Context, what string) error { opened = append(opened, what); return nil }
	play(t, open, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.ready(Container{ID: "1", Name: "web", Ports: []Port{{"port 80", "http://localhost:80/"}}})
		d.docker <- DockerContext{Name: "berth", There: true, Current: "default"}
		synctest.Wait()
		for _, a := range []Action{OpenPort, StopContainer, RestartContainer, CopyContext, UseContext, Restart} {
			p.click(a)
			synctest.Wait()
		}
		p.click(UseContext) // it is by now
		logs := p.find(OpenPort)
		p.clicks <- Place{logs.Item, maxPorts + 1}
		synctest.Wait()
		if diff := cmp.Diff([]Action{"stop 1", "restart 1", UseContext, Restart}, d.asked); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"http://localhost:80/", "berth://container/1/logs"}, opened); diff != "" {
			t.Error(diff)
		}
		if p.copied != "berth" {
			t.Errorf("%q is on the clipboard", p.copied)
		}
	})
}

func TestAClickOnALineThatJustBecameAnotherIsLost(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.ready(Container{ID: "1", Name: "web"})
		stop := p.find(StopContainer)
		d.boxes <- []Container{{ID: "2", Name: "db"}}
		synctest.Wait()
		p.clicks <- stop
		pass(settling)
		p.clicks <- stop
		synctest.Wait()
		d.boxes <- nil
		synctest.Wait()
		p.clicks <- stop // the library delivers what is hidden too
		synctest.Wait()
		if diff := cmp.Diff([]Action{"stop 2"}, d.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAFailureStaysUntilASuccessOrADismissal(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.ready(Container{ID: "1", Name: "web"})
		for name, end := range map[string]func(){
			"a success":   func() { d.answer = nil; p.click(RestartContainer) },
			"a dismissal": func() { p.click(Dismiss) },
		} {
			d.answer = errors.New("it is busy")
			p.click(StopContainer)
			synctest.Wait()
			if want := "Could not stop web: it is busy"; p.failure() != want || p.glyph != Attention {
				t.Errorf("shows %s, %q, want %q", p.glyph, p.failure(), want)
			}
			d.boxes <- []Container{{ID: "1", Name: "web"}}
			end()
			synctest.Wait()
			if p.failure() != "" || p.glyph != Ready {
				t.Errorf("shows %s, %q after %s", p.glyph, p.failure(), name)
			}
		}
	})
}

func TestQuittingTheFacesLeavesTheEngine(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, ended <-chan error) {
		d.ready()
		p.click(Quit)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(d.asked) > 0 {
			t.Errorf("asked %v of the daemon", d.asked)
		}
	})
}

func TestContainersOfADaemonThatLeftAreNotShown(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.ready(Container{ID: "1", Name: "web"})
		d.gone <- errors.New("EOF")
		synctest.Wait()
		for at, line := range p.lines {
			if at.Child == 0 && line.Subject == "1" {
				t.Errorf("shows %v", line)
			}
		}
	})
}
