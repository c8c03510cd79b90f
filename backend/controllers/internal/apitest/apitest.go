// Package apitest gives tests of reconcilers the real API, in process and in memory.
package apitest

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver"
)

// Namespace is where tests keep mirrored objects.
const Namespace = "berth"

// New builds an API that serves nobody but the test.
func New(t testing.TB) *apiserver.Server {
	t.Helper()
	dir := t.TempDir()
	s, err := apiserver.New(apiserver.Config{
		Objects: filepath.Join(dir, "objects"), Kubeconfig: filepath.Join(dir, "kubeconfig"), Socket: filepath.Join(dir, "s"),
		Address: "127.0.0.1:0", Namespace: Namespace, Version: "test",
		Log: slog.New(slog.DiscardHandler), // it is the log of libraries too, which outlive the test
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Log writes to the test's own log.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Run runs what lives long until the test has ended, or until the function that it returns is called, which waits for
// its end.
func Run(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Key names an object in Namespace.
func Key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: Namespace, Name: name}
}

// Until waits until an object is as wanted, and returns it. It sees every state that the store tells.
func Until[T any, P store.Object[T]](t testing.TB, s store.Store[T, P], key types.NamespacedName, what string, ok func(P) bool) P {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	w, err := s.Watch(ctx, key.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		w.Stop()
		for range w.ResultChan() { // until its goroutine has ended
		}
	}()
	var last P
	for e := range w.ResultChan() {
		obj, is := e.Object.(P)
		if !is || obj.GetName() != key.Name {
			continue
		}
		last = obj
		if e.Type != "DELETED" && e.Type != "BOOKMARK" && ok(obj) {
			return obj
		}
	}
	t.Fatalf("%s has not come about; the last seen is %+v", what, last)
	return nil
}

// End waits until a request is done with.
func End[T any, P store.Object[T]](t testing.TB, requests store.Store[T, P], name string, conditions func(P) []metav1.Condition) P {
	t.Helper()
	return Until(t, requests, Key(name), "its end", func(req P) bool {
		now := conditions(req)
		return condition.IsTrue(now, containers.ConditionComplete) || condition.IsTrue(now, containers.ConditionFailed)
	})
}

// FailedFor checks that a request has failed for this reason, and says these words.
func FailedFor(t testing.TB, conditions []metav1.Condition, reason string, words ...string) {
	t.Helper()
	why := condition.Get(conditions, containers.ConditionFailed)
	if why.Reason != reason {
		t.Errorf("it failed for %s, want %s: %s", why.Reason, reason, why.Message)
	}
	for _, want := range words {
		if !strings.Contains(why.Message, want) {
			t.Errorf("it does not say %q: %s", want, why.Message)
		}
	}
}
