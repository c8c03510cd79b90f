// Command berth-desktop is Berth's window.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/berth-desktop/berth/app"
	"github.com/berth-desktop/berth/frontend"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := app.Run(context.Background(), frontend.Dist(), version, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "berth-desktop:", err)
		os.Exit(app.ExitCode(err))
	}
}
