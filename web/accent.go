package web

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// A colour is one of sRGB, each part from 0 to 1.
type colour [3]float64

// The colours that an accent has to be read against; nidan.css has them too, and
// a test compares.
var (
	paperLight = colour{0xfa / 255.0, 0xf8 / 255.0, 0xf4 / 255.0}
	sheetDark  = colour{0x1e / 255.0, 0x21 / 255.0, 0x24 / 255.0}
	white      = colour{1, 1, 1}
	inkOnLight = colour{0x10 / 255.0, 0x21 / 255.0, 0x1c / 255.0}
)

// readable is the contrast that text needs (WCAG 2.2, 1.4.3).
const readable = 4.5

// accentLine is the rule of nidan.css that a brand's accent takes the place of.
var accentLine = []byte("--accent: light-dark(#2f5d50, #8fc9b4);")

// parseColour reads #rrggbb.
func parseColour(s string) (colour, error) {
	var c colour
	if len(s) != 7 || s[0] != '#' {
		return c, errors.New("write it like #2f5d50")
	}
	for i := range c {
		n, err := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return c, errors.New("write it like #2f5d50")
		}
		c[i] = float64(n) / 255
	}
	return c, nil
}

// String writes #rrggbb.
func (c colour) String() string {
	n := func(f float64) uint8 { return uint8(math.Round(f * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", n(c[0]), n(c[1]), n(c[2]))
}

// luminance is WCAG 2.2's relative luminance.
func (c colour) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		if l[i] = v / 12.92; v > 0.04045 {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is WCAG 2.2's contrast ratio, 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// CheckAccent reports whether a colour can be a brand's accent: links and
// buttons in it have to be readable on light pages (WCAG 2.2, 1.4.3). For dark
// pages it is lightened until it is.
func CheckAccent(s string) error {
	_, _, err := accents(s)
	return err
}

func accents(s string) (light, dark colour, err error) {
	if light, err = parseColour(s); err != nil {
		return light, dark, fmt.Errorf("%q is no colour: %w", s, err)
	}
	least := min(contrast(light, paperLight), contrast(light, white))
	if least < readable {
		return light, dark, fmt.Errorf("%s is too light: its contrast with the page is %.1f to 1, and links need %.1f; take a darker one", s, least, readable)
	}
	dark = light
	for contrast(dark, sheetDark) < readable || contrast(dark, inkOnLight) < readable {
		for i := range dark {
			dark[i] += (1 - dark[i]) * 0.04
		}
	}
	return light, dark, nil
}

// accented puts a brand's accent into the style sheet; empty: ours stays.
func accented(css []byte, accent string) ([]byte, error) {
	if accent == "" {
		return css, nil
	}
	light, dark, err := accents(accent)
	if err != nil {
		return nil, fmt.Errorf("web: the accent %w", err)
	}
	if bytes.Count(css, accentLine) != 1 {
		return nil, errors.New("web: nidan.css has no line for the accent")
	}
	return bytes.Replace(css, accentLine, fmt.Appendf(nil, "--accent: light-dark(%s, %s);", light, dark), 1), nil
}
