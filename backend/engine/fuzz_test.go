package engine

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// Whatever an engine says, decoding neither panics nor makes an object that the API would refuse for its lists.

// odd is what no engine should say, and what is said in the place of anything.
func odd(f *testing.F) {
	for _, seed := range []string{
		"", `null`, `{}`, `[]`, `[null]`, `[[]]`, `[{}]`, `""`, `0`, `true`, "\x00", "[1,2", `{"`, `[{"Id":"\ud800"}`, `{"Id":"\u0000"}`,
		`<html><body>502 Bad Gateway</body></html>`, "\ufeff[]", `[]]`, `{"message":"page not found"}`, `{"Id":{"Id":[]}}`, `[{"Id":1e999}]`,
		strings.Repeat("[", 11000), `{"Id":"` + strings.Repeat("a", 5000) + `"}`, `{"id":"lower","ID":"upper","Id":"right"}`, "\"\xff\xfe\"",
	} {
		f.Add(seed)
	}
}

func FuzzEvents(f *testing.F) {
	odd(f)
	for _, seed := range []string{
		`{"Type":"container","Action":"die","Actor":{"ID":"c","Attributes":{"exitCode":"77","container":"liar","image":"x","name":"/"}}}` + "\n",
		`{"status":"start","id":"c","from":"busybox","Type":"container","Action":"start","Actor":{"ID":"c"},"scope":"local","time":1,"timeNano":1}` + "\n",
		`{"Type":"image","Action":"untag","Actor":{"ID":"sha256:1","Attributes":{"name":"sha256:1"}}}` + "\n" + `{"Type":"image"`,
		`{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":"c","name":"bridge"}}}` + "\r\n\r\n",
		`{"Type":"volume","Action":"prune","Actor":{"ID":"","Attributes":{"reclaimed":"0"}}}` + "\nnot JSON\n" + `{"Type":"volume","Action":"create","Actor":{"ID":"v"}}` + "\n",
		`{"Type":"container","Action":"exec_create: sh -c \"a:b\"","Actor":{"ID":"c"}}{"Type":"container","Action":"oom","Actor":{"ID":"c"}}` + "\n",
		`{"Type":"builder","Action":"prune"}` + "\n" + `{"Type":"moon","Action":"rise","Actor":null}` + "\n" + `{"Type":7,"Action":[],"Actor":"x"}` + "\n",
		"\x1e" + `{"Type":"container","Action":"start","Actor":{"ID":"c"}}` + "\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		at := func(r io.Reader) (keys []Key) {
			if err := decodeEvents(r, func(k Key) { keys = append(keys, k) }); err == nil {
				t.Error("the end of a stream is an error")
			}
			return keys
		}
		whole, bytewise := at(strings.NewReader(said)), at(iotest.OneByteReader(strings.NewReader(said)))
		if diff := cmp.Diff(whole, bytewise); diff != "" {
			t.Errorf("it matters how the stream arrives: %s", diff)
		}
		for _, k := range whole {
			if k.Kind == "" && k.ID != "" {
				t.Errorf("%+v names something of no kind", k)
			}
		}
	})
}

func FuzzLists(f *testing.F) {
	odd(f)
	for _, seed := range []string{
		listJSON, `[{"Id":"i","RepoTags":["a","<none>:<none>","a"],"RepoDigests":null}]`, `{"Volumes":null,"Warnings":null}`,
		`{"Volumes":[{"Name":"v","Labels":{"a":"b"},"UsageData":null},{"Name":1},null]}`, `{"Volumes":{"Name":"v"}}`,
		`[{"Id":"i","RepoTags":null,"RepoDigests":["<none>@<none>"],"Created":-1,"Size":-1,"Manifests":[{}]}]`,
		`[{"Id":"i","RepoTags":["x:1","h:5000/y:2"],"RepoDigests":["x@i"]}]`,
		`[{"Id":"n","Name":"bridge","IPAM":{"Config":[{"Subnet":"10.0.0.0/8"},null,{"Subnet":"10.0.0.0/8"}]},"Containers":{"":{},"ep-1":null,"c":{"Name":"/x"}}}]`,
		`[{"Id":"n","IPAM":null,"Containers":null,"Options":null},{"Id":2}]`,
		`[{"Id":"c","Names":null,"State":"levitating","Status":"Exited (","Ports":null,"Mounts":[null],"NetworkSettings":{"Networks":{"a":null}}}]`,
		`[{"Id":"c","Names":["/"],"Ports":[{"PrivatePort":65536,"PublicPort":-1},{"PrivatePort":80,"Type":"TCP"},{"PrivatePort":80,"Type":"tcp"}]}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		all, _ := decodeAll(said)
		for _, c := range all {
			checkContainer(t, c)
		}
		images, _ := decodeImages(strings.NewReader(said))
		checkImages(t, images)
		volumes, _ := decodeVolumes(strings.NewReader(said))
		for _, v := range volumes {
			if v.Err == nil && v.Name == "" {
				t.Errorf("%+v", v)
			}
		}
		networks, _ := decodeNetworks(strings.NewReader(said))
		for _, n := range networks {
			checkNetwork(t, n)
		}
	})
}

func FuzzInspects(f *testing.F) {
	odd(f)
	for _, seed := range []string{
		`{"Id":"i","RepoTags":["b","a"],"Created":"2023-01-01T00:00:00.1Z","Config":{"Labels":{"x":"\u202e"}}}`, `{"Id":"i","Config":null}`,
		`{"Id":"c","Name":"/x","State":{"Status":"exited","ExitCode":-1,"Health":null},"Config":{"ExposedPorts":{"80/tcp":{},"x":{}}},
		 "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"","HostPort":"x"}]},"Networks":null},"Mounts":null}`,
		`{"Id":"c","Name":"/","State":null,"Config":null,"HostConfig":null,"NetworkSettings":null}`,
		`{"Id":"c","State":{"Status":"levitating","ExitCode":3221225786,"StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"yesterday","Health":{"Status":"none"}}}`,
		`{"Id":"c","NetworkSettings":{"Ports":{"80/TCP":null,"80/tcp":[],"80":[{"HostPort":"99999"}],"/":[]}}}`,
		`{"Name":"v","CreatedAt":"0001-01-01T00:00:00Z","Labels":null,"Status":{"a":1}}`,
		`{"Id":"n","Name":"x","Containers":{"c":{"Name":"y","IPv4Address":"10.0.0.2/8"},"lb-x":{}},"IPAM":{"Driver":"default","Config":null}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		if c, err := decodeContainer(strings.NewReader(said)); err == nil {
			checkContainer(t, c)
		}
		images, err := decodeImage(strings.NewReader(said))
		if err == nil && len(images) == 0 {
			t.Error("an image without a record")
		}
		checkImages(t, images)
		if v, err := decodeVolume(strings.NewReader(said)); err == nil && v.Name == "" {
			t.Errorf("%+v", v)
		}
		if n, err := decodeNetwork(strings.NewReader(said)); err == nil {
			checkNetwork(t, n)
		}
	})
}

func checkContainer(t *testing.T, c ContainerRecord) {
	t.Helper()
	if c.Err != nil {
		return
	}
	if c.ID == "" || c.Name == "" || stateOf(string(c.Status)) != c.Status || healthOf(string(c.Health)) != c.Health {
		t.Errorf("%+v", c)
	}
	seen := map[string]bool{}
	for _, p := range c.Ports {
		if seen["port "+p.Name] || p.Port < 1 || p.Protocol == "" {
			t.Errorf("port %+v", p)
		}
		seen["port "+p.Name] = true
	}
	for _, m := range c.Mounts {
		if seen["mount "+m.Destination] {
			t.Errorf("mount %+v", m)
		}
		seen["mount "+m.Destination] = true
	}
	for _, n := range c.Networks {
		if seen["network "+n.Name] || n.Name == "" {
			t.Errorf("network %+v", n)
		}
		seen["network "+n.Name] = true
	}
}

func checkImages(t *testing.T, all []ImageRecord) {
	t.Helper()
	for _, i := range all {
		if i.Err == nil && (i.ID == "" || i.Dangling != (i.RepoTag == "")) {
			t.Errorf("%+v", i)
		}
	}
}

func checkNetwork(t *testing.T, n NetworkRecord) {
	t.Helper()
	if n.Err != nil {
		return
	}
	seen := map[string]bool{"": true}
	for _, s := range n.Subnets {
		if seen[s.Subnet] {
			t.Errorf("subnet %+v", s)
		}
		seen[s.Subnet] = true
	}
	for _, m := range n.Members {
		if seen[m.ID] {
			t.Errorf("member %+v", m)
		}
		seen[m.ID] = true
	}
	if n.ID == "" {
		t.Errorf("%+v", n)
	}
}
