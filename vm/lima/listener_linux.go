package lima

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listenerOn names the program that listens on a local port; empty if it cannot be seen.
func listenerOn(address string) string {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return ""
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listening(table, fmt.Sprintf(":%04X", port)); inode != "" {
			return ownerOf("socket:[" + inode + "]")
		}
	}
	return ""
}

// listening finds the inode of the socket that listens on the port.
func listening(table, port string) string {
	f, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		w := strings.Fields(lines.Text())
		if len(w) > 9 && strings.HasSuffix(w[1], port) && w[3] == "0A" {
			return w[9]
		}
	}
	return ""
}

func ownerOf(socket string) string {
	all, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, fd := range all {
		if to, err := os.Readlink(fd); err == nil && to == socket {
			pid := strings.Split(fd, "/")[2]
			name, err := os.ReadFile("/proc/" + pid + "/comm")
			if err != nil {
				return ""
			}
			return fmt.Sprintf("%s (process %s)", plain(name), pid)
		}
	}
	return ""
}
