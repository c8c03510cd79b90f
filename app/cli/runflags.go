package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// runOptions is what `run` or `container create` was asked for.
type runOptions struct {
	containersv1.ContainerCreateSpec
	hostOptions

	detach, quiet          bool
	entrypoint             string
	ports, volumes, mounts []string
	tmpfs, labels          []string
	envFiles, labelFiles   []string
	pull                   string
	hasEntrypoint          bool
	keys                   detachKeys
}

// flags are docker's, for what a container is to be.
func (o *runOptions) flags(f *pflag.FlagSet) {
	f.SetInterspersed(false)
	f.BoolVarP(&o.Stdin, "interactive", "i", false, "pass on what is typed")
	f.BoolVarP(&o.TTY, "tty", "t", false, "give it a terminal")
	f.StringVar(&o.Name, "name", "", "call it NAME")
	f.StringArrayVarP(&o.Env, "env", "e", nil, "set NAME=VALUE, or NAME to the value that it has here")
	f.StringArrayVar(&o.envFiles, "env-file", nil, "set the lines of FILE, NAME=VALUE each, unless -e sets it")
	f.StringArrayVarP(&o.labels, "label", "l", nil, "set the label NAME=VALUE")
	f.StringArrayVar(&o.labelFiles, "label-file", nil, "set the lines of FILE, NAME=VALUE each, unless -l sets it")
	f.StringVar(&o.RestartPolicy, "restart", "", "no, always, unless-stopped, on-failure or on-failure:N")
	f.StringVarP(&o.WorkingDir, "workdir", "w", "", "begin in this folder")
	f.StringVarP(&o.User, "user", "u", "", "run as USER or USER:GROUP")
	f.StringVarP(&o.Hostname, "hostname", "h", "", "its name for itself")
	f.Bool("help", false, "how it is used") // -h is docker's for the hostname
	f.StringVar(&o.entrypoint, "entrypoint", "", "run this instead of the image's entrypoint")
	f.BoolVar(&o.Init, "init", false, "put a process before its own that ends zombies and passes signals on")
	f.StringVar(&o.StopSignal, "stop-signal", "", "end it in order with this signal")
	f.Var(&timeout{&o.StopTimeoutSeconds}, "stop-timeout", "kill it when it has not ended after so many seconds; -1 is never")
	f.StringVar(&o.pull, "pull", "missing", "fetch the image: missing, always or never")
	f.StringVar(&o.Platform, "platform", "", "take the image for OS/ARCHITECTURE, such as linux/amd64")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "do not tell how a pull goes on")
	o.networkFlags(f)
	o.storageFlags(f)
	o.rightsFlags(f)
	o.healthFlags(f)
	o.boundFlags(f)
	o.shareFlags(f)
	o.addressFlags(f)
}

func (o *runOptions) networkFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.ports, "publish", "p", nil, "lead to one of its ports: [[IP:]HOST:]PORT[/udp]")
	f.BoolVarP(&o.PublishAll, "publish-all", "P", false, "lead to each port that the image names, from a free one")
	f.StringVar(&o.Network, "network", "", "connect it to NETWORK")
	f.StringArrayVar(&o.NetworkAliases, "network-alias", nil, "a further name in its network")
	f.StringArrayVar(&o.ExtraHosts, "add-host", nil, "let it know NAME:ADDRESS, or NAME:host-gateway")
	f.StringArrayVar(&o.DNS, "dns", nil, "the address of a server that it asks for names")
}

func (o *runOptions) storageFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.volumes, "volume", "v", nil, "mount a volume or a folder: [SOURCE:]TARGET[:ro]")
	f.StringArrayVar(&o.mounts, "mount", nil, "mount type=volume|bind|tmpfs,source=SOURCE,target=TARGET[,readonly]")
	f.StringArrayVar(&o.tmpfs, "tmpfs", nil, "keep a folder in memory: TARGET[:OPTIONS]")
	f.Var(&bytesOf{&o.Resources.SharedMemory}, "shm-size", "the size of /dev/shm: 256m")
	f.BoolVar(&o.ReadOnlyRoot, "read-only", false, "let nothing be written but in its mounts")
}

func (o *runOptions) rightsFlags(f *pflag.FlagSet) {
	f.VarP(&bytesOf{&o.Resources.Memory}, "memory", "m", "give it at most so much memory: 512m, 2g")
	f.Var(&processors{&o.Resources.CPUs}, "cpus", "give it at most so many processors: 1.5")
	f.BoolVar(&o.Privileged, "privileged", false, "give it all rights over the machine")
	f.StringArrayVar(&o.CapAdd, "cap-add", nil, "give it a capability, such as NET_ADMIN")
	f.StringArrayVar(&o.CapDrop, "cap-drop", nil, "take a capability away, or ALL")
	f.StringArrayVar(&o.Devices, "device", nil, "give it a device: PATH[:INSIDE][:RIGHTS]")
}

// bytesOf is a flag that takes 512m, as docker's do: each unit is 1024 of the one before.
type bytesOf struct{ to **resource.Quantity }

func (*bytesOf) Type() string     { return "bytes" }
func (b *bytesOf) String() string { return wished(b.to) }

func (b *bytesOf) Set(text string) error {
	n, err := units.RAMInBytes(text)
	if err != nil || n <= 0 {
		return errors.New("use a size, such as 512m or 2g")
	}
	*b.to = resource.NewQuantity(n, resource.BinarySI)
	return nil
}

// processors is a flag that takes 1.5.
type processors struct{ to **resource.Quantity }

func (*processors) Type() string     { return "number" }
func (p *processors) String() string { return wished(p.to) }

func (p *processors) Set(text string) error {
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() <= 0 {
		return errors.New("use a number of processors, such as 1.5")
	}
	*p.to = &q
	return nil
}

func wished(q **resource.Quantity) string {
	if q == nil || *q == nil {
		return ""
	}
	return (*q).String()
}

// timeout is a flag of seconds that may be left out.
type timeout struct{ to **int32 }

func (*timeout) Type() string { return "seconds" }

func (s *timeout) String() string {
	if s.to == nil || *s.to == nil {
		return ""
	}
	return strconv.Itoa(int(**s.to))
}

func (s *timeout) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < -1 {
		return errors.New("use a number of seconds, or -1 for ever")
	}
	*s.to = new(int32(n))
	return nil
}

// read completes the wish from what was written.
func (o *runOptions) read(args []string) error {
	o.Image, o.Args, o.Pull, o.Start = args[0], args[1:], containersv1.PullPolicy(o.pull), o.detach
	if o.hasEntrypoint {
		o.Command = []string{o.entrypoint}
	}
	if o.AutoRemove && o.RestartPolicy != "" && o.RestartPolicy != "no" {
		return fmt.Errorf("--rm and --restart %s do not go together", o.RestartPolicy)
	}
	env, err := environment(o.envFiles, o.Env)
	if err != nil {
		return err
	}
	o.Env = env
	if err := o.readLabels(); err != nil {
		return err
	}
	if err := o.readHost(); err != nil {
		return err
	}
	for _, text := range o.ports {
		p, err := readPort(text)
		if err != nil {
			return err
		}
		o.Ports = append(o.Ports, p)
	}
	for _, text := range o.volumes {
		v, err := readVolume(text)
		if err != nil {
			return err
		}
		o.Volumes = append(o.Volumes, v)
	}
	for _, text := range o.tmpfs {
		target, options, _ := strings.Cut(text, ":")
		o.Tmpfs = append(o.Tmpfs, containersv1.TmpfsMount{Target: target, Options: options})
	}
	for _, text := range o.mounts {
		if err := o.mount(text); err != nil {
			return fmt.Errorf("--mount %s: %w", text, err)
		}
	}
	return nil
}

func (o *runOptions) readLabels() error {
	var all []string
	for _, path := range o.labelFiles {
		labels, err := readEnvFile(path, func(string) (string, bool) { return "", true })
		if err != nil {
			return fmt.Errorf("--label-file: %w", err)
		}
		all = append(all, labels...)
	}
	o.Labels = pairs(append(all, o.labels...))
	return nil
}

// mount reads what --mount was given: type=volume,source=data,target=/data,readonly.
func (o *runOptions) mount(text string) error {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return err
	}
	var v containersv1.VolumeMount
	kind, options := "volume", []string(nil)
	for _, f := range fields {
		name, value, valued := strings.Cut(f, "=")
		switch name {
		case "type":
			kind = value
		case "source", "src":
			v.Source = value
		case "target", "dst", "destination":
			v.Target = value
		case "readonly", "ro":
			v.ReadOnly = !valued || value == "true" || value == "1"
		case "tmpfs-size":
			options = append(options, "size="+value)
		case "tmpfs-mode":
			options = append(options, "mode="+value)
		default:
			return fmt.Errorf("there is no %s here, but docker may have it: `docker --context berth run --mount %s …`", name, text)
		}
	}
	if !strings.HasPrefix(v.Target, "/") {
		return errors.New("say target=, with an absolute path")
	}
	switch kind {
	case "tmpfs":
		if v.Source != "" {
			return errors.New("what is in memory has no source")
		}
		if v.ReadOnly {
			options = append(options, "ro")
		}
		o.Tmpfs = append(o.Tmpfs, containersv1.TmpfsMount{Target: v.Target, Options: strings.Join(options, ",")})
		return nil
	case "bind":
		if v.Source == "" {
			return errors.New("say source=, with the folder to mount")
		}
		v.MustExist = true
		if v.Source, err = filepath.Abs(v.Source); err != nil {
			return err
		}
	case "volume":
		if strings.ContainsAny(v.Source, `/\`) {
			return fmt.Errorf("%s is no volume's name: say type=bind for a folder", v.Source)
		}
	default:
		return fmt.Errorf("there is no type %s: use volume, bind or tmpfs", kind)
	}
	o.Volumes = append(o.Volumes, v)
	return nil
}

func readPort(text string) (p containersv1.PublishedPort, err error) {
	wrong := fmt.Errorf("-p %s: use [[IP:]HOST:]PORT[/udp]", text)
	rest, protocol, _ := strings.Cut(text, "/")
	p.Protocol = protocol
	host, inside := "", rest
	if at := strings.LastIndex(rest, ":"); at >= 0 {
		host, inside = rest[:at], rest[at+1:]
	}
	if at := strings.LastIndex(host, ":"); at >= 0 {
		p.HostIP, host = strings.Trim(host[:at], "[]"), host[at+1:]
	}
	if p.ContainerPort, err = portNumber(inside); err != nil || p.ContainerPort == 0 {
		return p, wrong
	}
	if host != "" {
		if p.HostPort, err = portNumber(host); err != nil {
			return p, wrong
		}
	}
	return p, nil
}

func portNumber(text string) (int32, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int32(n), err //nolint:gosec // sixteen bits
}

func readVolume(text string) (v containersv1.VolumeMount, err error) {
	rest, mode := text, ""
	for _, m := range []string{":ro", ":rw"} {
		if before, found := strings.CutSuffix(rest, m); found {
			rest, mode = before, m
		}
	}
	v.ReadOnly = mode == ":ro"
	if at := strings.LastIndex(rest, ":"); at >= 0 {
		v.Source, v.Target = rest[:at], rest[at+1:]
	} else {
		v.Target = rest
	}
	if strings.HasPrefix(v.Source, ".") || strings.HasPrefix(v.Source, "~") {
		if v.Source, err = filepath.Abs(v.Source); err != nil {
			return v, err
		}
	}
	if !strings.HasPrefix(v.Target, "/") {
		return v, fmt.Errorf("-v %s: use [SOURCE:]TARGET[:ro], with an absolute TARGET", text)
	}
	return v, nil
}
