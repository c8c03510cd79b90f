package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// The exit codes of `run` that are no container's, as docker has them.
const (
	exitNotRun     = 125
	exitNotAllowed = 126
	exitNoCommand  = 127
)

// runOptions is what `run` was asked for.
type runOptions struct {
	containersv1.ContainerCreateSpec

	detach         bool
	entrypoint     string
	ports, volumes []string
	labels         []string
	envFiles       []string
	pull           string
	hasEntrypoint  bool
	keys           detachKeys
}

func (c *CLI) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run IMAGE [COMMAND [ARGUMENT…]]", Short: "Make a container and start it", Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasEntrypoint = cmd.Flags().Changed("entrypoint")
			if err := o.read(args); err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			if o.TTY && o.Stdin && !o.detach && openTerminal(c.cfg.Stdin, c.cfg.Stdout) == nil {
				return &plainError{"the input is not a terminal.", "Leave out -t."}
			}
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			return c.run(cmd.Context(), m, &o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.BoolVarP(&o.detach, "detach", "d", false, "print its ID, and do not wait for it")
	o.keys.flag(f)
	f.BoolVarP(&o.Stdin, "interactive", "i", false, "pass on what is typed")
	f.BoolVarP(&o.TTY, "tty", "t", false, "give it a terminal")
	f.BoolVar(&o.AutoRemove, "rm", false, "remove it once it has stopped")
	f.StringVar(&o.Name, "name", "", "call it NAME")
	f.StringArrayVarP(&o.Env, "env", "e", nil, "set NAME=VALUE, or NAME to the value that it has here")
	f.StringArrayVar(&o.envFiles, "env-file", nil, "set the lines of FILE, NAME=VALUE each, unless -e sets it")
	f.StringArrayVarP(&o.ports, "publish", "p", nil, "lead to one of its ports: [[IP:]HOST:]PORT[/udp]")
	f.StringArrayVarP(&o.volumes, "volume", "v", nil, "mount a volume or a folder: [SOURCE:]TARGET[:ro]")
	f.StringArrayVarP(&o.labels, "label", "l", nil, "set the label NAME=VALUE")
	f.StringVar(&o.Network, "network", "", "connect it to NETWORK")
	f.StringVar(&o.RestartPolicy, "restart", "", "no, always, unless-stopped, on-failure or on-failure:N")
	f.StringVarP(&o.WorkingDir, "workdir", "w", "", "begin in this folder")
	f.StringVarP(&o.User, "user", "u", "", "run as USER or USER:GROUP")
	f.StringVarP(&o.Hostname, "hostname", "h", "", "its name for itself")
	f.Bool("help", false, "how it is used") // -h is docker's for the hostname
	f.StringVar(&o.entrypoint, "entrypoint", "", "run this instead of the image's entrypoint")
	f.StringVar(&o.pull, "pull", "missing", "fetch the image: missing, always or never")
	return likeDocker(cmd)
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
	for _, l := range o.labels {
		name, value, _ := strings.Cut(l, "=")
		if o.Labels == nil {
			o.Labels = map[string]string{}
		}
		o.Labels[name] = value
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

func (c *CLI) run(ctx context.Context, m mirrored, o *runOptions) error {
	id, err := c.create(ctx, m, o.ContainerCreateSpec)
	if err != nil {
		return err
	}
	if o.detach {
		_, err := fmt.Fprintln(c.cfg.Stdout, id)
		return err
	}
	made, err := appeared(ctx, m, id)
	if err != nil {
		return err
	}
	session, err := m.Containers(m.namespace).Talk(ctx, id, "attach", url.Values{"stdin": {strconv.FormatBool(o.Stdin)}, "start": {"true"}})
	if err != nil {
		return err
	}
	defer session.Close()
	// Whoever interrupts `run` means the container: it is asked to stop, and says how it ended.
	defer context.AfterFunc(ctx, func() {
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTimeout)
		defer cancel()
		_ = act(later, m, made, containersv1.ActionStop) // it may have ended
	})()
	code, err := c.hold(context.WithoutCancel(ctx), talk{session: session, stdin: o.Stdin, tty: o.TTY, keys: o.keys})
	var refused apierrors.APIStatus
	if errors.As(err, &refused) { // it never ran
		c.report(&plainError{refused.Status().Message, ""})
		return exitCode(codeOfStart(refused.Status().Message))
	}
	return c.parted(code, err)
}

// codeOfStart is docker's exit code for a container that could not be started.
func codeOfStart(why string) int {
	switch {
	case strings.Contains(why, "executable file not found"), strings.Contains(why, "no such file or directory"),
		strings.Contains(why, "system cannot find the file specified"):
		return exitNoCommand
	case strings.Contains(why, "permission denied"), strings.Contains(why, "is a directory"):
		return exitNotAllowed
	default:
		return exitNotRun
	}
}

// create has a container made, tells what is done for it, and gives its ID.
func (c *CLI) create(ctx context.Context, m mirrored, spec containersv1.ContainerCreateSpec) (string, error) {
	requests := m.ContainerCreates(m.namespace)
	asked, err := requests.Create(ctx, &containersv1.ContainerCreate{ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"}, Spec: spec})
	if err != nil {
		return "", err
	}
	line := c.newPullLine(false)
	defer line.end()
	for e, err := range requests.Watch(ctx, asked.Name) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return "", err
		}
		if e.Type == watch.Bookmark {
			continue
		}
		if e.Type == watch.Deleted {
			break
		}
		now := e.Object.Status
		line.show(now.Progress)
		if failed := condition.Get(now.Conditions, containersv1.ConditionFailed); failed.Status == metav1.ConditionTrue {
			line.end()
			c.report(&plainError{failed.Message, ""})
			if now.ContainerID != "" {
				return "", exitCode(codeOfStart(failed.Message))
			}
			return "", exitCode(exitNotRun)
		}
		if condition.IsTrue(now.Conditions, containersv1.ConditionComplete) {
			line.end()
			for _, w := range now.Warnings {
				c.say("WARNING: %s", w)
			}
			return now.ContainerID, nil
		}
	}
	if ctx.Err() != nil {
		if err := withdraw(ctx, requests, asked.Name); err != nil {
			return "", err
		}
		return "", &plainError{"interrupted; the request for the container is cancelled.", "`berth container ls -a` shows whether it was made."}
	}
	return "", &plainError{"the request for the container went away.", "`berth container ls -a` shows whether it was made."}
}

// appeared waits until a container that was made is mirrored.
func appeared(ctx context.Context, m mirrored, id string) (*container, error) {
	limited, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	for e, err := range m.Containers(m.namespace).Watch(limited, id) {
		if err != nil {
			return nil, err
		}
		if e.Type == watch.Added || e.Type == watch.Modified {
			return e.Object, nil
		}
	}
	return nil, limited.Err()
}

// hasTerminal asks whether a container has one: the mirror does not know.
func (c *CLI) hasTerminal(ctx context.Context, m mirrored, o *container) (bool, error) {
	text, err := containerThings().ask(ctx, m, o, "inspect")
	if err != nil {
		return false, err
	}
	var said struct{ Config struct{ Tty bool } }
	return said.Config.Tty, json.Unmarshal(text, &said)
}
