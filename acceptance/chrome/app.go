package chrome

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// An App is an entry in an authenticator: what somebody else's programs make
// of the code that was scanned.
type App struct {
	r       *rig.Rig
	URI     string
	Key     string
	Issuer  string
	Account string
}

// Scan reads the QR code from a picture of the screen, if it is on it.
func (t *Tab) Scan() App {
	t.T.Helper()
	path := filepath.Join(t.T.TempDir(), "screen.png")
	if err := os.WriteFile(path, t.Picture(), 0o600); err != nil {
		t.T.Fatal(err)
	}
	uri := run(t.T, "zbar-tools", nil, "zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path)
	return t.App(strings.TrimSuffix(uri, "\n"))
}

// App is what an authenticator makes of an otpauth address.
func (t *Tab) App(uri string) App {
	t.T.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.T.Fatalf("an authenticator can do nothing with %q", uri)
	}
	issuer, account, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	key := t.r.Secret("a key", u.Query().Get("secret"))
	t.r.Secret("an otpauth address", uri)
	return App{r: t.r, URI: uri, Key: key, Issuer: issuer, Account: account}
}

// Code is what the app shows now, by the test's clock.
func (a App) Code() string { return a.At(a.r.Clock.Wall()) }

// At is what oathtool shows at a time.
func (a App) At(at time.Time) string {
	a.r.T.Helper()
	return strings.TrimSpace(run(a.r.T, "oathtool", nil, "oathtool", "--totp", "-b", "-N", fmt.Sprintf("@%d", at.Unix()), a.Key))
}

// Second is what another, independent authenticator makes of the same address:
// who issued it, for which account, and the code it shows now.
func (a App) Second() (issuer, account, code string) {
	a.r.T.Helper()
	const script = `import sys, pyotp
u = pyotp.parse_uri(sys.argv[1])
print(u.issuer, u.name, u.at(int(sys.argv[2])), sep="\n")`
	out := run(a.r.T, "python3-pyotp", nil, "/usr/bin/python3", "-c", script, a.URI, fmt.Sprint(a.r.Clock.Wall().Unix()))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		a.r.T.Fatalf("pyotp says %q", out)
	}
	return lines[0], lines[1], lines[2]
}

// Wrong is a code that the app shows at no time near.
func (a App) Wrong() string { return a.r.Phone(a.Key).Wrong() }

// A Safe is a password manager on the computer, which also keeps the key.
type Safe struct {
	r    *rig.Rig
	path string
}

const safeWord = "safe\n"

// Safe makes a database of KeePassXC with the entry in it.
func (a App) Safe() Safe {
	a.r.T.Helper()
	dir := a.r.T.TempDir()
	s := Safe{a.r, filepath.Join(dir, "safe.kdbx")}
	var uri bytes.Buffer
	if err := xml.EscapeText(&uri, []byte(a.URI)); err != nil {
		a.r.T.Fatal(err)
	}
	export := `<?xml version="1.0" encoding="UTF-8"?><KeePassFile><Root><Group><Name>Root</Name><Entry>` +
		`<String><Key>Title</Key><Value>My Page</Value></String>` +
		`<String><Key>otp</Key><Value>` + uri.String() + `</Value></String></Entry></Group></Root></KeePassFile>`
	if err := os.WriteFile(dir+"/export.xml", []byte(export), 0o600); err != nil {
		a.r.T.Fatal(err)
	}
	run(a.r.T, "keepassxc", strings.NewReader(safeWord+safeWord), "keepassxc-cli", "import", "-p", dir+"/export.xml", s.path)
	return s
}

// Code is what KeePassXC shows. It reads the machine's clock.
func (s Safe) Code() string {
	s.r.T.Helper()
	return strings.TrimSpace(run(s.r.T, "keepassxc", strings.NewReader(safeWord), "keepassxc-cli", "show", "-q", "-t", s.path, "My Page"))
}

// run runs a program of a Debian package and returns what it says.
func run(t testing.TB, pkg string, in io.Reader, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s (apt-get install %s): %v\n%s", name, pkg, err, errs.String())
	}
	return out.String()
}
