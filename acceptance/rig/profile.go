package rig

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/nidan-auth/nidan/server"
)

// Profile gives the program the settings of one of examples/profiles, with a
// mail server on loopback in the place of the product's own.
func Profile(t testing.TB, name string) (Option, *Mailbox) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Source(), "examples", "profiles", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	mailed, box := Mailed(t)
	return func(c *server.Config) {
		mailed(c)
		at, settings := c.SMTP, reflect.ValueOf(c).Elem()
		for i := range settings.NumField() {
			raw, given := values[settings.Type().Field(i).Tag.Get("name")]
			if !given {
				continue
			}
			if err := json.Unmarshal(raw, settings.Field(i).Addr().Interface()); err != nil {
				t.Fatal(err)
			}
		}
		// The machine's own: what people reach it by, and who takes its mail.
		c.PublicURL, c.SMTP, c.SMTPUser, c.SMTPSecurity = "", at, "", "none"
	}, box
}
