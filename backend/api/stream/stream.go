// Package stream is the written form of what is asked of an object and is no object: log lines, statistics, files,
// and the frames of a session. backend/streams, which says where they are asked for, writes them; backend/client reads.
package stream

import "time"

// LogLine is one line of a container's log.
type LogLine struct {
	// Stream is stdout or stderr. A container with a terminal has stdout only.
	Stream string    `json:"stream"`
	Time   time.Time `json:"time,omitzero"`
	Line   string    `json:"line"`
	// Cut is how many bytes of the line were left out at its end.
	Cut int64 `json:"cut,omitempty"`
}

// MaxLine is how many bytes of a log line are told.
const MaxLine = 256 << 10

// Sample is what a container used at one moment. Counts are since it was started.
type Sample struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Time time.Time `json:"time"`
	// CPUPercent is of one processor, so it may be more than 100. It is missing in the first sample.
	CPUPercent  *float64 `json:"cpuPercent,omitempty"`
	CPUs        int      `json:"cpus"`
	MemoryUsed  uint64   `json:"memoryUsed"` // without what the kernel would give back at once
	MemoryLimit uint64   `json:"memoryLimit"`
	NetworkRx   uint64   `json:"networkRx"` // bytes
	NetworkTx   uint64   `json:"networkTx"`
	BlockRead   uint64   `json:"blockRead"`
	BlockWrite  uint64   `json:"blockWrite"`
	Pids        uint64   `json:"pids"`
}

// Folder is what a container's file system has at a path.
type Folder struct {
	Path    string  `json:"path"`
	Entries []Entry `json:"entries"`
	// More says that there are more entries than are told.
	More bool `json:"more,omitempty"`
}

// Entry is one file or folder.
type Entry struct {
	Name     string    `json:"name"`
	Type     EntryType `json:"type"`
	Size     int64     `json:"size"`
	Mode     string    `json:"mode"` // as ls -l shows it
	Modified time.Time `json:"modified"`
	Owner    string    `json:"owner,omitempty"`  // uid:gid
	Target   string    `json:"target,omitempty"` // of a link
}

// EntryType is what an entry is.
type EntryType string

// The types of entries.
const (
	TypeFile   EntryType = "file"
	TypeFolder EntryType = "folder"
	TypeLink   EntryType = "link"
	TypeOther  EntryType = "other"
)

// Measure is how much a volume holds.
type Measure struct {
	Bytes int64     `json:"bytes"` // -1 where its driver can't tell
	At    time.Time `json:"at"`
}

// Processes is what runs in a container, by the columns of ps.
type Processes struct {
	Titles    []string   `json:"titles"`
	Processes [][]string `json:"processes"`
}

// The channels of a session: the first byte of each message.
const (
	ChannelStdin  byte = 0
	ChannelStdout byte = 1
	ChannelStderr byte = 2
	ChannelStatus byte = 3
	ChannelResize byte = 4
	ChannelRead   byte = 5 // of our own: how much output was read, with window=
	ChannelClose  byte = 255
)

// The protocols of a session, as Kubernetes calls them.
const (
	ProtocolV5 = "v5.channel.k8s.io"
	ProtocolV4 = "v4.channel.k8s.io"
)

// Size is a terminal's.
type Size struct {
	Width  uint16
	Height uint16
}
