package apiserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
)

const machinesPath = "/apis/lima.berth.desktop/v1alpha1/namespaces/berth/limavms"

// small is a computer where little fits, and a Lima that refuses templates that say so.
func small(cfg *apiserver.Config) {
	cfg.Host = apiserver.Host{CPUs: 4, Memory: 8 << 30, Home: "/home/jo"}
	cfg.JudgeTemplate = func(_ context.Context, text []byte) error {
		if strings.Contains(string(text), "bad") {
			return errors.New("field `images` must be set")
		}
		return nil
	}
}

func TestMachinesThatCannotBe(t *testing.T) {
	s := start(t, newHome(t), small)
	client := s.faces(t)
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		vm   string
		says string // empty: it is accepted
	}{
		"sizes that fit":            {`{"cpus":4,"memory":"8Gi","disk":"64Gi"}`, ""},
		"CPUs below one":            {`{"cpus":-1}`, "use 1 or more"},
		"more CPUs than there are":  {`{"cpus":5}`, "this computer has 4"},
		"too little memory":         {`{"memory":"1023Mi"}`, "use at least 1Gi"},
		"more memory than there is": {`{"memory":"9Gi"}`, "this computer has 8Gi"},
		"memory that is no number":  {`{"memory":"much"}`, "quantities must match"},
		"less disk than usual":      {`{"disk":"32Gi"}`, ""}, // there is no machine yet
		"disk that grows":           {`{"disk":"65Gi"}`, ""},
		"folder that is relative":   {`{"mounts":[{"path":"src"}]}`, "use an absolute path"},
		"folder twice":              {`{"mounts":[{"path":"/src"},{"path":"/src/"}]}`, "Duplicate value"},
		"home, read-only":           {`{"mounts":[{"path":"/home/jo"}]}`, ""},
		"home, writable":            {`{"mounts":[{"path":"/home/jo/","writable":true}]}`, "all of your home"},
		"what holds the home":       {`{"mounts":[{"path":"/home","writable":true}]}`, "all of your home"},
		"in the home, writable":     {`{"mounts":[{"path":"/home/jo/src","writable":true}]}`, ""},
		"beside the home, writable": {`{"mounts":[{"path":"/home/john","writable":true}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := call(t, client, http.MethodPatch, berth+appsPath+"/app?dryRun=All", `{"spec":{"vm":`+tc.vm+`}}`, "Content-Type", mergePatch)
			if tc.says == "" && code != http.StatusOK {
				t.Errorf("got %d %s", code, body)
			}
			if tc.says != "" && (code < 400 || !strings.Contains(body, tc.says)) {
				t.Errorf("got %d %s, want %q", code, body, tc.says)
			}
		})
	}
}

func TestDiskOfAMachineDoesNotShrink(t *testing.T) {
	for name, spec := range map[string]string{
		"its size was named": `{"vm":{"disk":"40Gi"}}`,
		"it is in use":       `{"containerEngine":{"provider":"lima"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, newHome(t), small)
			client := s.faces(t)
			if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
				t.Fatal(err)
			}
			patch := func(spec string) (int, string) {
				return call(t, client, http.MethodPatch, berth+appsPath+"/app", `{"spec":`+spec+`}`, "Content-Type", mergePatch)
			}
			if code, body := patch(spec); code != http.StatusOK {
				t.Fatalf("got %d %s", code, body)
			}
			if code, body := patch(`{"vm":{"disk":"32Gi"}}`); code != http.StatusUnprocessableEntity || !strings.Contains(body, "a disk only grows") {
				t.Errorf("got %d %s", code, body)
			}
			if code, body := patch(`{"vm":{"disk":"128Gi"}}`); code != http.StatusOK {
				t.Errorf("got %d %s", code, body)
			}
		})
	}
}

func machine(t *testing.T, template string, owners ...metav1.OwnerReference) string {
	t.Helper()
	m := lima.LimaVM{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "berth", OwnerReferences: owners}, Spec: lima.LimaVMSpec{Template: template}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTemplatesAreJudgedByLimaWhenTheyAreNew(t *testing.T) {
	s := start(t, newHome(t), small)
	client := s.faces(t)
	post := func(body string) (int, string) { return call(t, client, http.MethodPost, berth+machinesPath, body) }
	if code, body := post(machine(t, "bad: true")); code != http.StatusUnprocessableEntity || !strings.Contains(body, "Lima refuses it: field `images` must be set") {
		t.Errorf("a bad one: %d %s", code, body)
	}
	if code, body := post(machine(t, " ")); code != http.StatusUnprocessableEntity || !strings.Contains(body, "made from a Lima template") {
		t.Errorf("none: %d %s", code, body)
	}
	code, body := post(machine(t, "good: true"))
	if got := decode[lima.LimaVM](t, body); code != http.StatusCreated || got.Spec.RestartPolicy != lima.RestartOnCrash {
		t.Fatalf("a good one: %d %s", code, body)
	}
	code, body = call(t, client, http.MethodPatch, berth+machinesPath+"/a", `{"spec":{"template":"bad: 1"}}`, "Content-Type", mergePatch)
	if code != http.StatusUnprocessableEntity {
		t.Errorf("changed to a bad one: %d %s", code, body)
	}
	code, body = call(t, client, http.MethodPatch, berth+machinesPath+"/a", `{"spec":{"running":true}}`, "Content-Type", mergePatch)
	if got := decode[lima.LimaVM](t, body); code != http.StatusOK || got.Generation != 2 {
		t.Errorf("running: %d %s", code, body)
	}
	for selector, want := range map[string]int{"spec.running=true": 1, "spec.running=false": 0, "status.running=": 1} {
		_, body := call(t, client, http.MethodGet, berth+machinesPath+"?fieldSelector="+selector, "")
		if got := decode[lima.LimaVMList](t, body); len(got.Items) != want {
			t.Errorf("%s selects %d, want %d", selector, len(got.Items), want)
		}
	}
}

func TestMachineThatAppOwnsIsKept(t *testing.T) {
	yes := true
	for name, tc := range map[string]struct {
		owner metav1.OwnerReference
		code  int
	}{
		"App's":           {metav1.OwnerReference{APIVersion: app.SchemeGroupVersion.String(), Kind: "App", Name: app.AppName, UID: "1", Controller: &yes}, http.StatusForbidden},
		"somebody else's": {metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "App", Name: app.AppName, UID: "1", Controller: &yes}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, newHome(t), small)
			client := s.faces(t)
			if code, body := call(t, client, http.MethodPost, berth+machinesPath, machine(t, "good: 1", tc.owner)); code != http.StatusCreated {
				t.Fatalf("create: %d %s", code, body)
			}
			for _, path := range []string{machinesPath + "/a", machinesPath} {
				code, body := call(t, client, http.MethodDelete, berth+path, "")
				if code != tc.code || code == http.StatusForbidden && !strings.Contains(body, "berth reset") {
					t.Errorf("delete %s: %d %s, want %d", path, code, body, tc.code)
				}
			}
		})
	}
}

func TestMachinesOutliveTheDaemon(t *testing.T) {
	h := newHome(t)
	s := start(t, h, small)
	if code, body := call(t, s.faces(t), http.MethodPost, berth+machinesPath, machine(t, "good: 1")); code != http.StatusCreated {
		t.Fatalf("create: %d %s", code, body)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, h, small)
	if m, err := again.LimaVMs().Get(t.Context(), key("a")); err != nil || m.Spec.Template != "good: 1" {
		t.Errorf("after a restart: %+v, %v", m, err)
	}
}
