package engine

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const listJSON = `[
 {"Id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Names":["/"],"Image":"a","ImageID":"sha256:1","Created":1700000000,
  "Ports":[{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":9,"Type":"udp"},{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"TCP"},
   {"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":0,"Type":"tcp"}],
  "Labels":{},"State":"levitating","Status":"Exited (-3) 2 minutes ago","NetworkSettings":{"Networks":{"b":{"IPAddress":"10.0.0.2"},"a":null,"":{}}},
  "Mounts":[{"Destination":"/z","Type":"tmpfs"},{"Destination":"/a","RW":true},{"Destination":"/a","RW":false},{}]},
 {"Id":7,"Names":["/broken"]},
 {"Id":"linked","Names":["/other/alias","/own"],"State":"running","Status":"Up 2 hours (healthy)"},
 null
]`

func TestListedContainersAreReadOneByOne(t *testing.T) {
	got, err := decodeAll(listJSON)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got[1].Err == nil || got[3].Err == nil || got[0].Err != nil || got[2].Err != nil {
		t.Errorf("the second and the last are broken: %+v", got)
	}
	want := containers.ContainerStatus{
		ID: strings.Repeat("0123456789abcdef", 4), Name: "0123456789ab", Namespace: "moby", Image: "a", ImageID: "sha256:1",
		Ports: []containers.Port{
			{Name: "9/udp", Port: 9, Protocol: "udp"},
			{Name: "80/tcp", Port: 80, Protocol: "tcp", Bindings: []containers.PortBinding{{HostIP: "0.0.0.0", HostPort: 8080}, {HostIP: "::", HostPort: 8080}}},
		},
		Status: containers.StateUnknown, ExitCode: -3,
		Networks:  []containers.NetworkAttachment{{Name: "a"}, {Name: "b", IPAddress: "10.0.0.2"}},
		Mounts:    []containers.Mount{{Destination: "/a"}, {Destination: "/z", Type: "tmpfs", ReadOnly: true}},
		CreatedAt: unixTime(1700000000),
	}
	if diff := cmp.Diff(want, got[0].ContainerStatus); diff != "" {
		t.Error(diff)
	}
	if got[2].Name != "own" || got[2].Health != containers.HealthHealthy {
		t.Errorf("%+v", got[2])
	}
}

func TestTextOfAListTellsHealthAndExitCode(t *testing.T) {
	for text, want := range map[string]struct {
		health string
		code   int32
	}{
		"Up 3 minutes":                    {},
		"Up 3 minutes (Paused)":           {},
		"Up 3 minutes (healthy)":          {health: "healthy"},
		"Up 3 minutes (unhealthy)":        {health: "unhealthy"},
		"Up 1 second (health: starting)":  {health: "starting"},
		"Exited (0) 2 hours ago":          {},
		"Exited (137) 2 hours ago":        {code: 137},
		"Exited (3221225786) 2 hours ago": {code: -1073741510},
		"Restarting (2) 4 seconds ago":    {code: 2},
		"Exited (99999999999999999999) x": {},
		"Created":                         {},
		"":                                {},
	} {
		if h, c := healthInText(text), exitCodeInText(text); h != want.health || c != want.code {
			t.Errorf("%q: got %q and %d", text, h, c)
		}
	}
}

func TestEventsBecomeKeysAndNothingElse(t *testing.T) {
	stream := `{"Type":"container","Action":"exec_create: sh -c x","Actor":{"ID":"c"}}
{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"c"}}
{"Type":"container","Action":"commit","Actor":{"ID":"c","Attributes":{"imageID":"sha256:2"}}}
{"Type":"network","Action":"disconnect","Actor":{"ID":"n","Attributes":{"container":"d"}}}
{"Type":"image","Action":"pull","Actor":{"ID":"busybox:latest","Attributes":{"name":"busybox"}}}
{"Type":"image","Action":"save","Actor":{"ID":"sha256:3"}}
{"Type":"volume","Action":"mount","Actor":{"ID":"v"}}
{"Type":"volume","Action":"levitate","Actor":{"ID":"v"}}
{"Type":"volume","Action":"prune","Actor":{"ID":""}}
{"Type":"network","Action":"create","Actor":{"ID":"n"}}
{"Type":"plugin","Action":"enable","Actor":{"ID":"p"}}
{"Type":"volume","Action":7,"Actor":{"ID":"odd"}} null {"Type":"image"`
	var got []Key
	err := decodeEvents(strings.NewReader(stream), func(k Key) { got = append(got, k) })
	if err == nil {
		t.Error("the end of the stream is an error")
	}
	want := []Key{
		{KindContainer, "c"},
		{KindImage, "sha256:2"},
		{KindNetwork, "n"},
		{KindContainer, "d"},
		{KindImage, "busybox:latest"},
		{KindVolume, "v"},
		{Kind: KindVolume},
		{KindNetwork, "n"},
		{KindVolume, "odd"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEventsThatCannotBeReadArePassedOverAndTold(t *testing.T) {
	good := func(id string) string {
		return `{"Type":"volume","Action":"create","Actor":{"ID":"` + id + `"}}` + "\n"
	}
	huge := func(n int) string {
		return `{"Type":"container","Action":"start","Actor":{"ID":"c","Attributes":{"label":"` + strings.Repeat("x", n) + `"}}}` + "\n"
	}
	a, b, something := Key{KindVolume, "a"}, Key{KindVolume, "b"}, Key{}
	for name, c := range map[string]struct {
		between string
		want    []Key
	}{
		"no JSON":            {"<html>\n", []Key{a, something, b}},
		"half an event":      {`{"Type":"volume","Act` + "\n", []Key{a, something, b}},
		"empty lines":        {"\n\r\n", []Key{a, b}},
		"a long line":        {huge(1 << 20), []Key{a, {KindContainer, "c"}, b}},
		"a line without end": {huge(100 << 20), []Key{a, something, b}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Key
			err := decodeEvents(strings.NewReader(good("a")+c.between+good("b")), func(k Key) { got = append(got, k) })
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, io.EOF) {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}
