package cli

import (
	"os"
	"strings"
	"testing"
)

func TestPackagersGetTheUnitThatAutostartWrites(t *testing.T) {
	want, err := os.ReadFile("../../build/linux/berth.service")
	if err != nil {
		t.Fatal(err)
	}
	if got := (login{name: "berth", program: "/usr/bin/berth"}).unitText(); got != string(want) {
		t.Errorf("unitText() is not build/linux/berth.service:\n%s", got)
	}
}

func TestTheIconHasAnEntryOfItsOwn(t *testing.T) {
	l := login{name: "berth-two", program: "/usr/bin/berth", tray: "/usr/bin/berth-tray", env: []string{"BERTH_INSTANCE=two"}}
	text := l.entryText(l.tray)
	for _, want := range []string{"Exec=env BERTH_INSTANCE=two /usr/bin/berth-tray", "Icon=berth"} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("the entry lacks %q:\n%s", want, text)
		}
	}
	if l.icon() == l.desktop() {
		t.Errorf("both entries are %s", l.icon())
	}
}

func TestSystemdReadsTheUnit(t *testing.T) {
	l := login{name: "berth", program: "/opt/my apps/100%/berth", env: []string{`BERTH_HOME=/home/a "b"/$c`}}
	text := l.unitText()
	for _, want := range []string{`ExecStart="/opt/my apps/100%%/berth" serve --background`, `Environment="BERTH_HOME=/home/a \"b\"/$c"`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the unit lacks %s:\n%s", want, text)
		}
	}
}

func TestDesktopsReadTheEntry(t *testing.T) {
	for _, c := range []struct {
		name string
		l    login
		want string
	}{
		{"plain", login{program: "/usr/bin/berth"}, "Exec=/usr/bin/berth serve --background"},
		{"an instance", login{program: "/usr/bin/berth", env: []string{"BERTH_INSTANCE=two"}}, "Exec=env BERTH_INSTANCE=two /usr/bin/berth serve --background"},
		{"strange characters", login{program: `/a b/$x%/berth`}, `Exec="/a b/\\$x%%/berth" serve --background`},
	} {
		if text := c.l.entryText(c.l.program, "serve", "--background"); !strings.Contains(text, c.want+"\n") {
			t.Errorf("%s: the entry lacks %s:\n%s", c.name, c.want, text)
		}
	}
}
