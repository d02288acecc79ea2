// Package pictures takes the pictures of the README's tour: a person turns
// two-step verification on and logs in with it. The clock and the randomness
// are the test's own, so that a picture changes only when a page does.
//
//	NIDAN_PICTURES=$PWD/docs/pictures go test -count=1 ./acceptance/pictures
//
// Without the variable they are taken as well, to see that they can be.
package pictures

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/chrome"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

// A screen is what a page of the tour is looked at on. What is further down
// than tallest is cut off.
type screen struct {
	name    string
	tallest int
	options []chrome.Option
}

var (
	desk      = screen{"", 1000, []chrome.Option{chrome.Sized(960, 640, 1)}}
	deskDark  = screen{"-dark", 1000, []chrome.Option{chrome.Sized(960, 640, 1), chrome.Dark}}
	phone     = screen{"-phone", 1250, []chrome.Option{chrome.Phone, chrome.Sized(390, 720, 1.5)}}
	phoneDark = screen{"-phone-dark", 1250, []chrome.Option{chrome.Phone, chrome.Sized(390, 720, 1.5), chrome.Dark}}
)

// limit is how many bytes a picture may have: they are kept in the repository.
const limit = 60 << 10

func TestPictures(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	dir := os.Getenv("NIDAN_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := rig.New(t, func(c *server.Config) {
		c.BrandName, c.BrandArea = "Example VPN", "My Page"
		c.BrandHome, c.BrandSupport = "https://vpn.example.com/account", "help@vpn.example.com"
	})
	tab := chrome.Open(r)
	take := func(page string, screens ...screen) {
		t.Helper()
		for _, s := range screens {
			tab.As(append(s.options, chrome.Still)...)
			tab.Reload() // the count-down shows what it began with
			b := small(t, tab.Portrait(s.tallest))
			if len(b) > limit {
				t.Errorf("%s%s.png has %d bytes", page, s.name, len(b))
			}
			if err := os.WriteFile(filepath.Join(dir, page+s.name+".png"), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tab.As(desk.options...)
	}

	const name, password = "mina@example.com", "correct mare with battery"
	tab.Go(r.Link(nidan.TicketInvite, name))
	tab.Fill("New password", r.Secret("a password", password))
	tab.Press("Create the account")
	tab.Go("/login")
	take("login", desk, phone)
	tab.Fill("E-mail address", name)
	tab.Fill("Password", password)
	tab.Press("Log in")
	tab.Press("Turn on")
	tab.Press("Get started")
	take("scan", desk, phone)
	app := tab.Scan()
	tab.Fill("6-digit code", app.Code())
	tab.Press("Continue")
	take("codes", desk, phone)
	codes := tab.List("codes")
	for _, c := range codes {
		r.Secret("a backup code", c)
	}
	tab.Tick("I have saved them in a safe place")
	tab.Press("Complete")

	later := func(d time.Duration) {
		t.Helper()
		r.Clock.Advance(d)
		tab.Go("/login")
		tab.Fill("E-mail address", name)
		tab.Fill("Password", password)
		tab.Press("Log in")
	}
	later(26 * time.Hour)
	take("second-step", desk, phone, phoneDark)
	tab.Press("Use a backup code")
	tab.Fill("Backup code", codes[3])
	tab.Press("Continue")
	tab.Tick("I have saved them in a safe place")
	tab.Press("Complete")
	later(3 * time.Hour)
	tab.Fill("6-digit code", app.Code())
	tab.Press("Continue")
	tab.Expect("Security settings")
	take("security", desk, deskDark, phone)
}

// colours is how many a picture may have. What is lost are shades at the edges
// of letters.
const colours = 64

// small writes a picture in its most frequent colours and packs it as well as
// can be.
func small(t *testing.T, b []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	full := image.NewRGBA(img.Bounds())
	draw.Draw(full, full.Rect, img, img.Bounds().Min, draw.Src)
	count := make(map[color.RGBA]int)
	for i := 0; i < len(full.Pix); i += 4 {
		count[at(full, i)]++
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	p := image.NewPaletted(full.Rect, nil)
	for _, c := range all[:min(colours, len(all))] {
		p.Palette = append(p.Palette, c)
	}
	index := make(map[color.RGBA]uint8)
	for _, c := range all {
		index[c] = uint8(p.Palette.Index(c))
	}
	for i := range p.Pix {
		p.Pix[i] = index[at(full, 4*i)]
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func at(img *image.RGBA, i int) color.RGBA {
	return color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}
}
