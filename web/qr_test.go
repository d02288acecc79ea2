package web

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestQRCodeReads draws the very path that the page holds and reads it with
// somebody else's decoder.
func TestQRCodeReads(t *testing.T) {
	for _, brand := range []string{"X", "Example%20VPN", strings.Repeat("%E4%BE%8B", 20)} {
		uri := "otpauth://totp/" + brand + ":mina%40example.kr?secret=JBSWY3DPEHPK3PXPQZ7A4KHT6F2ML5VC&issuer=" + brand + "&algorithm=SHA1&digits=6&period=30"
		code, err := newQR(uri)
		if err != nil {
			t.Fatal(err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(drawn(t, code))
		if err != nil {
			t.Fatal(err)
		}
		hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
		got, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
		if err != nil {
			t.Fatalf("%s: %v", brand, err)
		}
		if got.GetText() != uri {
			t.Errorf("reads %s", got.GetText())
		}
		if level := got.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL]; fmt.Sprint(level) != "M" {
			t.Errorf("level %v", level)
		}
	}
}

var stroke = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// drawn paints a path, and fails where the quiet zone is not white.
func drawn(t *testing.T, code qrCode) image.Image {
	t.Helper()
	if rest := stroke.ReplaceAllString(code.Path, ""); rest != "" {
		t.Fatalf("the path has %q", rest)
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, code.Size*scale, code.Size*scale))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	for _, m := range stroke.FindAllStringSubmatch(code.Path, -1) {
		n := make([]int, 4)
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		x, y, w := n[0], n[1], n[2]
		if x < quiet || y < quiet || x+w > code.Size-quiet || y >= code.Size-quiet || w != n[3] {
			t.Fatalf("%s is in the quiet zone", m[0])
		}
		draw.Draw(img, image.Rect(x*scale, y*scale, (x+w)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return img
}
