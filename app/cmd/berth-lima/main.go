// Command berth-lima links Lima, so that the daemon does not have to: `berth` starts it to make and run the machine.
package main

import (
	"context"
	"os"

	"github.com/berth-desktop/berth/vm/lima/lima1"
)

func main() {
	os.Exit(lima1.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
