package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func TestPropertiesAreThoseOfTheAppsSpec(t *testing.T) {
	want := []string{
		"running", "namespace", "containerEngine.provider", "containerEngine.name", "containerEngine.host",
		"vm.cpus", "vm.memory", "vm.disk", "vm.mounts",
	}
	if diff := cmp.Diff(want, names(properties())); diff != "" {
		t.Errorf("a property came or went (-want +got): is it meant to be set by NAME=VALUE?\n%s", diff)
	}
}

func TestEveryPropertyIsExplained(t *testing.T) {
	values := map[string][]string{}
	for _, p := range describe(properties()) {
		if p.doc == "" {
			t.Errorf("nothing says what %s is", p.name)
		}
		values[p.name] = p.values
	}
	if diff := cmp.Diff([]string{"host", "lima", "native"}, values["containerEngine.provider"]); diff != "" {
		t.Errorf("values of containerEngine.provider (-want +got):\n%s", diff)
	}
}

func TestParseAssignments(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want map[string]any
		err  string
	}{
		"a bool": {args: []string{"running=true"}, want: map[string]any{"running": true}},
		"nested ones share their parent": {
			args: []string{"containerEngine.provider=host", "running=false", "containerEngine.host=unix:///a=b"},
			want: map[string]any{"running": false, "containerEngine": map[string]any{"provider": "host", "host": "unix:///a=b"}},
		},
		"an empty value":         {args: []string{"containerEngine.host="}, want: map[string]any{"containerEngine": map[string]any{"host": ""}}},
		"a value for the daemon": {args: []string{"containerEngine.provider=moon"}, want: map[string]any{"containerEngine": map[string]any{"provider": "moon"}}},
		"sizes": {
			args: []string{"vm.cpus=2", "vm.memory=4096Mi", "vm.disk="},
			want: map[string]any{"vm": map[string]any{"cpus": int64(2), "memory": "4Gi", "disk": nil}},
		},
		"no size": {args: []string{"vm.memory=lots"}, err: `vm.memory is a size such as 4Gi, not "lots"`},
		"folders": {
			args: []string{"vm.mounts=/src:rw,/data"},
			want: map[string]any{"vm": map[string]any{"mounts": []any{
				map[string]any{"path": "/src", "writable": true}, map[string]any{"path": "/data", "writable": false},
			}}},
		},
		"no folders":                {args: []string{"vm.mounts="}, want: map[string]any{"vm": map[string]any{"mounts": []any{}}}},
		"no assignment":             {args: []string{"running"}, err: `"running" is not PROPERTY=VALUE`},
		"no name":                   {args: []string{"=true"}, err: "is not PROPERTY=VALUE"},
		"a slip of the pen":         {args: []string{"containerengine.provder=host"}, err: `did you mean "containerEngine.provider"?`},
		"nothing like it":           {args: []string{"colour=blue"}, err: "there are: running, namespace, "},
		"a parent":                  {args: []string{"containerEngine=moby"}, err: `there is no property "containerEngine"`},
		"no bool":                   {args: []string{"running=yes"}, err: `running is true or false, not "yes"`},
		"the same twice":            {args: []string{"running=true", "running=false"}, err: "running is set twice"},
		"nothing":                   {err: "nothing to set"},
		"what the API does not own": {args: []string{"status.engine=x"}, err: "there is no property"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseAssignments(c.args)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"spec": c.want}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDifferencesNameWhatChanged(t *testing.T) {
	before := appv1.AppSpec{Namespace: "berth", ContainerEngine: appv1.ContainerEngine{Provider: appv1.ProviderNative}}
	after := before
	after.Running = true
	after.ContainerEngine.Host = "desk"
	want := []string{"running: false -> true", "containerEngine.host: (none) -> desk"}
	if diff := cmp.Diff(want, differences(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
