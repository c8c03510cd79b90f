package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// logQuery is what `logs` was asked for.
type logQuery struct {
	follow, timestamps, details bool
	tail, since, until          string
}

func (c *CLI) containerLogsCommand() *cobra.Command {
	cmd := c.logsCommand()
	cmd.Use, cmd.Short, cmd.Args = "logs CONTAINER", "The log of a container", cobra.ExactArgs(1)
	return cmd
}

// logsCommand shows a container's log, or without one Berth's own.
func (c *CLI) logsCommand() *cobra.Command {
	var q logQuery
	cmd := &cobra.Command{
		Use: "logs [CONTAINER]", Short: "The log of a container, or Berth's own", Args: cobra.MaximumNArgs(1), ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := q.values(time.Now())
			if err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			if len(args) == 0 {
				if q.since != "" || q.until != "" || q.details || q.timestamps {
					return &usageError{err: errors.New("without a container this is Berth's own log, which is shown with --tail and --follow only"), command: cmd.CommandPath()}
				}
				return c.ownLog(cmd.Context(), q)
			}
			return c.withContainer(cmd.Context(), args[0], func(ctx context.Context, m mirrored, o *container) error {
				return c.copyLog(ctx, m, o, query)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&q.follow, "follow", "f", false, "go on as it grows")
	f.BoolVarP(&q.timestamps, "timestamps", "t", false, "begin each line with its time")
	f.StringVarP(&q.tail, "tail", "n", "all", "only so many lines from the end")
	f.StringVar(&q.since, "since", "", "only what is younger: a duration such as 10m, or a time such as 2006-01-02T15:04:05Z")
	f.StringVar(&q.until, "until", "", "only what is older, said in the same way")
	f.BoolVar(&q.details, "details", false, "begin each line with what the container's log options add")
	return likeDocker(cmd)
}

func (q logQuery) values(now time.Time) (url.Values, error) {
	v := url.Values{"format": {"json"}, "follow": {strconv.FormatBool(q.follow)}, "timestamps": {strconv.FormatBool(q.timestamps)}, "details": {strconv.FormatBool(q.details)}}
	if q.tail != "all" && q.tail != "-1" {
		if n, err := strconv.Atoi(q.tail); err != nil || n < 0 {
			return nil, fmt.Errorf("--tail %s: use a number of lines, or all", q.tail)
		}
		v.Set("tailLines", q.tail)
	}
	for name, text := range map[string]string{"since": q.since, "until": q.until} {
		if text == "" {
			continue
		}
		at, err := moment(text, now)
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", name, text, err)
		}
		v.Set(name+"Time", at.UTC().Format(time.RFC3339Nano))
	}
	return v, nil
}

// moment reads a time as docker users write it.
func moment(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.UnixMilli(int64(seconds * 1000)), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("use a duration such as 10m, or a time such as 2006-01-02T15:04:05Z")
}

// copyLog keeps the two streams apart, as docker does. The container's bytes are its own: they reach the terminal as they are.
func (c *CLI) copyLog(ctx context.Context, m mirrored, o *container, query url.Values) error {
	body, err := m.Containers(m.namespace).Ask(ctx, o.Name, "log", query)
	if err != nil {
		return err
	}
	defer body.Close()
	out, errs := bufio.NewWriter(c.cfg.Stdout), bufio.NewWriter(c.cfg.Stderr)
	in := bufio.NewReaderSize(body, 64<<10)
	for dec := json.NewDecoder(in); ; {
		var line stream.LogLine
		switch err := dec.Decode(&line); {
		case errors.Is(err, io.EOF):
			return errors.Join(out.Flush(), errs.Flush())
		case err != nil:
			return errors.Join(cut(ctx, err), out.Flush(), errs.Flush())
		}
		to := out
		if line.Stream == "stderr" {
			to = errs
		}
		if query.Get("timestamps") == "true" {
			_, _ = to.WriteString(line.Time.Format("2006-01-02T15:04:05.000000000Z07:00") + " ") // Flush tells what went wrong
		}
		_, _ = to.WriteString(line.Line)
		if line.Cut > 0 {
			_, _ = fmt.Fprintf(to, " … (%d more bytes)", line.Cut)
		}
		_ = to.WriteByte('\n')
		if in.Buffered() == 0 {
			if err := errors.Join(out.Flush(), errs.Flush()); err != nil {
				return err
			}
		}
	}
}

// cut tells why a stream ended early.
func cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitCode(exitInterrupted)
	}
	return fmt.Errorf("the daemon ended the stream: %w", err)
}

// withContainer does something with the one container that arg names.
func (c *CLI) withContainer(ctx context.Context, arg string, do func(context.Context, mirrored, *container) error) error {
	m, err := c.mirror(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	all, err := m.Containers(m.namespace).List(ctx)
	if err != nil {
		return err
	}
	o, err := find(all, arg)
	if err != nil {
		return err
	}
	return do(ctx, m, o)
}

// ownLog shows the daemon's log, whether or not one runs.
func (c *CLI) ownLog(ctx context.Context, q logQuery) error {
	p, err := c.paths()
	if err != nil {
		return err
	}
	file, err := os.Open(p.DaemonLog())
	if errors.Is(err, os.ErrNotExist) {
		return &plainError{"Berth has no log yet.", "`berth start` starts it."}
	}
	if err != nil {
		return fmt.Errorf("open Berth's log: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(file) // it is rotated, and so small
	if err != nil {
		return fmt.Errorf("read Berth's log: %w", err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if n, err := strconv.Atoi(q.tail); err == nil && n >= 0 {
		lines = lines[max(0, len(lines)-1-n):]
	}
	if _, err := io.WriteString(c.cfg.Stdout, strings.Join(lines, "")); err != nil || !q.follow {
		return err
	}
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return exitCode(exitInterrupted)
		case <-poll.C:
			if _, err := io.Copy(c.cfg.Stdout, file); err != nil {
				return err
			}
		}
	}
}
