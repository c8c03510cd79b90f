// Command berth-kubectl is stock kubectl. `berth ctl` runs it with Berth's kubeconfig; it is a program of its own so that
// the daemon need not carry it.
//
// `kubectl version` wants the version of the libraries that it was built from, which only the linker can tell it:
//
//	go build -trimpath -tags grpcnotrace -ldflags "-s -w
//	  -X k8s.io/component-base/version.gitVersion=v1.37.2
//	  -X k8s.io/component-base/version.gitMajor=1
//	  -X k8s.io/component-base/version.gitMinor=37" ./app/cmd/berth-kubectl
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints it as kubectl does, and exits
	}
}
