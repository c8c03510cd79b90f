package cli

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// pack writes source, a file or a folder with all below it, as a tar in which it is called name. Without a name, only
// what is in the folder is packed. It gives how many bytes of files there are.
func pack(to io.Writer, source, name string) (written int64, err error) {
	out := tar.NewWriter(to)
	err = filepath.WalkDir(source, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, at)
		if err != nil {
			return err
		}
		inside := path.Join(name, filepath.ToSlash(below))
		if inside == "." {
			return nil
		}
		n, err := packOne(out, at, inside, d)
		written += n
		return err
	})
	return written, errors.Join(err, out.Close())
}

func packOne(out *tar.Writer, at, inside string, d fs.DirEntry) (int64, error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	if info.Mode()&fs.ModeSocket != 0 {
		return 0, nil // it means nothing anywhere else
	}
	target := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(at); err != nil {
			return 0, err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return 0, err
	}
	h.Name, h.Uname, h.Gname, h.Format = inside, "", "", tar.FormatPAX // names of this machine's accounts mean nothing there
	if info.IsDir() {
		h.Name += "/"
	}
	if err := out.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return 0, err
	}
	file, err := os.Open(at) //nolint:gosec // the user names it
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return io.CopyN(out, file, info.Size()) // one that grows meanwhile is cut at what it was
}

// unpacking writes what a container's tar holds. It is a stranger's: nothing in it leads out of the folder.
type unpacking struct {
	root    *os.Root
	owners  bool
	leftOut func(name string)
	written int64
	folders []*tar.Header // whose modes and times are set last, by their names here
}

// partSuffix ends the name of a file that is not yet whole.
const partSuffix = ".berth-part"

// unpack writes a tar whose entries are all below one, which becomes at.
func unpack(from io.Reader, at spot, owners bool, leftOut func(name string)) (written int64, err error) {
	root, err := os.OpenRoot(at.folder)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	u := &unpacking{root: root, owners: owners, leftOut: leftOut}
	top := ""
	for first, files := true, tar.NewReader(from); ; first = false {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return u.written, u.finish()
		}
		if err != nil {
			return u.written, err
		}
		if first {
			top = strings.TrimSuffix(h.Name, "/")
		}
		if h.Name, err = renamedBelow(h.Name, top, at.name); err != nil {
			return u.written, err
		}
		if h.Typeflag == tar.TypeLink {
			if h.Linkname, err = renamedBelow(h.Linkname, top, at.name); err != nil {
				return u.written, err
			}
		}
		if h.Name == "." {
			continue
		}
		if err := u.entry(h, files); err != nil {
			return u.written, err
		}
	}
}

// renamedBelow gives what is below top the name that top gets here.
func renamedBelow(name, top, now string) (string, error) {
	below, ok := strings.CutPrefix(strings.TrimSuffix(name, "/"), top)
	rest := strings.TrimPrefix(below, "/")
	if !ok || (top != "" && below != "" && rest == below) || (rest != "" && !filepath.IsLocal(filepath.FromSlash(rest))) {
		return "", fmt.Errorf("the container's tar names %q, which leads elsewhere", name)
	}
	return path.Join(".", now, rest), nil
}

func (u *unpacking) entry(h *tar.Header, content io.Reader) error {
	name := filepath.FromSlash(h.Name)
	was, err := u.root.Lstat(name)
	there := err == nil
	if there && was.IsDir() != (h.Typeflag == tar.TypeDir) {
		return fmt.Errorf("%s is there, and a file never takes the place of a folder, nor a folder that of a file", name)
	}
	if there && (h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink) {
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.folders = append(u.folders, h)
		if there {
			return nil
		}
		return u.root.Mkdir(name, 0o700)
	case tar.TypeReg:
		return u.file(name, h, content)
	case tar.TypeSymlink:
		return errors.Join(u.root.Symlink(h.Linkname, name), u.own(name, h))
	case tar.TypeLink:
		return u.root.Link(filepath.FromSlash(h.Linkname), name)
	default:
		u.leftOut(h.Name)
		return nil
	}
}

// file writes a file beside its place first: what was there stays until all of the new one is here.
func (u *unpacking) file(name string, h *tar.Header, content io.Reader) error {
	part := name + partSuffix
	file, err := u.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, content)
	u.written += n
	err = errors.Join(err, file.Close())
	if err == nil {
		err = errors.Join(u.own(part, h), u.dress(part, h))
	}
	if err == nil {
		err = u.root.Rename(part, name)
	}
	if err != nil {
		_ = u.root.Remove(part) // what went wrong before is what matters
	}
	return err
}

// dress sets a mode, without the bits that lend an owner's rights, and a time.
func (u *unpacking) dress(name string, h *tar.Header) error {
	return errors.Join(u.root.Chmod(name, h.FileInfo().Mode().Perm()), u.root.Chtimes(name, h.ModTime, h.ModTime))
}

func (u *unpacking) own(name string, h *tar.Header) error {
	if !u.owners {
		return nil
	}
	return u.root.Lchown(name, h.Uid, h.Gid)
}

// finish sets what writing into the folders would have changed or prevented, from the innermost on.
func (u *unpacking) finish() error {
	for _, h := range slices.Backward(u.folders) {
		name := filepath.FromSlash(h.Name)
		if err := errors.Join(u.own(name, h), u.dress(name, h)); err != nil {
			return err
		}
	}
	return nil
}
