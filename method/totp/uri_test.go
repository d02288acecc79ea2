package totp

import (
	"net/url"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan"
)

func TestURI(t *testing.T) {
	d, err := New().Enrol(nidan.Enrolment{Issuer: "Example VPN", Account: "alice+vpn@example.com"}, noon, fixed{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "otpauth://totp/Example%20VPN:alice%2Bvpn%40example.com" +
		"?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example%20VPN&algorithm=SHA1&digits=6&period=30"
	if d.Handout.URI != want {
		t.Errorf("got  %s\nwant %s", d.Handout.URI, want)
	}
	if d.Handout.Key != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("key %s", d.Handout.Key)
	}
}

// Whatever the names are, an app gets back these, and nothing else.
func TestURINames(t *testing.T) {
	for _, names := range [][2]string{
		{"Example", "alice@example.com"},
		{"100% & more?", "a/b#c=d;e,f"},
		{"例の会社", "ありす@例え.jp"},
		{"x&secret=AAAA", "y?issuer=evil&digits=8"},
		{" padded ", "a b+c"},
		{"\"<script>\n", "\\'"},
	} {
		raw := uri(names[0], names[1], "KEY")
		if strings.ContainsAny(raw, " +\"'<>\\\n") {
			t.Errorf("%q is not escaped", raw)
		}
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/"+names[0]+":"+names[1] {
			t.Errorf("%q reads as label %q", raw, u.Path)
		}
		q := u.Query()
		want := url.Values{"secret": {"KEY"}, "issuer": {names[0]}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
		if q.Encode() != want.Encode() {
			t.Errorf("%q reads as %v", raw, q)
		}
	}
}

func TestURIHasOneColonInItsLabel(t *testing.T) {
	u, err := url.Parse(uri("Acme: Mail", "urn:alice", "KEY"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/Acme Mail:urnalice" || u.Query().Get("issuer") != "Acme Mail" {
		t.Errorf("%s", u)
	}
}
