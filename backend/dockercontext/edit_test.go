package dockercontext

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneSettingChangesAndNoOtherByte(t *testing.T) {
	for _, c := range []struct{ name, before, to, want string }{
		{"empty file", "", "b", "{\n\t\"currentContext\": \"b\"\n}\n"},
		{"empty object", "{}", "b", "{\n\t\"currentContext\": \"b\"\n}"},
		{"added as docker indents", "{\n\t\"auths\": {},\n\t\"z\": 1\n}", "b", "{\n\t\"auths\": {},\n\t\"z\": 1,\n\t\"currentContext\": \"b\"\n}"},
		{"added in one line", `{"a":1, "b":2}`, "b", `{"a":1, "b":2, "currentContext": "b"}`},
		{"changed in place", `{"z":1,"currentContext" :  "a","a":[1 , 2]}`, "b", `{"z":1,"currentContext" :  "b","a":[1 , 2]}`},
		{"null is none", `{"currentContext":null}`, "b", `{"currentContext":"b"}`},
		{"docker does not look at the case", `{"CURRENTCONTEXT":"a"}`, "b", `{"CURRENTCONTEXT":"b"}`},
		{"of several the last counts", `{"currentContext":"x","currentcontext":"y"}`, "b", `{"currentContext":"x","currentcontext":"b"}`},
		{"escaped key", `{"c\u0075rrentContext":"a"}`, "b", `{"c\u0075rrentContext":"b"}`},
		{"nested ones are others'", `{"x":{"currentContext":"n"}}`, "b", `{"x":{"currentContext":"n"},"currentContext": "b"}`},
		{"removed from the front", "{\n  \"currentContext\": \"a\",\n  \"x\": 1\n}", "", "{\n  \"x\": 1\n}"},
		{"removed from the end", "{\n  \"x\": 1,\n  \"currentContext\": \"a\"\n}", "", "{\n  \"x\": 1\n}"},
		{"removed alone", "{\n  \"currentContext\": \"a\"\n}\n", "", "{}\n"},
		{"removed each time", `{"currentContext":"x","q":0,"currentcontext":"y"}`, "", `{"q":0}`},
		{"nothing to remove", "{ \"x\" : 1.000000000000000000001e999 }", "", "{ \"x\" : 1.000000000000000000001e999 }"},
		{"strange text stays", `{"a":"\ud800<&>\u2028","currentContext":"x"}`, "y", `{"a":"\ud800<&>\u2028","currentContext":"y"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := withCurrent([]byte(c.before), c.to)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("withCurrent() differs (-want +got):\n%s", diff)
			}
			if now, err := current(got); err != nil || now != c.to {
				t.Errorf("current() = %q, %v, want %q", now, err, c.to)
			}
		})
	}
}

func TestWhatIsNoObjectIsLeftAlone(t *testing.T) {
	for _, text := range []string{
		"{", "[]", "null", "1", `"x"`, "{}{}", "{} x", "{,}", `{"a":1,}`, "{'a':1}", "// c\n{}", "\xef\xbb\xbf{}", `{"a":}`, "\x00",
		`{"a":1 "b":2}`,
	} {
		if got, err := withCurrent([]byte(text), "b"); err == nil {
			t.Errorf("withCurrent(%q) = %q, want an error", text, got)
		}
		if _, err := current([]byte(text)); err == nil {
			t.Errorf("current(%q) gives no error", text)
		}
	}
	if _, err := current([]byte(`{"currentContext":7}`)); err == nil {
		t.Error("current() takes a number for a name")
	}
}

// Whatever the file holds: after a change docker reads the same of it but for the one setting, and taking that back
// gives the same content again.
func FuzzChangesKeepWhatTheyDoNotKnow(f *testing.F) {
	for _, s := range []string{"", "{}", `{"auths":{"x":{"auth":"eA=="}},"credsStore":"pass"}`, "{\n\t\"a\": [1, {}],\n\t\"currentContext\": \"x\"\n}", `{"currentContext":"a","currentCONTEXT":"b","":""}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, before []byte) {
		was, err := current(before)
		if err != nil {
			return
		}
		there, err := withCurrent(before, "berth")
		if err != nil {
			t.Fatalf("withCurrent(%q): %v", before, err)
		}
		if now, err := current(there); err != nil || now != "berth" {
			t.Fatalf("current(%q) = %q, %v", there, now, err)
		}
		if diff := cmp.Diff(others(t, before), others(t, there)); diff != "" {
			t.Fatalf("%q became %q:\n%s", before, there, diff)
		}
		back, err := withCurrent(there, was)
		if err != nil {
			t.Fatalf("withCurrent(%q): %v", there, err)
		}
		if now, err := current(back); err != nil || now != was {
			t.Fatalf("current(%q) = %q, %v, want %q", back, now, err, was)
		}
		if diff := cmp.Diff(others(t, before), others(t, back)); diff != "" {
			t.Fatalf("%q came back as %q:\n%s", before, back, diff)
		}
	})
}

// others are the members but for ours, in order, each with its bytes.
func others(t *testing.T, text []byte) []string {
	t.Helper()
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	all, err := members(text)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, m := range all {
		var s struct {
			CurrentContext json.RawMessage `json:"currentContext"`
		}
		if json.Unmarshal([]byte("{"+string(text[m.start:m.stop])+"}"), &s) == nil && s.CurrentContext == nil {
			kept = append(kept, string(text[m.start:m.stop]))
		}
	}
	return kept
}
