package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// Usage is what a container used at one moment.
type Usage struct {
	stream.Sample

	cpu, system uint64 // nanoseconds since the start: the container's, and all processors'
}

// Since fills in the share of the processors that was used since an earlier moment.
func (u *Usage) Since(before Usage) {
	if u.system <= before.system || u.cpu < before.cpu {
		return
	}
	percent := float64(u.cpu-before.cpu) / float64(u.system-before.system) * float64(u.CPUs) * 100
	u.CPUPercent = &percent
}

// ErrNotRunning is returned for a container that uses nothing because it does not run.
var ErrNotRunning = fmt.Errorf("%w: the container is not running", ErrConflict)

// Stats tells each what a container uses, about once a second, until it stops or ctx ends.
func (c *Client) Stats(ctx context.Context, id string, each func(Usage) error) error {
	first := true
	err := c.stats(ctx, id, "?stream=1", func(dec *json.Decoder) error {
		for before := (Usage{}); ; first = false {
			now, err := decodeUsage(dec)
			if errors.Is(err, io.EOF) || (errors.Is(err, ErrNotRunning) && !first) {
				return nil
			}
			if err != nil {
				return err
			}
			if !first {
				now.Since(before)
			}
			before = now
			if err := each(now); err != nil {
				return err
			}
		}
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Stat is what a container uses now, without its share of the processors.
func (c *Client) Stat(ctx context.Context, id string) (now Usage, err error) {
	err = c.stats(ctx, id, "?stream=0&one-shot=1", func(dec *json.Decoder) error {
		now, err = decodeUsage(dec)
		return err
	})
	return now, err
}

func (c *Client) stats(ctx context.Context, id, query string, read func(*json.Decoder) error) error {
	name, err := segment(id)
	if err != nil {
		return fmt.Errorf("ask what container %s uses: %w", short(id), err)
	}
	res, err := c.open(ctx, "/containers/"+name+"/stats"+query)
	if err != nil {
		return fmt.Errorf("ask what container %s uses: %w", short(id), err)
	}
	defer res.Body.Close()
	if err := read(json.NewDecoder(res.Body)); err != nil {
		return fmt.Errorf("read what container %s uses: %w", short(id), err)
	}
	return nil
}

// usage is as much of an engine's sample as is told.
type usage struct {
	Read     time.Time
	ID       string `json:"id"`
	Name     string `json:"name"`
	CPUStats struct {
		CPUUsage struct {
			TotalUsage  uint64   `json:"total_usage"`
			PercpuUsage []uint64 `json:"percpu_usage"`
		} `json:"cpu_usage"`
		SystemUsage uint64 `json:"system_cpu_usage"`
		OnlineCPUs  int    `json:"online_cpus"`
	} `json:"cpu_stats"`
	MemoryStats struct {
		Usage, Limit uint64
		Stats        map[string]uint64
	} `json:"memory_stats"`
	PidsStats  struct{ Current uint64 } `json:"pids_stats"`
	BlkioStats struct {
		Bytes []struct {
			Op    string
			Value uint64
		} `json:"io_service_bytes_recursive"`
	} `json:"blkio_stats"`
	Networks map[string]struct {
		Rx uint64 `json:"rx_bytes"`
		Tx uint64 `json:"tx_bytes"`
	}
}

func decodeUsage(dec *json.Decoder) (Usage, error) {
	var said usage
	if err := dec.Decode(&said); err != nil {
		return Usage{}, err
	}
	// A container that does not run has a sample of zeros, and no processors.
	if said.Read.Year() <= 1 || said.CPUStats.SystemUsage == 0 {
		return Usage{}, ErrNotRunning
	}
	u := Usage{cpu: said.CPUStats.CPUUsage.TotalUsage, system: said.CPUStats.SystemUsage}
	u.Sample = stream.Sample{
		ID: said.ID, Name: strings.TrimPrefix(said.Name, "/"), Time: said.Read, CPUs: said.CPUStats.OnlineCPUs,
		MemoryUsed: said.memory(), MemoryLimit: said.MemoryStats.Limit, Pids: said.PidsStats.Current,
	}
	if u.CPUs == 0 {
		u.CPUs = max(1, len(said.CPUStats.CPUUsage.PercpuUsage))
	}
	for _, n := range said.Networks {
		u.NetworkRx += n.Rx
		u.NetworkTx += n.Tx
	}
	for _, b := range said.BlkioStats.Bytes {
		switch strings.ToLower(b.Op) {
		case "read":
			u.BlockRead += b.Value
		case "write":
			u.BlockWrite += b.Value
		}
	}
	return u, nil
}

// memory leaves out the page cache that the kernel would give back at once, as docker's own client does.
func (u *usage) memory() uint64 {
	for _, name := range []string{"total_inactive_file", "inactive_file"} { // cgroups 1 and 2
		if cache, ok := u.MemoryStats.Stats[name]; ok && cache < u.MemoryStats.Usage {
			return u.MemoryStats.Usage - cache
		}
	}
	return u.MemoryStats.Usage
}
