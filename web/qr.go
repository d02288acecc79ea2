package web

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the white border that readers need, in modules (ISO/IEC 18004).
const quiet = 4

// A qrCode is a QR code as one path of an SVG, a unit to the module.
type qrCode struct {
	Size int // with the quiet zone
	Path string
}

// newQR encodes at level M: about 15 % may be damaged.
func newQR(content string) (qrCode, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return qrCode{}, fmt.Errorf("web: draw a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	var b strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			if !dark(x, y) {
				continue
			}
			from := x
			for x < size && dark(x, y) {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	return qrCode{Size: size + 2*quiet, Path: b.String()}, nil
}
