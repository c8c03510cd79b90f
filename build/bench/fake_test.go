package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
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
	type object = enginetest.Object
	f := enginetest.NewFake(b)
	networks := object{"bridge": object{"IPAddress": "172.17.0.9"}}
	for i := range n {
		f.Put(enginetest.FakeContainer{
			ID: enginetest.FakeID(i + 1), Name: fmt.Sprintf("project-%d-service-%d-1", i%50, i), State: "running",
			Labels: map[string]string{
				"com.docker.compose.project": fmt.Sprintf("project-%d", i%50), "com.docker.compose.service": fmt.Sprintf("service-%d", i),
			},
			List: object{
				"Ports":           []object{{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 20000 + i, "Type": "tcp"}},
				"NetworkSettings": object{"Networks": networks},
			},
			Inspect: object{"NetworkSettings": object{
				"Ports":    object{"80/tcp": []object{{"HostIp": "0.0.0.0", "HostPort": fmt.Sprint(20000 + i)}}},
				"Networks": networks,
			}},
		})
	}
	return f.Endpoint()
}
