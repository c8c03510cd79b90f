package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// likeDocker has a command, and those below it, name docker's own where the user asks for what only docker has.
func likeDocker(cmd *cobra.Command) *cobra.Command {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		lacking, ok := errors.AsType[*pflag.NotExistError](err)
		if !ok {
			return err
		}
		verb := dockersVerb(cmd)
		name := lacking.GetSpecifiedName()
		if shorts := lacking.GetSpecifiedShortnames(); shorts != "" {
			name = dockersLetters(verb)[name]
		}
		if !slices.Contains(strings.Fields(dockersFlags(verb)), name) {
			return err
		}
		return fmt.Errorf("there is no --%s here, but docker has it: `docker --context berth %s --%s …`", name, verb, name)
	})
	if !cmd.HasSubCommands() {
		return cmd
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && args[0] == "prune" {
			return errors.New("what nobody uses is listed, and removed, all at once: `berth prune`")
		}
		if len(args) > 0 && slices.Contains(strings.Fields(dockersVerbs(cmd.Name())), args[0]) {
			return fmt.Errorf("%s is docker's: `docker --context berth %s %s …`", args[0], cmd.Name(), strings.Join(args, " "))
		}
		return help(cmd, args)
	}
	return cmd
}

// dockersVerb is a command as docker has it: run and exec are short for container run and container exec there, too.
func dockersVerb(cmd *cobra.Command) string {
	_, verb, _ := strings.Cut(cmd.CommandPath(), " ")
	if !strings.Contains(verb, " ") {
		return "container " + verb
	}
	return verb
}

// dockersVerbs are those that docker has and Berth lacks.
func dockersVerbs(group string) string {
	switch group {
	case "container":
		return "commit diff export port update wait"
	case "image":
		return "build import load save"
	case "volume":
		return "update"
	case "network":
		return "connect disconnect"
	default:
		return ""
	}
}

// dockersFlags are docker's of a verb that Berth's lacks.
func dockersFlags(verb string) string {
	switch verb {
	case "container run", "container create":
		return "annotation attach blkio-weight blkio-weight-device cgroup-parent cidfile cpu-period cpu-quota " +
			"cpu-rt-period cpu-rt-runtime device-cgroup-rule device-read-bps device-read-iops device-write-bps " +
			"device-write-iops gpus isolation link memory-swappiness oom-kill-disable runtime sig-proxy storage-opt volume-driver"
	case "container ls", "container inspect":
		return "size"
	case "container start":
		return "attach checkpoint checkpoint-dir detach-keys interactive"
	case "container attach":
		return "sig-proxy"
	case "container rm":
		return "link"
	case "container stats":
		return "all"
	case "image ls":
		return "all digests tree"
	case "image rm":
		return "no-prune platform"
	case "image push":
		return "all-tags disable-content-trust"
	case "image history", "image inspect":
		return "human platform"
	case "volume create":
		return "availability group limit-bytes required-bytes scope secret sharing topology-preferred topology-required type"
	case "network create":
		return "attachable aux-address config-from config-only ingress ipam-driver ipam-opt ipv4 scope"
	case "volume ls":
		return "cluster"
	case "volume rm", "network rm":
		return "force"
	case "network inspect":
		return "verbose"
	default:
		return ""
	}
}

// dockersLetters are the short names among dockersFlags.
func dockersLetters(verb string) map[string]string {
	switch verb {
	case "container run", "container create":
		return map[string]string{"a": "attach"}
	case "container start":
		return map[string]string{"a": "attach", "i": "interactive"}
	case "container rm":
		return map[string]string{"l": "link"}
	case "image push":
		return map[string]string{"a": "all-tags"}
	case "image history":
		return map[string]string{"H": "human"}
	case "network inspect":
		return map[string]string{"v": "verbose"}
	default:
		return map[string]string{"s": "size", "a": "all", "f": "force"}
	}
}
