package cli

import "time"

// resized says when the terminal may have another size: Windows sends no word.
func resized() (changed <-chan time.Time, stop func()) {
	t := time.NewTicker(250 * time.Millisecond)
	return t.C, t.Stop
}
