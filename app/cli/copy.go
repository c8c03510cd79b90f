package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// copying is how files are copied.
type copying struct {
	owners, follow, quiet bool
}

func (c *CLI) copyCommand() *cobra.Command {
	var o copying
	cmd := &cobra.Command{
		Use: "cp FROM TO", Short: "Copy files from a container or into it, running or not", Args: cobra.ExactArgs(2),
		Long: "Copy a file, or a folder with all below it, from a container or into it, running or not. One of FROM and TO is\n" +
			"CONTAINER:PATH and the other a path of this machine, or - for a tar on standard input or output. A folder that ends in\n" +
			"/. is copied without itself.",
		RunE: func(cmd *cobra.Command, args []string) error {
			from, inside, out := containerPath(args[0])
			to, target, in := containerPath(args[1])
			switch {
			case in && out:
				return &usageError{err: errors.New("both are containers: copy to this machine first, or through -"), command: cmd.CommandPath()}
			case !in && !out:
				return &usageError{err: errors.New("neither is a container: one of them is CONTAINER:PATH"), command: cmd.CommandPath()}
			case out && args[1] == "-" && c.terminal(c.cfg.Stdout):
				return &plainError{"a tar is nothing for a terminal.", "Send it to a file or another command."}
			case out:
				return c.withContainer(cmd.Context(), from, func(ctx context.Context, m mirrored, k *container) error {
					return c.copyOut(ctx, carrier{m, k}, o, inside, args[1])
				})
			}
			return c.withContainer(cmd.Context(), to, func(ctx context.Context, m mirrored, k *container) error {
				return c.copyIn(ctx, carrier{m, k}, o, args[0], target)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.owners, "archive", "a", false, "keep owners")
	f.BoolVarP(&o.follow, "follow-link", "L", false, "copy what FROM leads to, where it is a link")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing of what was copied")
	return cmd
}

// containerPath takes CONTAINER:PATH apart. What begins with a dot or is absolute is a path of the machine.
func containerPath(arg string) (container, inside string, ok bool) {
	container, inside, ok = strings.Cut(arg, ":")
	if !ok || container == "" || filepath.IsAbs(arg) || strings.HasPrefix(container, ".") {
		return "", "", false
	}
	return container, inside, true
}

// contents says whether what is in a folder is meant, and not the folder itself.
func contents(name string) bool {
	return name == "." || strings.HasSuffix(name, "/.") || strings.HasSuffix(name, string(filepath.Separator)+".")
}

// carrier carries files of one container.
type carrier struct {
	mirrored

	of *container
}

func (k carrier) stat(ctx context.Context, name string) (stream.Entry, error) {
	var e stream.Entry
	body, err := k.Containers(k.namespace).Ask(ctx, k.of.Name, "files", url.Values{"path": {name}, "stat": {"true"}})
	if err != nil {
		return e, err
	}
	defer body.Close()
	return e, json.NewDecoder(body).Decode(&e)
}

// said makes the engine's refusal a sentence.
func (k carrier) said(err error) error {
	if refused, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return &plainError{refused.ErrStatus.Message, ""}
	}
	return err
}

func (c *CLI) copyOut(ctx context.Context, k carrier, o copying, from, to string) error {
	found, err := k.stat(ctx, from)
	if err == nil && found.Type == stream.TypeLink && (o.follow || contents(from)) {
		found, err = k.stat(ctx, found.Target)
	}
	if err != nil {
		return k.said(err)
	}
	query := url.Values{"path": {from}, "archive": {"true"}, "follow": {strconv.FormatBool(o.follow || contents(from))}}
	body, err := k.Containers(k.namespace).Ask(ctx, k.of.Name, "files", query)
	if err != nil {
		return k.said(err)
	}
	defer body.Close()
	if to == "-" {
		_, err := io.Copy(c.cfg.Stdout, body)
		return err
	}
	at, err := placeHere(to, path.Base(path.Clean("/"+from)), found.Type == stream.TypeFolder, contents(from))
	if err != nil {
		return err
	}
	written, err := unpack(body, at, o.owners, func(name string) { c.say("%s is neither file, folder nor link, and was left out.", name) })
	if err != nil {
		return fmt.Errorf("copy to %s: %w", to, err)
	}
	c.copied(o, written, to)
	return nil
}

func (c *CLI) copied(o copying, bytes int64, to string) {
	if !o.quiet {
		c.say("Copied %s to %s.", units.HumanSizeWithPrecision(float64(bytes), 3), to)
	}
}

// spot is a folder that is there, and what the copy is called in it; nothing where it is the folder's own contents.
type spot struct{ folder, name string }

// placeHere is where on this machine a copy goes, by docker's rules.
func placeHere(to, name string, folder, contents bool) (spot, error) {
	there, err := os.Stat(to)
	switch {
	case err == nil && there.IsDir() && contents:
		return spot{to, ""}, nil
	case err == nil && there.IsDir():
		if name == "/" {
			return spot{to, ""}, nil
		}
		return spot{to, name}, nil
	case err == nil && folder:
		return spot{}, &plainError{fmt.Sprintf("%s is a file: a folder can't be copied onto it.", to), ""}
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return spot{}, err
	case err != nil && !folder && os.IsPathSeparator(to[len(to)-1]):
		return spot{}, &plainError{fmt.Sprintf("there is no folder %s.", to), ""}
	}
	at := spot{filepath.Dir(filepath.Clean(to)), filepath.Base(to)}
	if above, err := os.Stat(at.folder); err != nil || !above.IsDir() {
		return spot{}, &plainError{fmt.Sprintf("there is no folder %s.", at.folder), ""}
	}
	return at, nil
}

func (c *CLI) copyIn(ctx context.Context, k carrier, o copying, from, to string) error {
	if from == "-" {
		return k.said(k.put(ctx, o, to, c.cfg.Stdin))
	}
	source := from
	if o.follow || contents(from) {
		followed, err := filepath.EvalSymlinks(from)
		if err != nil {
			return err
		}
		source = followed
	}
	seen, err := os.Lstat(source)
	if err != nil {
		return err
	}
	whole, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	at, err := k.placeThere(ctx, to, filepath.Base(whole), seen.IsDir(), contents(from))
	if err != nil {
		return k.said(err)
	}
	read, write := io.Pipe()
	packed := make(chan error, 1)
	var written int64
	go func() {
		n, err := pack(write, source, at.name)
		written = n
		_ = write.CloseWithError(err) // it never fails
		packed <- err
	}()
	err = k.put(ctx, o, at.folder, read)
	_ = read.CloseWithError(io.ErrClosedPipe) // the engine may have refused before all was read
	if failed := <-packed; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return fmt.Errorf("copy %s: %w", from, failed)
	}
	if err != nil {
		return k.said(err)
	}
	c.copied(o, written, k.of.Status.Name+":"+to)
	return nil
}

func (k carrier) put(ctx context.Context, o copying, folder string, tar io.Reader) error {
	query := url.Values{"path": {folder}, "owners": {strconv.FormatBool(o.owners)}}
	return k.Containers(k.namespace).Tell(ctx, http.MethodPut, k.of.Name, "files", query, tar)
}

// placeThere is where in the container a copy goes, by docker's rules.
func (k carrier) placeThere(ctx context.Context, to, name string, folder, contents bool) (spot, error) {
	there, err := k.stat(ctx, to)
	if err == nil && there.Type == stream.TypeLink {
		to = there.Target
		there, err = k.stat(ctx, to)
	}
	clean := path.Clean("/" + to)
	switch {
	case err == nil && there.Type == stream.TypeFolder && contents:
		return spot{clean, ""}, nil
	case err == nil && there.Type == stream.TypeFolder:
		return spot{clean, name}, nil
	case err == nil && folder:
		return spot{}, &plainError{fmt.Sprintf("%s is a file: a folder can't be copied onto it.", to), ""}
	case err != nil && !apierrors.IsNotFound(err):
		return spot{}, err
	case err != nil && !folder && strings.HasSuffix(to, "/"):
		return spot{}, &plainError{fmt.Sprintf("there is no folder %s in container %s.", to, k.of.Status.Name), ""}
	}
	return spot{path.Dir(clean), path.Base(clean)}, nil
}
