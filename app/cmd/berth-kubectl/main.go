// Command berth-kubectl is stock kubectl: what `berth ctl` runs. It is a program of its own so that the daemon does not
// carry it in its memory.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints it and exits
		os.Exit(1)
	}
}
