package engine

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// What engines say of a container, as far as Berth listens. Addresses and the like stay text: they are shown, not
// used, and no oddity in one may cost the whole container.
type (
	wireNetworks map[string]struct {
		NetworkID, IPAddress, GlobalIPv6Address, MacAddress string
	}
	wireMount struct {
		Type, Name, Source, Destination string
		RW                              bool
	}
	wireSummary struct {
		ID      string `json:"Id"`
		Names   []string
		Image   string
		ImageID string
		Created int64
		Ports   []struct {
			IP                      string
			PrivatePort, PublicPort int32
			Type                    string
		}
		Labels          map[string]string
		State           string
		Status          string
		Health          struct{ Status string }
		NetworkSettings struct{ Networks wireNetworks }
		Mounts          []wireMount
	}
	wireInspect struct {
		ID           string `json:"Id"`
		Name         string
		Created      string
		Path         string
		Args         []string
		Image        string
		RestartCount int32
		State        struct {
			Status     string
			OOMKilled  bool
			Pid        int64
			ExitCode   int64
			Error      string
			StartedAt  string
			FinishedAt string
			Health     struct{ Status string }
		}
		HostConfig struct {
			RestartPolicy struct{ Name string }
		}
		Config struct {
			Image        string
			Labels       map[string]string
			ExposedPorts map[string]struct{}
		}
		NetworkSettings struct {
			Ports map[string][]struct {
				HostIP   string `json:"HostIp"`
				HostPort string
			}
			Networks wireNetworks
		}
		Mounts []wireMount
	}
)

var errNoID = errors.New("the engine does not say which one it is")

func decodeContainers(r io.Reader, print func([]byte) Fingerprint, known func(Fingerprint) bool) ([]ContainerRecord, error) {
	var all []ContainerRecord
	err := rawElements(r, func(raw []byte) error {
		text := print(raw)
		if known(text) {
			return nil
		}
		return decodeElement(raw, func(w wireSummary, err error) {
			found := w.record(err)
			found.Text = text
			all = append(all, found)
		})
	})
	return all, err
}

func decodeContainer(r io.Reader) (ContainerRecord, error) {
	var w wireInspect
	if err := json.NewDecoder(r).Decode(&w); err != nil {
		return ContainerRecord{}, err
	}
	if w.ID == "" {
		return ContainerRecord{}, errNoID
	}
	return w.record(), nil
}

func (w *wireSummary) record(err error) ContainerRecord {
	if err == nil && w.ID == "" {
		err = errNoID
	}
	if err != nil {
		return ContainerRecord{ContainerStatus: containers.ContainerStatus{ID: w.ID}, Err: err}
	}
	var ports portSet
	for _, p := range w.Ports {
		ports.add(p.PrivatePort, p.Type, p.IP, p.PublicPort)
	}
	health := w.Health.Status
	if health == "" {
		health = healthInText(w.Status)
	}
	return ContainerRecord{Partial: true, ContainerStatus: containers.ContainerStatus{
		ID:             w.ID,
		Name:           containerName(w.Names, w.ID),
		Namespace:      containers.MobyNamespace,
		Image:          w.Image,
		ImageID:        w.ImageID,
		Ports:          ports.sorted(),
		Labels:         filled(w.Labels),
		ComposeProject: w.Labels[containers.LabelComposeProject],
		ComposeService: w.Labels[containers.LabelComposeService],
		Status:         stateOf(w.State),
		Health:         healthOf(health),
		ExitCode:       exitCodeInText(w.Status),
		Networks:       w.NetworkSettings.Networks.attachments(),
		Mounts:         mountsOf(w.Mounts),
		CreatedAt:      unixTime(w.Created),
	}}
}

func (w *wireInspect) record() ContainerRecord {
	var ports portSet
	for name := range w.Config.ExposedPorts {
		ports.addNamed(name, "", "")
	}
	for name, bindings := range w.NetworkSettings.Ports {
		ports.addNamed(name, "", "")
		for _, b := range bindings {
			ports.addNamed(name, b.HostIP, b.HostPort)
		}
	}
	return ContainerRecord{ContainerStatus: containers.ContainerStatus{
		ID:             w.ID,
		Name:           containerName([]string{w.Name}, w.ID),
		Namespace:      containers.MobyNamespace,
		Image:          w.Config.Image,
		ImageID:        w.Image,
		Path:           w.Path,
		Args:           append([]string(nil), w.Args...), // nil where there are none: engines write both [] and null
		Ports:          ports.sorted(),
		Labels:         filled(w.Config.Labels),
		ComposeProject: w.Config.Labels[containers.LabelComposeProject],
		ComposeService: w.Config.Labels[containers.LabelComposeService],
		Status:         stateOf(w.State.Status),
		Health:         healthOf(w.State.Health.Status),
		ExitCode:       int32(w.State.ExitCode), // on Windows it is an unsigned 32-bit number
		OOMKilled:      w.State.OOMKilled,
		Error:          w.State.Error,
		RestartCount:   w.RestartCount,
		RestartPolicy:  w.HostConfig.RestartPolicy.Name,
		Pid:            w.State.Pid,
		Networks:       w.NetworkSettings.Networks.attachments(),
		Mounts:         mountsOf(w.Mounts),
		CreatedAt:      textTime(w.Created),
		StartedAt:      textTime(w.State.StartedAt),
		FinishedAt:     textTime(w.State.FinishedAt),
	}}
}

// containerName is the container's own name. Lists also hold the names by which linked containers know it, which
// have a second slash.
func containerName(names []string, id string) string {
	for _, n := range names {
		n = strings.TrimPrefix(n, "/")
		if n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	return short(id)
}

func stateOf(s string) containers.State {
	switch known := containers.State(s); known {
	case containers.StateCreated, containers.StateRunning, containers.StatePaused, containers.StateRestarting,
		containers.StateRemoving, containers.StateExited, containers.StateDead:
		return known
	default:
		return containers.StateUnknown
	}
}

func healthOf(s string) containers.Health {
	switch known := containers.Health(s); known {
	case containers.HealthStarting, containers.HealthHealthy, containers.HealthUnhealthy:
		return known
	default:
		return containers.HealthNone
	}
}

// healthInText finds the health where lists before API 1.52 say it: "Up 3 minutes (healthy)".
func healthInText(status string) string {
	switch {
	case strings.HasSuffix(status, "(healthy)"):
		return string(containers.HealthHealthy)
	case strings.HasSuffix(status, "(unhealthy)"):
		return string(containers.HealthUnhealthy)
	case strings.HasSuffix(status, "(health: starting)"):
		return string(containers.HealthStarting)
	default:
		return ""
	}
}

var exitText = regexp.MustCompile(`^(?:Exited|Restarting) \((-?\d+)\)`)

// exitCodeInText finds the exit code where lists say it: "Exited (3) 5 minutes ago".
func exitCodeInText(status string) int32 {
	m := exitText.FindStringSubmatch(status)
	if m == nil {
		return 0
	}
	code, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return int32(code)
}

func unixTime(seconds int64) *metav1.Time {
	if seconds <= 0 {
		return nil
	}
	t := metav1.Unix(seconds, 0)
	return &t
}

// textTime reads a time to the second, which is what the API keeps. Engines write the year 1 for "never".
func textTime(s string) *metav1.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return nil
	}
	return unixTime(t.Unix())
}
