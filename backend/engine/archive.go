package engine

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/berth-desktop/berth/backend/api/stream"
)

const (
	// maxEntries is how many entries of a folder are told.
	maxEntries = 10_000
	// maxArchive and archiveTime bound what is read for them: an engine packs a folder with all that is below it.
	maxArchive  = 2 << 30
	archiveTime = 15 * time.Second
	// maxLinks is how many links are followed from one to the next.
	maxLinks = 8
)

// ErrNoFile is returned for what is asked for its bytes and has none.
var ErrNoFile = errors.New("it is no file")

// Folder lists what a container, running or not, has at a path: the entries of a folder, or a file itself. The last
// link of the path is followed.
func (c *Client) Folder(ctx context.Context, id, name string) (stream.Folder, error) {
	ctx, cancel := context.WithTimeout(ctx, archiveTime)
	defer cancel()
	out := stream.Folder{Path: name, Entries: []stream.Entry{}}
	err := c.archive(ctx, id, name, func(r io.Reader, _ bool) error {
		limited := &io.LimitedReader{R: r, N: maxArchive}
		err := listArchive(tar.NewReader(limited), &out)
		if err != nil && (limited.N <= 0 || errors.Is(ctx.Err(), context.DeadlineExceeded)) {
			out.More = true // the rest takes too long to find
			return nil
		}
		return err
	})
	return out, err
}

// listArchive takes the first level out of an archive whose entries all begin with the name of the folder.
func listArchive(r *tar.Reader, out *stream.Folder) error {
	for root, listed := "", map[string]bool{}; ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		full := strings.TrimSuffix(h.Name, "/")
		if root == "" {
			if root = full + "/"; h.Typeflag != tar.TypeDir {
				out.Entries = append(out.Entries, entry(path.Base(full), h))
				return nil
			}
			continue
		}
		name := strings.TrimPrefix(full, root)
		if name == full || name == "" || strings.Contains(name, "/") || listed[name] {
			continue
		}
		if len(out.Entries) == maxEntries {
			out.More = true
			return nil
		}
		listed[name] = true
		out.Entries = append(out.Entries, entry(name, h))
	}
}

func entry(name string, h *tar.Header) stream.Entry {
	e := stream.Entry{
		Name: name, Type: stream.TypeOther, Size: h.Size, Mode: h.FileInfo().Mode().String(), Modified: h.ModTime,
		Owner: fmt.Sprintf("%d:%d", h.Uid, h.Gid),
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeLink: // the other name of a file that came before
		e.Type = stream.TypeFile
	case tar.TypeDir:
		e.Type = stream.TypeFolder
	case tar.TypeSymlink:
		e.Type, e.Target = stream.TypeLink, h.Linkname
	}
	return e
}

// StatFile tells what a container, running or not, has at a path, without following a link there.
func (c *Client) StatFile(ctx context.Context, id, name string) (stream.Entry, error) {
	seen, err := c.moby.ContainerStatPath(ctx, id, client.ContainerStatPathOptions{Path: name})
	if err != nil {
		return stream.Entry{}, done("look at "+name+" of container", id, err)
	}
	e := stream.Entry{
		Name: seen.Stat.Name, Type: stream.TypeOther, Size: seen.Stat.Size, Mode: seen.Stat.Mode.String(), Modified: seen.Stat.Mtime,
		Target: seen.Stat.LinkTarget,
	}
	switch mode := seen.Stat.Mode; {
	case mode.IsRegular():
		e.Type = stream.TypeFile
	case mode.IsDir():
		e.Type = stream.TypeFolder
	case mode&fs.ModeSymlink != 0:
		e.Type = stream.TypeLink
	}
	return e, nil
}

// Unpack puts what is in a tar into a folder of a container, running or not. A file never takes the place of a folder, nor
// a folder that of a file. With owners, those are the container's user.
func (c *Client) Unpack(ctx context.Context, id, folder string, owners bool, from io.Reader) error {
	_, err := c.moby.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: folder, Content: from, CopyUIDGID: owners})
	return done("copy to container", id, err)
}

// File hands a file's size and bytes to read. The last link of the path is followed.
func (c *Client) File(ctx context.Context, id, name string, read func(size int64, r io.Reader) error) error {
	return c.archive(ctx, id, name, func(r io.Reader, regular bool) error {
		if !regular {
			return ErrNoFile
		}
		files := tar.NewReader(r)
		h, err := files.Next()
		if err != nil {
			return err
		}
		return read(h.Size, files)
	})
}

// Archive hands a file, or a folder with all below it, to read as tar. With follow, the last link of the path is followed.
func (c *Client) Archive(ctx context.Context, id, name string, follow bool, read func(r io.Reader) error) error {
	links := 0
	if follow {
		links = maxLinks
	}
	return c.archiveFollowing(ctx, id, name, links, func(r io.Reader, _ bool) error { return read(r) })
}

// archive asks for what is at a path, or at the end of the link that is there.
func (c *Client) archive(ctx context.Context, id, name string, read func(r io.Reader, regular bool) error) error {
	return c.archiveFollowing(ctx, id, name, maxLinks, read)
}

func (c *Client) archiveFollowing(ctx context.Context, id, name string, most int, read func(r io.Reader, regular bool) error) error {
	escaped, err := segment(id)
	if err != nil {
		return fmt.Errorf("read files of container %s: %w", short(id), err)
	}
	for links := 0; ; links++ {
		res, err := c.open(ctx, "/containers/"+escaped+"/archive?path="+url.QueryEscape(name))
		if err != nil {
			return fmt.Errorf("read %s of container %s: %w", name, short(id), err)
		}
		mode, target := pathStat(res)
		if mode&fs.ModeSymlink != 0 && target != "" && target != name && links < most {
			_ = res.Body.Close() // the link itself is not wanted
			name = target
			continue
		}
		defer res.Body.Close()
		if err := read(res.Body, mode.IsRegular()); err != nil {
			return fmt.Errorf("read %s of container %s: %w", name, short(id), err)
		}
		return nil
	}
}

// pathStat is what the engine says of a path before its archive.
func pathStat(res *http.Response) (mode fs.FileMode, target string) {
	var said struct {
		Mode       fs.FileMode `json:"mode"`
		LinkTarget string      `json:"linkTarget"`
	}
	text, err := base64.StdEncoding.DecodeString(res.Header.Get("X-Docker-Container-Path-Stat"))
	if err != nil || json.Unmarshal(text, &said) != nil {
		return fs.ModeIrregular, ""
	}
	return said.Mode, said.LinkTarget
}
