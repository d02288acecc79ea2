package server

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// shell runs the program in this process, as in an empty environment.
func shell(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Main(t.Context(), Invocation{Args: append([]string{"nidan"}, args...), Stdout: &out, Stderr: &err})
	return code, out.String(), err.String()
}

// bare takes the settings of whoever runs the tests away.
func bare(t *testing.T) {
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, envPrefix) {
			t.Setenv(name, value) // so that it comes back
			os.Unsetenv(name)
		}
	}
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nidan.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestZeroConfigIsSafe(t *testing.T) {
	s, err := Config{}.check()
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8080" || s.public.String() != "http://127.0.0.1:8080" || len(s.proxies) != 0 || s.PasswordMin != 15 {
		t.Errorf("the zero Config is %+v", s)
	}
}

func TestConfigIsSmall(t *testing.T) {
	if n := reflect.TypeFor[Config]().NumField(); n > 60 {
		t.Errorf("%d settings; a second program begins at 60", n)
	}
}

func TestConfigRefusals(t *testing.T) {
	for _, x := range []struct {
		name string
		c    Config
		want string // in the error; empty: accepted
	}{
		{"public URL with a path", Config{PublicURL: "https://example.com/nidan"}, "--public-url: must be an origin"},
		{"public URL with a query", Config{PublicURL: "https://example.com/?a"}, "--public-url: must be an origin"},
		{"public URL with a password", Config{PublicURL: "https://u:hunter2@example.com"}, "must not contain a name"},
		{"public URL without TLS", Config{PublicURL: "http://example.com"}, "must begin with https://"},
		{"public URL of another scheme", Config{PublicURL: "javascript:alert(1)"}, "has no host"},
		{"public URL on this machine", Config{PublicURL: "http://127.0.0.1:9000/"}, ""},
		{"public URL", Config{PublicURL: "https://Login.Example.com"}, ""},
		{"listen without a port", Config{Listen: "127.0.0.1"}, "--listen"},
		{"listen on a port there cannot be", Config{Listen: "127.0.0.1:70000"}, "--listen"},
		{"everybody is a proxy", Config{TLSProxy: []string{"0.0.0.0/0"}}, "too wide"},
		{"everybody is a proxy, IPv6", Config{TLSProxy: []string{"::/0"}}, "too wide"},
		{"half of IPv6", Config{TLSProxy: []string{"2000::/3"}}, "too wide"},
		{"IPv4 in IPv6", Config{TLSProxy: []string{"::ffff:10.0.0.0/104"}}, "write an IPv4 network as IPv4"},
		{"proxy by name", Config{TLSProxy: []string{"nginx"}}, "neither an address nor a network"},
		{"proxies", Config{TLSProxy: []string{"10.0.0.0/8", "fd00::/8", "192.0.2.7", " ::1 "}}, ""},
		{"brand with a colon", Config{BrandName: "a:b"}, "--brand-name: must not contain"},
		{"brand with a line", Config{BrandName: "a\nb"}, "cannot be shown"},
		{"brand too long", Config{BrandName: strings.Repeat("あ", 41)}, "longer than 40"},
		{"home without TLS", Config{BrandHome: "http://127.0.0.1/"}, "--brand-home: must begin with https://"},
		{"zone", Config{Zone: "Mars/Olympus"}, "--zone"},
		{"zone of people", Config{Zone: "Asia/Seoul"}, ""},
		{"short passwords", Config{PasswordMin: 7}, "--password-min"},
		{"long passwords", Config{PasswordMin: 65}, "--password-min"},
		{"log", Config{Log: "xml"}, "--log"},
	} {
		_, err := x.c.check()
		switch {
		case x.want == "" && err != nil:
			t.Errorf("%s: %v", x.name, err)
		case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: got %v, want …%s…", x.name, err, x.want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the message holds the password: %v", x.name, err)
		}
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := Config{PasswordMin: 1, Log: "xml", Zone: "x"}.check()
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("got %v, want three lines", err)
	}
}

func TestPrecedence(t *testing.T) {
	bare(t)
	file := writeConfig(t, `{"brand-name": "file", "brand-area": "file", "zone": "Asia/Tokyo", "password-min": 20, "tls-proxy": ["10.0.0.1", "10.0.0.2"]}`)
	t.Setenv("NIDAN_CONFIG", file)
	t.Setenv("NIDAN_BRAND_NAME", "variable")
	t.Setenv("NIDAN_BRAND_AREA", "variable")
	t.Setenv("NIDAN_ZONE", "") // as a compose file leaves one out
	code, out, errs := shell(t, "config", "--brand-name=flag")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range [][]string{
		{"brand-name", "flag", "--brand-name"},
		{"brand-area", "variable", "NIDAN_BRAND_AREA"},
		{"zone", "Asia/Tokyo", file},
		{"password-min", "20", file},
		{"tls-proxy", "10.0.0.1,", "10.0.0.2", file},
		{"listen", "127.0.0.1:8080", "default"},
	} {
		if !hasLine(out, want) {
			t.Errorf("no line %q in\n%s", want, out)
		}
	}
}

// hasLine reports whether a line consists of these words.
func hasLine(text string, words []string) bool {
	for line := range strings.Lines(text) {
		if reflect.DeepEqual(strings.Fields(line), words) {
			return true
		}
	}
	return false
}

func TestConfigFileIsStrict(t *testing.T) {
	bare(t)
	for _, x := range []struct{ name, text, want string }{
		{"unknown key", `{"public-ulr": "https://example.com"}`, `"public-ulr" is not a setting; did you mean "public-url"?`},
		{"underscore", `{"password_min": 20}`, `did you mean "password-min"?`},
		{"nothing near", `{"xyzzy-plugh-foo": 1}`, `"xyzzy-plugh-foo" is not a setting`},
		{"a command's flag", `{"reason": "x"}`, `"reason" is not a setting`},
		{"help", `{"help": "x"}`, `"help" is not a setting`},
		{"a number for a text", `{"zone": 9}`, `"zone" must be a string`},
		{"null", `{"zone": null}`, `"zone" must be a string`},
		{"a text for a number", `{"password-min": "20"}`, `"password-min" must be a whole number`},
		{"a broken number", `{"password-min": 15.7}`, `"password-min" must be a whole number`},
		{"a text for a list", `{"tls-proxy": "10.0.0.1"}`, `"tls-proxy" must be a list`},
		{"twice", `{"zone": "UTC", "zone": "Asia/Tokyo"}`, `"zone" stands there twice`},
		{"more after it", `{"zone": "UTC"} {}`, `more text after the object`},
		{"no object", `[]`, `must be one JSON object`},
		{"cut off", `{"zone": "UTC"`, `is not JSON`},
		{"a comment", `{"zone": "UTC" // home
		}`, `is not JSON`},
		{"the keyring itself", `{"keyring": "x"}`, `"keyring" is not a setting`},
	} {
		code, _, errs := shell(t, "config", "--config", writeConfig(t, x.text))
		if code != exitUsage || !strings.Contains(errs, x.want) {
			t.Errorf("%s: exit %d, %s, want …%s…", x.name, code, errs, x.want)
		}
	}
	if code, _, errs := shell(t, "config", "--config", "/nonexistent"); code != exitUsage || !strings.Contains(errs, "/nonexistent") {
		t.Errorf("a file that is not there: exit %d, %s", code, errs)
	}
}

func TestStrayVariablesAreTold(t *testing.T) {
	bare(t)
	t.Setenv("NIDAN_LISTN", "x")
	t.Setenv("NIDAN_PORT", "tcp://10.0.0.1:80") // from Kubernetes
	file := filepath.Join(t.TempDir(), "nidan.json")
	must(t, os.WriteFile(file, []byte(`{"zone": "Asia/Tokyo"}`), 0o600))
	t.Setenv("NIDAN_CONFIG", file)
	code, _, errs := shell(t, "config")
	if code != exitOK || !strings.Contains(errs, `NIDAN_LISTN is not a setting; did you mean "NIDAN_LISTEN"?`) || !strings.Contains(errs, "NIDAN_PORT") || strings.Contains(errs, "NIDAN_CONFIG") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestKeyringIsNeverPrinted(t *testing.T) {
	bare(t)
	t.Setenv("NIDAN_KEYRING", "swordfish")
	code, out, errs := shell(t, "config")
	if code != exitOK || !hasLine(out, []string{"keyring", "[secret]", "NIDAN_KEYRING"}) {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, args := range [][]string{{"config"}, {"doctor"}, {"account", "show", "a@example.com"}, {"serve", "--listen=127.0.0.1:0", "--data", t.TempDir()}} {
		_, o, e := shell(t, args...)
		if strings.Contains(out+errs+o+e, "swordfish") {
			t.Errorf("%v prints the keyring", args)
		}
	}
	t.Setenv("NIDAN_KEYRING_FILE", "/run/keyring")
	if code, _, errs := shell(t, "config"); code != exitUsage || !strings.Contains(errs, "give one of the two") {
		t.Errorf("both given: exit %d, %s", code, errs)
	}
}

func TestKeyringIsNoFlag(t *testing.T) {
	bare(t)
	if code, _, _ := shell(t, "config", "--keyring=x"); code != exitUsage {
		t.Errorf("exit %d: the arguments of a process are for everybody to read", code)
	}
}

func TestSuggestions(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"listen", "lisen", 1}, {"kitten", "sitting", 3}, {"zone", "zone", 0}} {
		if got := distance(x.a, x.b); got != x.want {
			t.Errorf("distance(%q, %q) = %d, want %d", x.a, x.b, got, x.want)
		}
	}
}

// Whatever stands in a configuration file, reading it ends, and no key is
// taken that is not a setting.
func FuzzConfigFile(f *testing.F) {
	for _, s := range []string{`{"zone": "UTC"}`, `{"tls-proxy": ["::1"], "password-min": 9}`, `{"a": {"b": [1, null]}}`, `{"zone"`, `[]`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, values, err := object(text)
		if err == nil && len(keys) != len(values) {
			t.Errorf("%d keys and %d values", len(keys), len(values))
		}
	})
}
