//go:build !windows && desktop

package indicator

// native gives the picture as it is: these systems load PNG.
func native(png []byte) []byte { return png }
