package app

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/app/link"
)

// Whatever the desktop brings to us as a link ends in a page or in a reason, and at the front in any case.
func TestTheWindowDoesWhatOthersAskOrSaysWhyNot(t *testing.T) {
	for word, want := range map[string][]string{
		"raise":                  {"raise"},
		"quit":                   {"quit"},
		"berth://settings":       {"visit #/settings", "raise"},
		"berth://container/0123": {"visit #/containers/0123", "raise"},
		"berth://nonsense":       {`refuse open the link "berth://nonsense": Berth has no such page`, "raise"},
		"berth:containers":       {`refuse open the link "berth:containers": links to Berth begin with berth://`, "raise"},
		"BERTH://container/a b":  {`refuse open the link "BERTH://container/a b": a container's id`, "raise"},
		"dance":                  nil, // another version's word
		"":                       nil,
	} {
		t.Run(word, func(t *testing.T) {
			var did []string
			errands{
				raise:  func() { did = append(did, "raise") },
				quit:   func() { did = append(did, "quit") },
				visit:  func(l link.Link) { did = append(did, "visit "+l.Fragment()) },
				refuse: func(why error) { did = append(did, "refuse "+why.Error()) },
			}.heed(word)
			begins := func(did, want string) bool { return strings.HasPrefix(did, want) }
			if !slices.EqualFunc(did, want, begins) {
				t.Errorf("it did %q, want %q", did, want)
			}
		})
	}
}

func TestABadLinkReachesTheOpenWindowAsABadOne(t *testing.T) {
	long := "berth://container/" + strings.Repeat("é", 400)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":                 {nil, "raise"},
		"a page":                  {[]string{"berth://settings/"}, "berth://settings"},
		"no page":                 {[]string{"berth://nonsense"}, "berth://nonsense"},
		"two lines":               {[]string{"berth://container/01\n23"}, "berth://container/01?23"},
		"what steers the eye":     {[]string{"berth://\u202econtainers"}, "berth://?containers"},
		"too long for a word":     {[]string{long}, long[:len("berth://container/")+2*91]},
		"no link of ours":         {[]string{"--settings"}, "raise"},
		"one that may say a word": {[]string{"quit"}, "raise"},
		"too many":                {[]string{"berth://settings", "berth://settings"}, "raise"},
	} {
		t.Run(name, func(t *testing.T) {
			to, wrong := requested(c.args)
			got := errand(c.args, to, wrong)
			if got != c.want {
				t.Errorf("the window is asked %q, want %q", got, c.want)
			}
			if _, err := link.Parse(got); wrong != nil && err == nil {
				t.Errorf("%q became a good link", c.args)
			}
		})
	}
}

// Who opens the window for a user has to know whether that was told what went wrong.
func TestTheExitCodeTellsAPageThatIsNotThereFromAWindowThatIsNot(t *testing.T) {
	lost := errors.New("lost")
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"all is well":           {nil, 0},
		"no window":             {lost, 1},
		"no page":               {nowhere(lost), 2},
		"no page, among others": {errors.Join(nil, nowhere(lost)), 2},
		"nothing wrong":         {nowhere(nil), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ExitCode(c.err); got != c.want {
				t.Errorf("the exit code is %d, want %d", got, c.want)
			}
		})
	}
}
