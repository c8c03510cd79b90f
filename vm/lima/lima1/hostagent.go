package lima1

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"github.com/lima-vm/lima/pkg/hostagent"
	"github.com/lima-vm/lima/pkg/hostagent/api/server"
	"github.com/sirupsen/logrus"
)

// hostAgent runs the machine until it ends or a signal asks it to. Its flags are those of limactl's hostagent.
func hostAgent(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("hostagent", flag.ContinueOnError)
	flags.SetOutput(stderr)
	pidFile := flags.String("pidfile", "", "file to write the process' number to")
	socket := flags.String("socket", "", "socket to answer on")
	gui := flags.Bool("run-gui", false, "keep the main thread for the machine's window")
	agent := flags.String("guestagent", "", "the guest agent's program")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || *pidFile == "" || *socket == "" {
		return errors.New("hostagent needs --pidfile, --socket and a name")
	}
	logrus.SetOutput(stderr)
	logrus.SetFormatter(new(logrus.JSONFormatter))
	logrus.SetLevel(logrus.DebugLevel)
	if *gui {
		runtime.LockOSThread() // a window of vz must be run by the thread that the process began with
		defer runtime.UnlockOSThread()
	}
	if err := claim(*pidFile); err != nil {
		return err
	}
	defer os.Remove(*pidFile)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var opts []hostagent.Opt
	if *agent != "" {
		opts = append(opts, hostagent.WithGuestAgentBinary(*agent))
	}
	ha, err := hostagent.New(flags.Arg(0), &lines{w: stdout}, signals, opts...)
	if err != nil {
		return err
	}
	stop, err := answer(ctx, *socket, ha)
	if err != nil {
		return err
	}
	defer stop()
	return ha.Run(context.WithoutCancel(ctx)) // a signal ends it in order
}

// claim writes the number of this process to a file that nobody else has.
func claim(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("claim the machine: %w", err)
	}
	_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	return errors.Join(err, f.Close())
}

// answer serves Lima's API of a host agent, which tells others that the machine is up.
func answer(ctx context.Context, socket string, ha *hostagent.HostAgent) (stop func(), err error) {
	if err := os.RemoveAll(socket); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	server.AddRoutes(mux, &server.Backend{Agent: ha})
	srv := &http.Server{Handler: mux}
	var done sync.WaitGroup
	done.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logrus.WithError(err).Warn("The host agent's API ended")
		}
	})
	return func() {
		_ = srv.Close()
		done.Wait()
	}, nil
}

// lines makes events of several goroutines whole.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
