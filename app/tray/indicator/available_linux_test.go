package indicator

import (
	"strings"
	"testing"
)

func TestWhyNoIconCanBeShownIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no display": {nil, "no display"},
		"no bus":     {map[string]string{"DISPLAY": ":0"}, "no session bus"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
			err := available(t.Context(), func(key string) string { return c.env[key] })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
