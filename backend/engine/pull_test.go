package engine

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/jsonstream"
)

func TestPullsTellWhyByTheEnginesWords(t *testing.T) {
	for words, want := range map[string]error{
		"manifest for busybox:nope not found: manifest unknown: manifest unknown":                                                               ErrNotFound,
		"no matching manifest for linux/arm64/v8 in the manifest list entries":                                                                  ErrNotFound,
		"failed to resolve reference \"localhost:5000/x:1\": localhost:5000/x:1: not found":                                                     ErrNotFound,
		"pull access denied for nobody/nothing, repository does not exist or may require 'docker login': denied: requested access is denied":    ErrDenied,
		"Head \"http://127.0.0.1:5000/v2/x/manifests/1\": no basic auth credentials":                                                            ErrDenied,
		"failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized":                                             ErrDenied,
		"Get \"https://nowhere.example/v2/\": dial tcp: lookup nowhere.example: no such host":                                                   ErrUnreachable,
		"Get \"https://registry-1.docker.io/v2/\": net/http: request canceled while waiting for connection":                                     ErrUnreachable,
		"Get \"https://10.0.0.1:5000/v2/\": http: server gave HTTP response to HTTPS client":                                                    ErrUnreachable,
		"toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading":                    ErrRateLimited,
		"write /var/lib/docker/tmp/GetImageBlob123: no space left on device":                                                                    ErrNoSpace,
		"failed to register layer: Error processing tar file(exit status 1): write /usr/lib/libLLVM.so: no space left on device, was not found": ErrNoSpace,
	} {
		if err := explained("busybox:nope", &answer{words: words}); !errors.Is(err, want) || err.Error() != words {
			t.Errorf("%q is %v, want %v", words, err, want)
		}
	}
	for ref, words := range map[string]string{
		"127.0.0.1:43401/busybox:2":      "manifest for 127.0.0.1:43401/busybox:2 not found: manifest unknown: manifest unknown",
		"Unauthorized.example/denied:no": "manifest for unauthorized.example/denied:no not found: manifest unknown: manifest unknown",
	} {
		if err := explained(ref, &answer{words: words}); !errors.Is(err, ErrNotFound) {
			t.Errorf("of %s %q is %v, for what stands in the image's name", ref, words, err)
		}
	}
	odd := &answer{words: "the moon is full"}
	if err := explained("moon", odd); !errors.Is(err, error(odd)) {
		t.Errorf("%v became %v", odd, err)
	}
}

func TestPullsCountLayersAndBytes(t *testing.T) {
	at := func(id, status string, current, total int64) *jsonstream.Message {
		return &jsonstream.Message{ID: id, Status: status, Progress: &jsonstream.Progress{Current: current, Total: total}}
	}
	c := newLayerCount("Pulling", "x")
	for _, m := range []*jsonstream.Message{
		at("1.0", "Pulling from library/x", 0, 0),
		at("a", "Pulling fs layer", 0, 0), at("b", "Waiting", 0, 0), at("c", "Already exists", 0, 0),
		at("a", "Downloading", 10, 100), at("b", "Downloading", 7, -1), // some registries do not say how much there is
		at("a", "Downloading", 60, 100), at("b", "Downloading", 20, 50),
	} {
		c.add(m)
	}
	want := Progress{Line: "Pulling x: 1 of 3 layers, 80B of 150B", LayersDone: 1, LayersTotal: 3, BytesCurrent: 80, BytesTotal: 150}
	if diff := cmp.Diff(want, c.progress()); diff != "" {
		t.Error(diff)
	}
	for _, m := range []*jsonstream.Message{
		at("a", "Download complete", 0, 0), at("a", "Extracting", 1, 100), at("a", "Pull complete", 0, 0), at("a", "Pull complete", 0, 0),
		at("b", "Downloading", 5, 50), // after a retry
	} {
		c.add(m)
	}
	want = Progress{Line: "Pulling x: 2 of 3 layers, 105B of 150B", LayersDone: 2, LayersTotal: 3, BytesCurrent: 105, BytesTotal: 150}
	if diff := cmp.Diff(want, c.progress()); diff != "" {
		t.Error(diff)
	}
	if c.ended {
		t.Error("it ended before the engine said so")
	}
	c.add(&jsonstream.Message{Status: "Status: Downloaded newer image for x"})
	if !c.ended {
		t.Error("it did not end")
	}
}
