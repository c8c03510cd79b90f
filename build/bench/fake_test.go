package bench_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// BenchmarkFiveThousand measures the memory that a very full engine costs. The engine is a fake, because a real one
// needs minutes to make five thousand containers, and what is measured is on our side.
func BenchmarkFiveThousand(b *testing.B) {
	endpoint := fakeEngine(b, 5000)
	for b.Loop() {
		d, _ := startDaemon(b, home(b))
		sync := d.attach(b, endpoint)
		<-time.After(5 * time.Second) // idle is what is left once the work is done
		b.ReportMetric(millis(sync), "first-sync-ms")
		b.ReportMetric(d.resident(b), "resident-MiB")
		b.ReportMetric(0, "ns/op") // says nothing here
		d.stop(b)
	}
}

// fakeEngine has n containers in fifty compose projects, and nothing ever happens in it.
func fakeEngine(b *testing.B, n int) string {
	b.Helper()
	type object = map[string]any
	id := func(i int) string { return fmt.Sprintf("%064x", i+1) }
	image := "sha256:" + strings.Repeat("ab", 32)
	labels := func(i int) object {
		return object{"com.docker.compose.project": fmt.Sprintf("project-%d", i%50), "com.docker.compose.service": fmt.Sprintf("service-%d", i)}
	}
	all := make([]object, n)
	for i := range all {
		all[i] = object{
			"Id": id(i), "Names": []string{fmt.Sprintf("/project-%d-service-%d-1", i%50, i)}, "Image": "app:latest", "ImageID": image,
			"Created": 1700000000 + i, "State": "running", "Status": "Up 3 minutes", "Labels": labels(i), "Mounts": []object{},
			"Ports":           []object{{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 20000 + i, "Type": "tcp"}},
			"NetworkSettings": object{"Networks": object{"bridge": object{"IPAddress": "172.17.0.9"}}},
		}
	}
	inspected := func(i int) object {
		return object{
			"Id": id(i), "Name": fmt.Sprintf("/project-%d-service-%d-1", i%50, i), "Created": "2026-01-01T00:00:00Z", "Path": "/bin/app", "Args": []string{"serve"},
			"Image": image, "State": object{"Status": "running", "Pid": 1000 + i, "StartedAt": "2026-01-01T00:00:01Z", "FinishedAt": "0001-01-01T00:00:00Z"},
			"HostConfig": object{"RestartPolicy": object{"Name": "always"}}, "Config": object{"Image": "app:latest", "Labels": labels(i), "ExposedPorts": object{"80/tcp": object{}}},
			"NetworkSettings": object{
				"Ports":    object{"80/tcp": []object{{"HostIp": "0.0.0.0", "HostPort": fmt.Sprint(20000 + i)}}},
				"Networks": object{"bridge": object{"IPAddress": "172.17.0.9"}},
			},
		}
	}
	one := regexp.MustCompile(`^/containers/([0-9a-f]{64})/json$`)
	version := regexp.MustCompile(`^/v1\.[0-9]+`)
	answer := func(path string) any {
		if m := one.FindStringSubmatch(path); m != nil {
			var i int
			_, _ = fmt.Sscanf(m[1], "%x", &i)
			return inspected(i - 1)
		}
		switch path {
		case "/containers/json":
			return all
		case "/images/json":
			return []object{{"Id": image, "RepoTags": []string{"app:latest"}, "Created": 1700000000, "Size": 1 << 20}}
		case "/volumes":
			return object{"Volumes": []object{}}
		case "/networks":
			return []object{}
		case "/version":
			return object{"Version": "28.0.0", "ApiVersion": "1.48", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}
		case "/info":
			return object{"SystemTime": time.Now().Format(time.RFC3339Nano), "Driver": "overlay2", "ServerVersion": "28.0.0", "OSType": "linux", "Architecture": "x86_64"}
		}
		return object{}
	}
	socket := filepath.Join(home(b), "fake.sock")
	l, err := new(net.ListenConfig).Listen(b.Context(), "unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.48")
		w.Header().Set("Content-Type", "application/json")
		path := version.ReplaceAllString(r.URL.Path, "")
		if path == "/events" {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		_ = json.NewEncoder(w).Encode(answer(path))
	})}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	return "unix://" + socket
}
