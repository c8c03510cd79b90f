package native

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm/internal/docker"
)

// An engine gets its networks from this range, in pieces of poolBits. An installed Docker and its like begin at
// 172.17.0.0; our own bridge is looked for from the other end.
const (
	pool     = "172.24.0.0/13"
	poolBits = 20
)

func (l layout) bridge() string { return "berth-" + l.mark() }

// ensureBridge makes the link that containers without a network of their own are attached to, and returns its range.
// dockerd makes only docker0 by itself, and that one belongs to the Docker that is installed.
func ensureBridge(name string) (netip.Prefix, error) {
	ifc, err := net.InterfaceByName(name)
	if err == nil {
		if p, ok := firstIPv4(ifc); ok {
			return p, nil
		}
	}
	used, err := usedRanges()
	if err != nil {
		return netip.Prefix{}, err
	}
	free, err := freeRange(used)
	if err != nil {
		return netip.Prefix{}, err
	}
	if ifc == nil {
		if err := linkControl(name, unix.SIOCBRADDBR, nil); err != nil {
			return netip.Prefix{}, fmt.Errorf("make the bridge %s: %w", name, err)
		}
	}
	if err := address(name, free); err != nil {
		return netip.Prefix{}, errors.Join(fmt.Errorf("give the bridge %s the address %s: %w", name, free.Addr().Next(), err), removeBridge(name))
	}
	return free, nil
}

// address gives a bridge the first address of its range and brings it up.
func address(name string, r netip.Prefix) error {
	mask := net.CIDRMask(r.Bits(), 32)
	return errors.Join(
		linkControl(name, unix.SIOCSIFADDR, func(q *unix.Ifreq) error { return q.SetInet4Addr(r.Addr().Next().AsSlice()) }),
		linkControl(name, unix.SIOCSIFNETMASK, func(q *unix.Ifreq) error { return q.SetInet4Addr(mask) }),
		linkControl(name, unix.SIOCSIFFLAGS, func(q *unix.Ifreq) error { q.SetUint16(unix.IFF_UP); return nil }),
	)
}

// removeBridge removes a bridge that nothing is attached to any more. A link that is no bridge is not ours.
func removeBridge(name string) error {
	members, err := os.ReadDir(filepath.Join("/sys/class/net", name, "brif"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the bridge %s: %w", name, err)
	}
	if len(members) > 0 {
		return fmt.Errorf("the bridge %s is still used by %d links", name, len(members))
	}
	down := linkControl(name, unix.SIOCSIFFLAGS, func(q *unix.Ifreq) error { q.SetUint16(0); return nil })
	if err := errors.Join(down, linkControl(name, unix.SIOCBRDELBR, nil)); err != nil {
		return fmt.Errorf("remove the bridge %s: %w", name, err)
	}
	return nil
}

// linkControl is one ioctl on a link. The bridge calls read only the name, with which an Ifreq begins.
func linkControl(name string, call uint, fill func(*unix.Ifreq) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if fill != nil {
		if err := fill(req); err != nil {
			return err
		}
	}
	return unix.IoctlIfreq(fd, call, req)
}

// freeRange finds a piece of the pool that nothing on this machine uses or routes to, from the pool's end.
func freeRange(used []netip.Prefix) (netip.Prefix, error) {
	whole := netip.MustParsePrefix(pool)
	first := whole.Addr().As4()
	base := uint32(first[0])<<24 | uint32(first[1])<<16 | uint32(first[2])<<8 | uint32(first[3])
	for i := 1<<(poolBits-whole.Bits()) - 1; i >= 0; i-- {
		n := base + uint32(i)<<(32-poolBits)
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), poolBits)
		if !slices.ContainsFunc(used, p.Overlaps) {
			return p, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("every network of %s is in use on this machine", pool)
}

// usedRanges are the IPv4 ranges that this machine has an address in or a route to; the default route is none.
func usedRanges() ([]netip.Prefix, error) {
	ifcs, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	var used []netip.Prefix
	for i := range ifcs {
		if p, ok := firstIPv4(&ifcs[i]); ok {
			used = append(used, p)
		}
	}
	f, err := os.Open("/proc/net/route")
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if p, ok := routeRange(s.Text()); ok {
			used = append(used, p)
		}
	}
	return used, nil
}

// routeRange reads destination and mask of a line of /proc/net/route, which are hexadecimal, lowest byte first.
func routeRange(line string) (netip.Prefix, bool) {
	f := strings.Fields(line)
	if len(f) < 8 {
		return netip.Prefix{}, false
	}
	dst, err := hex.DecodeString(f[1])
	mask, merr := hex.DecodeString(f[7])
	if err != nil || merr != nil || len(dst) != 4 || len(mask) != 4 {
		return netip.Prefix{}, false
	}
	ones, _ := net.IPv4Mask(mask[3], mask[2], mask[1], mask[0]).Size()
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{dst[3], dst[2], dst[1], dst[0]}), ones), ones > 0
}

func firstIPv4(ifc *net.Interface) (netip.Prefix, bool) {
	addrs, err := ifc.Addrs()
	if err != nil {
		return netip.Prefix{}, false // it has gone since it was listed
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			return p.Masked(), true
		}
	}
	return netip.Prefix{}, false
}

// defaultNetwork describes our bridge as docker will list it.
func (l layout) defaultNetwork(r netip.Prefix) docker.Network {
	return docker.Network{Bridge: l.bridge(), Subnets: []netip.Prefix{r}, Masquerade: true, Talk: true}
}
