package engine

import (
	"encoding/json"
	"hash/maphash"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestElementsAreCutAsTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		said string
		want []string
		bad  bool
	}{
		"nothing":            {said: ` [ ] `},
		"null":               {said: "null"},
		"objects":            {said: "[{\"a\":[1,2]} ,\n{}]", want: []string{`{"a":[1,2]}`, `{}`}},
		"scalars":            {said: `[1,"x",null,[[]]]`, want: []string{`1`, `"x"`, `null`, `[[]]`}},
		"brackets in words":  {said: `[{"a":"],}"},"["]`, want: []string{`{"a":"],}"}`, `"["`}},
		"quotes in words":    {said: `["\"],","\\",{"\\\"":"]"}]`, want: []string{`"\"],"`, `"\\"`, `{"\\\"":"]"}`}},
		"a long word":        {said: `["` + strings.Repeat("a", 200<<10) + `",1]`, want: []string{`"` + strings.Repeat("a", 200<<10) + `"`, `1`}},
		"what follows":       {said: `[1] and more`, want: []string{`1`}},
		"a missing element":  {said: `[1,]`, want: []string{`1`, ``}},
		"a list that breaks": {said: `[{"a":1},{"b"`, want: []string{`{"a":1}`}, bad: true},
		"a word that breaks": {said: `["a`, bad: true},
		"no list":            {said: `{"a":1}`, bad: true},
		"silence":            {said: ``, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := rawElements(strings.NewReader(c.said), func(raw []byte) error {
				got = append(got, string(raw))
				return nil
			})
			if diff := cmp.Diff(c.want, got); diff != "" || (err != nil) != c.bad {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

// What is a JSON array is cut where a decoder cuts it.
func FuzzElements(f *testing.F) {
	odd(f)
	for _, seed := range []string{listJSON, `["\\\"",{"]":"[,"}]`, "[\t1 ,\r\n2]", `[{},[],""]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		cut := func(r io.Reader) (all []string, err error) {
			err = rawElements(r, func(raw []byte) error {
				all = append(all, string(raw))
				return nil
			})
			return all, err
		}
		whole, err := cut(strings.NewReader(said))
		if bytewise, _ := cut(iotest.OneByteReader(strings.NewReader(said))); !cmp.Equal(whole, bytewise) {
			t.Errorf("it matters how the list arrives: %q, %q", whole, bytewise)
		}
		var want []json.RawMessage
		if json.Unmarshal([]byte(said), &want) != nil {
			return
		}
		if err != nil || len(want) != len(whole) {
			t.Fatalf("%q, %v", whole, err)
		}
		for i, w := range want {
			if string(w) != whole[i] {
				t.Errorf("%q, not %q", whole[i], w)
			}
		}
	})
}

// decodeAll decodes a list of containers of which none is known.
func decodeAll(said string) ([]ContainerRecord, error) {
	return decodeContainers(strings.NewReader(said), func([]byte) Fingerprint { return 0 }, func(Fingerprint) bool { return false })
}

func TestKnownEntriesOfAListAreNotRead(t *testing.T) {
	const list = `[{"Id":"a","State":"running"},{"Id":"b","State":"exited"},{"Id":"c","State":"created"}]`
	seed := maphash.MakeSeed()
	print := func(text []byte) Fingerprint { return Fingerprint(maphash.Bytes(seed, text)) }
	never := func(Fingerprint) bool { return false }
	all, err := decodeContainers(strings.NewReader(list), print, never)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	changed := strings.Replace(list, "exited", "dead", 1)
	news, err := decodeContainers(strings.NewReader(changed), print, func(f Fingerprint) bool { return f == all[0].Text || f == all[1].Text || f == all[2].Text })
	if err != nil || len(news) != 1 || news[0].ID != "b" || news[0].Text == all[1].Text {
		t.Errorf("%+v, %v", news, err)
	}
}
