package memstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

// crashDirVariable makes this test binary the process that is killed; see TestMain.
const crashDirVariable = "MEMSTORE_TEST_CRASH_DIR"

const kills = 50

// TestKilledWriterLeavesTheOldOrTheNewObject kills a process that writes one object after another, each much longer or
// much shorter than the one before it, at random moments. What a caller was told to be kept has to be there, whole.
func TestKilledWriterLeavesTheOldOrTheNewObject(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pods")
	last, leftovers := 0, 0
	for range kills {
		acked := killWriter(t, dir)
		leftovers += len(slices.DeleteFunc(Files{Dir: dir}.names(t), func(n string) bool { return n == "ns%2Fcounter.json" }))

		files := Files{Dir: dir, Codec: podCodec()}
		_, s := newPodStore(t, Options{Persister: files})
		pod := get(t, s, "counter")
		n := checkNumbered(t, pod)
		if n < acked || n > acked+1 {
			t.Fatalf("number %d was kept before the kill, %d is there after it", acked, n)
		}
		if n < last {
			t.Fatalf("number %d is there, %d was there before", n, last)
		}
		last = n
		if got := files.names(t); !slices.Equal(got, []string{"ns%2Fcounter.json"}) {
			t.Fatalf("the folder holds %q", got)
		}
	}
	t.Logf("%d kills, %d of them amid a write, at number %d in the end", kills, leftovers, last)
}

// killWriter runs a writer on dir and kills it a moment after it has begun. It returns the last number that the writer
// knew to be kept.
func killWriter(t *testing.T, dir string) (acked int) {
	t.Helper()
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	cmd := exec.CommandContext(ctx, os.Args[0]) // ends it with SIGKILL
	cmd.Env = append(os.Environ(), crashDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if acked == 0 {
			// The moment is what this test is about: no event to wait for would be random.
			time.AfterFunc(rand.N(10*time.Millisecond), kill)
		}
		if acked, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); ctx.Err() == nil {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	if acked == 0 {
		t.Fatal("the writer kept nothing")
	}
	return acked
}

// writeUntilKilled is that process. It goes on from where the one before was killed, and says each number once it is kept.
func writeUntilKilled(dir string) int {
	s, err := New(NewBackend(1), Options{
		ResourcePrefix: prefix,
		NewFunc:        func() runtime.Object { return &example.Pod{} },
		Persister:      Files{Dir: dir, Codec: podCodec()},
	})
	for n := 0; err == nil; {
		err = s.GuaranteedUpdate(context.Background(), keyOf("counter"), &example.Pod{}, true, nil,
			func(in runtime.Object, _ storage.ResponseMeta) (runtime.Object, *uint64, error) {
				n, _ = strconv.Atoi(in.(*example.Pod).Labels["n"])
				n++
				return numbered(n), nil, nil
			}, nil)
		if err == nil {
			_, err = fmt.Fprintln(os.Stdout, n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// numbered is a pod that says its number at both ends of its file, with up to a few hundred kilobytes in between.
func numbered(n int) *example.Pod {
	pod := podNamed("counter")
	pod.Labels = map[string]string{"n": strconv.Itoa(n)}
	pod.Annotations = map[string]string{"filling": strings.Repeat(strconv.Itoa(n%10), n*7919%300000)}
	pod.Spec.Hostname = strconv.Itoa(n)
	return pod
}

func checkNumbered(t *testing.T, pod *example.Pod) int {
	t.Helper()
	n, err := strconv.Atoi(pod.Labels["n"])
	if err != nil {
		t.Fatal(err)
	}
	want := numbered(n)
	if pod.Spec.Hostname != want.Spec.Hostname || pod.Annotations["filling"] != want.Annotations["filling"] {
		t.Fatalf("object %d is not whole", n)
	}
	return n
}
