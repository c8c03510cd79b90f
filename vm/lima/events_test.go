package lima

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/vm"
)

func TestEventsAreReadAndAllElseIsNot(t *testing.T) {
	for _, c := range []struct {
		line string
		ok   bool
		says string
	}{
		{`{"time":"2026-11-23T09:35:22Z","status":{"sshLocalPort":33215}}`, true, ""},
		{`{"time":"2026-11-23T09:35:37Z","status":{"running":true,"sshLocalPort":33215}}`, true, "running"},
		{`{"status":{"running":true,"degraded":true,"errors":["guest agent"]}}`, true, "degraded"},
		{`{"status":{"exiting":true}}`, true, "exiting"},
		{`{}`, false, ""},
		{`null`, false, ""},
		{`exec: "qemu": no such file`, false, ""},
		{`{"status":{"running":`, false, ""},
	} {
		e, ok := parseEvent([]byte(c.line))
		got := ""
		switch {
		case e.Status.Degraded:
			got = "degraded"
		case e.Status.Running:
			got = "running"
		case e.Status.Exiting:
			got = "exiting"
		}
		if ok != c.ok || got != c.says {
			t.Errorf("%s is %q, %v; want %q, %v", c.line, got, ok, c.says, c.ok)
		}
	}
}

func FuzzWhatTheGuestSays(f *testing.F) {
	for _, seed := range []string{
		`{"level":"info","msg":"Forwarding TCP from 0.0.0.0:80 to 127.0.0.1:80"}`, `{"level":"error","msg":1}`, "\x1b[0;32m  OK  \x1b[0m up\r",
		`{"status":{"running":true}}`, "\x1b]0;title\x07\xff\xfe", "Forwarding TCP from [::]:1 to x", "10%\r20%\r", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, text := range []string{plain(line), parseSaid(line).text()} {
			if strings.ContainsFunc(text, unicode.IsControl) || len([]rune(text)) > 700 {
				t.Errorf("%q became %q", line, text)
			}
		}
		_, _ = parseEvent(line)
		var p ports
		p.failed(p.hear(parseSaid(line).Msg))
	})
}

func TestAGuestsLineIsShownWithoutWhatItDoesToATerminal(t *testing.T) {
	for line, want := range map[string]string{
		"[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh\x1b[0m.\r": "[  OK  ] Started ssh.",
		"\x1b]0;evil\x07text": "text",
		" 10%\r 20%\r 30%":    "30%",
		"a\tb\x00c\u202ed":    "a bcd",
	} {
		if got := plain([]byte(line)); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}

func TestALogIsReadLineByLineAsItGrows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	l := tailer{path: file}
	var got []string
	read := func() {
		for _, line := range l.lines() {
			got = append(got, string(line))
		}
	}
	read()
	write := func(text string, flags int) {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		read()
	}
	write("one\ntw", os.O_APPEND)
	write("o\n", os.O_APPEND)
	write("", os.O_APPEND)
	write("new\n", os.O_TRUNC)
	if diff := cmp.Diff([]string{"one", "two", "new"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestStepsFollowWhatTheHostAgentSays(t *testing.T) {
	var names []string
	p := newProgress(func(s vm.Step) {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	})
	p.step(stepBoot, time.Minute)
	for _, msg := range []string{
		`Waiting for the essential requirement 1 of 2: "ssh"`,
		`The essential requirement 1 of 2 is satisfied`,
		`Waiting for the essential requirement 2 of 2: "user session is ready for ssh"`,
		`The essential requirement 2 of 2 is satisfied`,
		`Waiting for the optional requirement 1 of 1: "docker to be ready"`,
		`The optional requirement 1 of 1 is satisfied`,
	} {
		p.step(stepAfter(msg), time.Minute)
		p.message("guest's line")
	}
	if diff := cmp.Diff([]string{stepBoot, stepSetUp, stepDocker}, names); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestAPortCountsAsTakenOnlyIfEachTryFailed(t *testing.T) {
	const (
		four = "Forwarding TCP from 0.0.0.0:80 to 127.0.0.1:80"
		six  = "Forwarding TCP from [::]:80 to 127.0.0.1:80"
		no   = "failed to listen to TCP connection: listen tcp 127.0.0.1:80: bind: address already in use"
		stop = "Stopping forwarding TCP from 0.0.0.0:80 to 127.0.0.1:80"
	)
	for _, c := range []struct {
		name  string
		lines []string
		want  bool
	}{
		{"had", []string{four}, false},
		{"had for both at once", []string{four, six, no}, false},
		{"had for both, told late", []string{four, no, six}, false},
		{"taken", []string{four, no}, true},
		{"taken for both", []string{four, six, no, no}, true},
		{"no longer wanted", []string{four, no, stop}, false},
		{"of nobody", []string{no}, false},
	} {
		var p ports
		for _, line := range c.lines {
			p.hear(line)
		}
		if got := p.failed("127.0.0.1:80"); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAProcessIsOursOnlyIfItsCommandLineSaysSo(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text string }{
		{"none", ""}, {"no number", "abc\n"}, {"init", "1\n"}, {"negative", "-1\n"}, {"this test, which names no such file", ""},
	} {
		file := filepath.Join(dir, "ha.pid")
		if c.text != "" {
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if p := ours(file); p.pid != 0 {
			t.Errorf("%s: %d is taken for ours", c.name, p.pid)
		}
	}
	for words, want := range map[string]bool{
		"berth-lima hostagent --pidfile /m/ha.pid m": true, "qemu -pidfile=/m/ha.pid": true,
		"tail /m/ha.pid.old": false, "vi /home/m/ha.pid": false, "": false,
	} {
		if got := names(strings.Fields(words), "/m/ha.pid"); got != want {
			t.Errorf("%q: %v, want %v", words, got, want)
		}
	}
}
