package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDigestsAreTheSameWhicheverCallTellsThem(t *testing.T) {
	const id = "sha256:aa"
	tags := []string{"busybox:1", "busybox:2", "host.example:5000/team/app", "host.example:5000/team/app:v1"}
	for name, c := range map[string]struct{ said, want []string }{
		"a graph driver's, which come from a registry": {[]string{"busybox@sha256:bb"}, []string{"busybox@sha256:bb"}},
		"none":                 {nil, nil},
		"containerd's list":    {[]string{"busybox@sha256:aa"}, []string{"busybox@sha256:aa", "host.example:5000/team/app@sha256:aa"}},
		"containerd's inspect": {[]string{"busybox@sha256:aa", "host.example:5000/team/app@sha256:aa"}, []string{"busybox@sha256:aa", "host.example:5000/team/app@sha256:aa"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, digestsOf(id, tags, c.said)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
