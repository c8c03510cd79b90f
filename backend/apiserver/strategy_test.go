package apiserver_test

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const (
	berth          = "http://berth"
	containersPath = "/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers"
	mergePatch     = "application/merge-patch+json"
)

var appKey = types.NamespacedName{Name: app.AppName}

func TestStatusIsReadOnlyOverHTTP(t *testing.T) {
	s := start(t, newHome(t))
	client := s.faces(t)
	created(t, s.Containers(), container("a"))
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{appsPath + "/app", containersPath + "/a"} {
		if code, body := call(t, client, http.MethodGet, berth+object+"/status", ""); code != http.StatusOK {
			t.Errorf("GET %s/status: %d %s", object, code, body)
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodPost, http.MethodDelete} {
			if code, _ := call(t, client, method, berth+object+"/status", "{}", "Content-Type", mergePatch); code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s/status: got %d, want 405", method, object, code)
			}
		}
	}
	code, body := call(t, client, http.MethodPatch, berth+containersPath+"/a", `{"status":{"name":"forged"}}`, "Content-Type", mergePatch)
	if got := decode[containers.Container](t, body); code != http.StatusOK || got.Status.Name != "name-of-a" {
		t.Errorf("status through the main door: %d %s", code, body)
	}
	code, body = call(t, client, http.MethodPost, berth+containersPath, `{"metadata":{"name":"b"},"status":{"name":"forged"}}`)
	if got := decode[containers.Container](t, body); code != http.StatusCreated || got.Status.Name != "" {
		t.Errorf("status of a new object: %d %s", code, body)
	}
}

func TestGenerationRisesWithSpecOnly(t *testing.T) {
	s := start(t, newHome(t))
	client := s.faces(t)
	created(t, s.Containers(), container("a"))
	for _, tc := range []struct {
		patch string
		want  int64
	}{
		{`{"metadata":{"labels":{"a":"b"}}}`, 1},
		{`{"spec":{"state":"unknown"}}`, 1},
		{`{"spec":{"state":"running"}}`, 2},
		{`{"spec":{"state":"running"},"metadata":{"generation":9}}`, 2},
		{`{"spec":{"state":null}}`, 3},
	} {
		code, body := call(t, client, http.MethodPatch, berth+containersPath+"/a", tc.patch, "Content-Type", mergePatch)
		if got := decode[containers.Container](t, body); code != http.StatusOK || got.Generation != tc.want {
			t.Errorf("%s: got %d %s, want generation %d", tc.patch, code, body, tc.want)
		}
	}
}

func TestWhoWishedLastIsNoted(t *testing.T) {
	s := start(t, newHome(t))
	client := s.faces(t)
	created(t, s.Containers(), container("a"))
	action := `{"metadata":{"annotations":{"` + containers.AnnotationAction + `":"stop"}}}`
	for _, tc := range []struct{ agent, patch, want string }{
		{"berth-tray", `{"metadata":{"labels":{"a":"b"}}}`, ""},
		{"berth-tray", `{"spec":{"state":"running"}}`, "berth-tray"},
		{"other", `{"metadata":{"labels":{"a":"c"}}}`, "berth-tray"},
		{"kubectl/v1.37.2 (linux/amd64)", action, "kubectl"},
		{"other", action, "kubectl"}, // asks for what is asked for already
		{"<script>", `{"spec":{"state":"created"}}`, ""},
	} {
		code, body := call(t, client, http.MethodPatch, berth+containersPath+"/a", tc.patch, "Content-Type", mergePatch, "User-Agent", tc.agent)
		got := decode[containers.Container](t, body)
		if by := got.Annotations[app.AnnotationAskedBy]; code != http.StatusOK || by != tc.want {
			t.Errorf("%s by %s: got %d, asked by %q, want %q", tc.patch, tc.agent, code, by, tc.want)
		}
	}
}

func TestWritesThatAreRefused(t *testing.T) {
	s := start(t, newHome(t))
	client := s.faces(t)
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	created(t, s.Containers(), container("a"))
	const oneApp = appsPath + "/app"
	const oneContainer = containersPath + "/a"
	for name, tc := range map[string]struct {
		method, path, body string
		says               string // empty: it is accepted
	}{
		"another App":                {http.MethodPost, appsPath, `{"metadata":{"name":"second"}}`, "there is one App, and its name is app"},
		"namespace that moves":       {http.MethodPatch, oneApp, `{"spec":{"namespace":"other"}}`, "spec.namespace: Forbidden: it cannot change once set"},
		"namespace that is no label": {http.MethodPatch, oneApp, `{"spec":{"namespace":"A/b"}}`, "spec.namespace: Invalid value"},
		"provider lima":              {http.MethodPatch, oneApp, `{"spec":{"containerEngine":{"provider":"lima"}}}`, ""},
		"provider unknown":           {http.MethodPatch, oneApp, `{"spec":{"containerEngine":{"provider":"cloud"}}}`, `supported values: \"native\", \"host\", \"lima\"`},
		"provider native":            {http.MethodPatch, oneApp, `{"spec":{"containerEngine":{"provider":"native"}}}`, ""},
		"engine unknown":             {http.MethodPatch, oneApp, `{"spec":{"containerEngine":{"name":"podman"}}}`, `supported values: \"moby\", \"containerd\"`},
		"engine containerd":          {http.MethodPatch, oneApp, `{"spec":{"containerEngine":{"name":"containerd"}}}`, ""},
		"two errors at once":         {http.MethodPatch, oneApp, `{"spec":{"namespace":"b","containerEngine":{"name":"podman"}}}`, "spec.containerEngine.name"},
		"state unknown to us":        {http.MethodPatch, oneContainer, `{"spec":{"state":"paused"}}`, "spec.state: Unsupported value"},
		"state created":              {http.MethodPatch, oneContainer, `{"spec":{"state":"created"}}`, ""},
		"action unknown":             {http.MethodPatch, oneContainer, `{"metadata":{"annotations":{"containers.berth.desktop/action":"explode"}}}`, "Unsupported value"},
		"action kill":                {http.MethodPatch, oneContainer, `{"metadata":{"annotations":{"containers.berth.desktop/action":"kill"}}}`, ""},
		"action on create": {
			http.MethodPost, containersPath, `{"metadata":{"name":"b","annotations":{"containers.berth.desktop/action":"kill"}}}`,
			"an action is asked of a container that is there",
		},
		"name that is no path": {http.MethodPost, containersPath, `{"metadata":{"name":"a/b"}}`, "metadata.name"},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := call(t, client, tc.method, berth+tc.path, tc.body, "Content-Type", mergePatch)
			if tc.method == http.MethodPost {
				code, body = call(t, client, tc.method, berth+tc.path, tc.body, "Content-Type", "application/json")
			}
			if tc.says == "" {
				if code != http.StatusOK {
					t.Errorf("got %d %s", code, body)
				}
				return
			}
			if code != http.StatusUnprocessableEntity || !strings.Contains(body, tc.says) {
				t.Errorf("got %d %s, want 422 and %q", code, body, tc.says)
			}
		})
	}
}

func TestClientsThatWouldLikeProtobufGetJSON(t *testing.T) {
	s := start(t, newHome(t))
	created(t, s.Containers(), container("a"))
	code, body := call(t, s.faces(t), http.MethodGet, berth+containersPath+"/a", "", "Accept", "application/vnd.kubernetes.protobuf,application/json")
	if got := decode[containers.Container](t, body); code != http.StatusOK || got.Name != "a" {
		t.Errorf("got %d %s", code, body)
	}
}

func TestMissingObjectIsNamedInTheAnswer(t *testing.T) {
	s := start(t, newHome(t))
	code, body := call(t, s.faces(t), http.MethodGet, berth+containersPath+"/nope", "")
	if got := decode[metav1.Status](t, body); code != http.StatusNotFound || got.Details == nil || got.Details.Name != "nope" || got.Reason != metav1.StatusReasonNotFound {
		t.Errorf("got %d %s", code, body)
	}
}
