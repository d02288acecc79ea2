package web

import (
	"math"
	"regexp"
	"strings"
	"testing"
)

// Ratios of WCAG's own definition: black on white is 21 to 1, and #767676 the
// lightest grey that is readable on white.
func TestContrast(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#767676", "#ffffff", 4.54}, {"#0000ff", "#ffffff", 8.59}} {
		a, errA := parseColour(x.a)
		b, errB := parseColour(x.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := contrast(a, b); math.Abs(got-x.want) > 0.01 {
			t.Errorf("%s on %s: %.2f, want %.2f", x.a, x.b, got, x.want)
		}
	}
}

func TestAccents(t *testing.T) {
	for _, s := range []string{"#2f5d50", "#0050b3", "#000000", "#a3271f", "#5b2a86"} {
		light, dark, err := accents(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if light.String() != s {
			t.Errorf("%s became %s", s, light)
		}
		if contrast(dark, sheetDark) < readable || contrast(dark, inkOnLight) < readable {
			t.Errorf("%s: %s cannot be read on dark pages", s, dark)
		}
	}
	for s, why := range map[string]string{
		"#ffdd00": "too light", "#8fc9b4": "too light", "red": "no colour", "#12345": "no colour", "#12345g": "no colour", "#1234567": "no colour", "": "no colour",
	} {
		if err := CheckAccent(s); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", s, err, why)
		}
	}
}

// The colours that are checked against are those of the style sheet.
func TestAccentKnowsTheStyleSheet(t *testing.T) {
	css, err := staticFiles.ReadFile("static/nidan.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"paper": {paperLight.String(), ""}, "sheet": {white.String(), sheetDark.String()}, "on-accent": {white.String(), inkOnLight.String()},
	} {
		m := regexp.MustCompile(`--` + name + `: light-dark\((#\w+), (#\w+)\)`).FindStringSubmatch(string(css))
		if m == nil || m[1] != want[0] || want[1] != "" && m[2] != want[1] {
			t.Errorf("--%s is %v, and the check thinks %v", name, m, want)
		}
	}
	changed, err := accented(css, "#0050b3")
	if err != nil || !strings.Contains(string(changed), "--accent: light-dark(#0050b3, ") {
		t.Errorf("the accent is not in the style sheet: %v", err)
	}
}

func TestLogo(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	for name, file := range map[string][]byte{
		".png": png, ".svg": []byte("\ufeff <svg xmlns='http://www.w3.org/2000/svg'/>"),
	} {
		if ext, err := logoKind(file); ext != name || err != nil {
			t.Errorf("%q is a %s, %v", file[:8], ext, err)
		}
	}
	for _, file := range [][]byte{nil, []byte("GIF89a"), []byte("<html><svg>"), append(png, make([]byte, maxLogo)...)} {
		if CheckLogo(file) == nil {
			t.Errorf("%.8q passes as a logo", file)
		}
	}
}
