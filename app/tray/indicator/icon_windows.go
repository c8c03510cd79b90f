//go:build desktop

package indicator

import (
	"bytes"
	"encoding/binary"
)

// native wraps a PNG of at most 256 pixels as the one picture of an icon file, which is what Windows loads.
func native(png []byte) []byte {
	const header = 22
	var ico bytes.Buffer
	side := png[19] // the low byte of the width; 0 stands for 256 in both formats
	for _, v := range []any{
		[3]uint16{0, 1, 1},
		[4]uint8{side, side, 0, 0},
		[2]uint16{1, 32},
		[2]uint32{uint32(len(png)), header},
	} {
		_ = binary.Write(&ico, binary.LittleEndian, v) // a buffer takes all
	}
	ico.Write(png)
	return ico.Bytes()
}
