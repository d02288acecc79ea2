package walk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// Labels are what the main paths go by: what is written on pages and over mails
// in one language, by its key in the catalogue.
type Labels struct {
	Nav      string `key:"layout.nav"`
	Settings string `key:"layout.settings"`
	LogOut   string `key:"layout.logout"`
	Continue string `key:"go"`

	Address     string `key:"login.name"`
	Password    string `key:"password.label"`
	NewPassword string `key:"password.new"`
	LogIn       string `key:"login.go"`
	LogInTo     string `key:"login.h1.area"`
	Forgot      string `key:"login.forgot"`

	Register  string `key:"register.h1"`
	SendLink  string `key:"ask.go"`
	LookInBox string `key:"sent.h1"`
	Choose    string `key:"invite.h1"`
	Create    string `key:"invite.go"`
	ResetH1   string `key:"reset.h1"`
	SetReset  string `key:"reset.go"`

	Off         string `key:"security.is_off"`
	TurnOn      string `key:"security.on"`
	TurnOff     string `key:"security.turn_off"`
	Method      string `key:"on.h1"`
	GetStarted  string `key:"on.go"`
	ScanH1      string `key:"scan.h1"`
	SixDigits   string `key:"method.totp.label"`
	Prove       string `key:"onmail.h1"`
	EightDigits string `key:"method.mail.label"`

	Codes    string `key:"codes.h1"`
	Saved    string `key:"codes.saved"`
	Complete string `key:"codes.complete"`
	Done     string `key:"done.h1"`
	IsOn     string `key:"done.lead"`
	Reissue  string `key:"security.reissue"`
	Next     string `key:"reissue.go"`
	NewCodes string `key:"reissued.h1"`
	MailName string `key:"method.mail.name"`
	Replace  string `key:"methods.replace"`
	ToApp    string `key:"method.totp.instead"`
	Replaced string `key:"changed.replaced"`

	EnterApp    string `key:"method.totp.h1"`
	EnterMail   string `key:"method.mail.h1"`
	EnterBackup string `key:"method.backup.h1"`
	UseBackup   string `key:"method.backup.use"`
	SendCode    string `key:"second.send"`
	BackupCode  string `key:"method.backup.label"`
	NotNow      string `key:"code.later"`
	ReplaceCode string `key:"code.h1"`
	Lost        string `key:"second.lost"`
	LostH1      string `key:"lost.h1"`

	OffH1 string `key:"off.h1"`
	OffGo string `key:"off.go"`
	IsOff string `key:"offdone.h1"`

	MailSignIn   string `key:"mail:code_sign_in.subject"`
	MailProve    string `key:"mail:code_address.subject"`
	MailSetUp    string `key:"mail:code_set_up.subject"`
	MailConfirm  string `key:"mail:code_confirm.subject"`
	MailOn       string `key:"mail:turned_on.subject"`
	MailOff      string `key:"mail:turned_off.subject"`
	MailRegister string `key:"mail:link_register.subject"`
	MailRecovery string `key:"mail:link_recovery.subject"`
	MailReset    string `key:"mail:link_reset.subject"`
	MailUsed     string `key:"mail:backup_code_used.subject"`
	MailReissued string `key:"mail:backup_codes_reissued.subject"`
}

// In reads the labels of a language.
func In(t testing.TB, language string) Labels {
	t.Helper()
	catalogues := map[string]map[string]any{"web": read(t, "web", language), "mail": read(t, "mail", language)}
	var l Labels
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		of, key, found := strings.Cut(v.Type().Field(i).Tag.Get("key"), ":")
		if !found {
			of, key = "web", of
		}
		said, ok := catalogues[of][key].(string)
		if !ok {
			t.Fatalf("%s: the %s catalogue has no sentence %q", language, of, key)
		}
		v.Field(i).SetString(said)
	}
	return l
}

func read(t testing.TB, folder, language string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rig.Source(), folder, "locale", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Messages map[string]any `json:"messages"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c.Messages
}

// Put puts values into the holes of a sentence: Put(s, "area", "My Page").
func Put(sentence string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		sentence = strings.ReplaceAll(sentence, "{"+pairs[i]+"}", pairs[i+1])
	}
	return sentence
}

// upTo is a sentence up to its first hole.
func upTo(sentence string) string {
	before, _, _ := strings.Cut(sentence, "{")
	return strings.TrimSpace(before)
}
