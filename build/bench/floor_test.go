package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// listenerEndpoint has this program be the bare listener of an engine, and nothing else.
const listenerEndpoint = "BERTH_BENCH_LISTENER"

func TestMain(m *testing.M) {
	if endpoint := os.Getenv(listenerEndpoint); endpoint != "" {
		fmt.Fprintln(os.Stderr, follow(context.Background(), newBare(endpoint)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// follow is the least that a mirror can do in Go: it lists, listens, and inspects the container of each event.
func follow(ctx context.Context, e *bare) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/events?filters={%22type%22:[%22container%22]}", http.NoBody)
	if err != nil {
		return err
	}
	res, err := e.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	known := map[string]any{}
	out, err := e.call(ctx, http.MethodGet, "/containers/json?all=1", nil)
	if err != nil {
		return err
	}
	var all []map[string]any
	if err := json.Unmarshal(out, &all); err != nil {
		return err
	}
	for dec := json.NewDecoder(res.Body); ; {
		var ev struct{ Actor struct{ ID string } }
		if err := dec.Decode(&ev); err != nil {
			return err
		}
		out, err := e.call(ctx, http.MethodGet, "/containers/"+ev.Actor.ID+"/json", nil)
		if err != nil {
			continue // it is gone again
		}
		var one struct {
			ID, Name, Path, Image string
			Args                  []string
			State, Config         any
			NetworkSettings       any
			HostConfig            struct{ RestartPolicy any }
			Mounts                []any
		}
		if err := json.Unmarshal(out, &one); err != nil {
			return err
		}
		known[one.ID] = one
	}
}

// listener starts the bare listener in a process of its own, so that what it costs can be told, and gives its number.
func (e *bare) listener(b *testing.B, endpoint string) int {
	b.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:noctx // ended below
	cmd.Env = append(os.Environ(), listenerEndpoint+"="+endpoint)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	<-time.After(2 * time.Second) // its list is not what is measured
	return cmd.Process.Pid
}
