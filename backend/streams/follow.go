package streams

import (
	"context"
	"time"

	"github.com/berth-desktop/berth/backend/api/stream"
	"github.com/berth-desktop/berth/backend/engine"
)

// follow carries the output until it ends, and gives the process's exit code.
func (t *talk) follow(ctx context.Context, process *engine.Session) (int, error) {
	defer close(t.over)
	err := process.Output(func(stderr bool, text []byte) error {
		if t.hasRung() {
			return nil
		}
		channel := stream.ChannelStdout
		if stderr {
			channel = stream.ChannelStderr
		}
		err := t.window.take(ctx, len(text))
		if err == nil {
			err = t.send(channel, text, writeDeadline)
		}
		if err != nil {
			t.hearOut()
		}
		if t.hasRung() {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return process.ExitCode(ctx)
}

func (t *talk) hasRung() bool {
	select {
	case <-t.rung:
		return true
	default:
		return false
	}
}

// hearOut lets listen hear the rest from a client that takes no more: whether it wants the process to go on, or to be
// hung up on, which must be done before the session is closed.
func (t *talk) hearOut() {
	_ = t.conn.SetReadDeadline(time.Now().Add(lastWords)) // it may be closed
	select {
	case <-t.heard:
	case <-time.After(lastWords):
	}
}

// outlast waits for the end of what was hung up on. An engine that finds its own end of the connection closed, because
// the process still writes, lets go of the other as well, and of what it has not read of it: the hang-up itself.
func (t *talk) outlast(ctx context.Context) {
	select {
	case <-t.over:
	case <-time.After(lastWords):
	case <-ctx.Done():
	}
}
