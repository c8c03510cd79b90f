//go:build darwin || windows

package cli

// words start the tray, which starts the daemon, or the daemon alone where there is no tray. These systems always show
// icons.
func (l login) words() []string {
	if l.tray != "" {
		return []string{l.tray}
	}
	return []string{l.program, "serve", "--background"}
}
