package api

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// A Browser is what a product forwards of its person's browser. It is believed
// for throttling, notices and the activity list, and for nothing else.
type Browser struct {
	Address    string `json:"address,omitempty" maxLength:"64" doc:"Its network address."`
	UserAgent  string `json:"user_agent,omitempty" maxLength:"1024" doc:"Its User-Agent; only family and system are kept."`
	Language   string `json:"language,omitempty" maxLength:"35" doc:"For mails to whoever has chosen none: a BCP 47 tag."`
	Known      string `json:"known,omitempty" maxLength:"4096" doc:"What an earlier answer gave as 'known', kept in a cookie: a browser of the account's own has budgets of its own."`
	Remembered string `json:"remembered,omitempty" maxLength:"4096" doc:"What an earlier answer gave as 'remembered'."`
}

// A FirstStep says that the product has taken it, now.
type FirstStep struct {
	PasswordChangedAt *time.Time `json:"password_changed_at,omitempty" doc:"When the password was last changed. A later time than before ends what was handed out, and takes a stopped first step up again."`
	ChangedByMail     bool       `json:"changed_by_mail,omitempty" doc:"A mailed link made that change, whose time is needed: then a mailed number is no second step until another way was taken."`
}

// An Answer is a second step.
type Answer struct {
	Way  string `json:"way" maxLength:"64" doc:"Id of the authenticator."`
	Code string `json:"code" maxLength:"64"`
}

func (w *Answer) answer() nidan.Answer {
	if w == nil {
		return nidan.Answer{}
	}
	return nidan.Answer{Authenticator: w.Way, Code: nidan.NewSecret(w.Code)}
}

// A Way is one way of taking the second step.
type Way struct {
	ID       string           `json:"id"`
	Method   nidan.MethodName `json:"method" doc:"totp, mail or backup."`
	Name     string           `json:"name,omitempty" doc:"As its holder named it."`
	Backup   bool             `json:"backup,omitempty" doc:"Backup codes: for when nothing else is at hand."`
	Disabled bool             `json:"disabled,omitempty" doc:"It takes no more answers."`
	Prompts  bool             `json:"prompts,omitempty" doc:"A number has to be mailed first."`
	Barred   bool             `json:"barred,omitempty" doc:"It proves nothing beside a password that a mail set."`
	Left     *int             `json:"left,omitempty" doc:"Backup codes that are left."`
	Next     string           `json:"next,omitempty" doc:"Number of the backup code to ask for; any works."`
}

func ways(list []nidan.Way) []Way {
	out := make([]Way, 0, len(list))
	for _, w := range list {
		x := Way{ID: w.ID, Method: w.Method, Name: w.Name, Backup: w.Reserve, Disabled: w.Disabled, Prompts: w.Prompts, Barred: w.Barred}
		if w.Sheet != nil {
			x.Left, x.Next = &w.Sheet.Left, w.Sheet.Next()
		}
		out = append(out, x)
	}
	return out
}

// An Assertion is what was proven.
type Assertion struct {
	Account  string    `json:"account" doc:"The product's own id."`
	ACR      string    `json:"acr" doc:"1: password alone. 2step: and a mailed number or a remembered browser. aal2: and an app or backup code."`
	AMR      []string  `json:"amr" doc:"RFC 8176."`
	AuthTime time.Time `json:"auth_time" doc:"Of the newest proof."`
}

func asserted(a *nidan.Assertion) *Assertion {
	if a == nil {
		return nil
	}
	return &Assertion{Account: a.Account, ACR: a.Level.String(), AMR: a.AMR, AuthTime: a.AuthAt}
}

// A SignIn is where a sign-in stands.
type SignIn struct {
	Reason    nidan.Reason `json:"reason" enum:"ok,second_step" doc:"ok: it is complete. second_step: take the second step, with sign_in."`
	Repeated  bool         `json:"repeated,omitempty" doc:"This request was answered before; what was secret in the answer is not told again."`
	SignIn    string       `json:"sign_in,omitempty" doc:"Names the pending sign-in. Keep it in the session of the person who signs in."`
	Expires   *time.Time   `json:"expires,omitempty"`
	Ways      []Way        `json:"ways,omitempty" doc:"The one to ask first in front."`
	Mailbox   string       `json:"mailbox,omitempty" doc:"Where numbers go, masked."`
	Mailed    bool         `json:"mailed,omitempty" doc:"A number is on its way."`
	Assertion *Assertion   `json:"assertion,omitempty" doc:"Of an account that the product keeps."`
	Session   string       `json:"session,omitempty" doc:"Of an account that we keep."`
	Ends      *time.Time   `json:"ends,omitempty" doc:"Of the session, at the latest."`

	Known      string `json:"known,omitempty" doc:"Where the request has a browser. Keep it in a cookie for 180 days, and forward it as browser.known."`
	Remembered string `json:"remembered,omitempty" doc:"Keep it in a cookie for 30 days, and forward it as browser.remembered."`
	Used       string `json:"used,omitempty" doc:"Number of the backup code that was used."`
	Left       *int   `json:"left,omitempty" doc:"Backup codes that are left."`
}

func signIn(out nidan.Outcome) *SignIn {
	s := &SignIn{
		Reason: out.Reason, Repeated: out.Repeated, Assertion: asserted(out.Assertion),
		Known: out.Browser.Reveal(), Remembered: out.Remembered.Reveal(), Used: out.Used,
	}
	if out.Used != "" {
		s.Left = &out.Left
	}
	if p := out.Pending; p != nil {
		s.SignIn, s.Expires = p.Token.Reveal(), &p.Expires
	}
	if g := out.Session; g != nil {
		s.Session, s.Ends = g.Token.Reveal(), &g.Expires
	}
	return s
}

// Described is what a product has said of an account that it keeps.
type Described struct {
	ID       string    `json:"id"`
	Label    string    `json:"label"`
	Address  string    `json:"address,omitempty"`
	Language string    `json:"language,omitempty"`
	Created  time.Time `json:"created"`
}

// Noted answers a product that has said something of an account. Whether it is
// protected takes a key that reads.
type Noted struct {
	Described
	Repeated bool `json:"repeated,omitempty" doc:"This request was answered before; the account may have changed since."`
}

// An Account is one that the product keeps.
type Account struct {
	Described
	Protected        bool       `json:"protected" doc:"Two-step verification is on. Nothing but false here says that it is off."`
	ProtectedSince   *time.Time `json:"protected_since,omitempty"`
	FirstStepStopped *time.Time `json:"first_step_stopped,omitempty" doc:"No stated first step is taken until the password was changed after this."`
	Ways             []Way      `json:"ways"`
	Recovery         string     `json:"recovery,omitempty" enum:"waiting,ripe" doc:"A recovery is in progress."`
	Sessions         int        `json:"sessions" doc:"On the hosted pages."`
}

func account(v nidan.KeptView) Account {
	a := Account{Described: Described{v.Ref, v.Label, v.Address, v.Language, v.Created}, Sessions: len(v.Sessions), Ways: []Way{}}
	for _, x := range v.Authenticators {
		w := Way{ID: x.ID, Method: x.Method, Name: x.Name, Backup: x.Reserve, Disabled: !x.Disabled.IsZero(), Barred: x.Barred}
		if x.Sheet != nil {
			w.Left, w.Next = &x.Sheet.Left, x.Sheet.Next()
		}
		a.Ways = append(a.Ways, w)
	}
	a.Protected = !v.Protected.IsZero()
	a.ProtectedSince, a.FirstStepStopped = moment(v.Protected), moment(v.FirstStepEnded)
	if r := v.Recovery; r != nil {
		switch r.State {
		case nidan.RecoveryWaiting:
			a.Recovery = "waiting"
		case nidan.RecoveryRipe:
			a.Recovery = "ripe"
		}
	}
	return a
}

// moment is nil for a time that never was.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// An Enrolment is an unfinished change of how an account is protected. It is
// kept by the product, and holds what its person has to see.
type Enrolment struct {
	Ticket   string           `json:"ticket,omitempty" doc:"Send it back with the next step. Keep it for the person it was made for."`
	Step     string           `json:"step,omitempty" enum:"prove,confirm,save" doc:"prove: a number was mailed to the address. confirm: an answer of what is set up. save: the backup codes have to be saved."`
	Method   nidan.MethodName `json:"method,omitempty"`
	URI      string           `json:"uri,omitempty" doc:"otpauth: for a QR code."`
	Key      string           `json:"key,omitempty" doc:"The same key, to be typed."`
	Codes    []string         `json:"codes,omitempty" doc:"The backup codes, in force once they are said to be saved."`
	Mailbox  string           `json:"mailbox,omitempty" doc:"Where a number was mailed, masked."`
	Expires  *time.Time       `json:"expires,omitempty"`
	Repeated bool             `json:"repeated,omitempty" doc:"This request was answered before; begin again for a new ticket."`
}

// Done is the answer of a change that is made.
type Done struct {
	Reason   nidan.Reason `json:"reason" enum:"ok"`
	Repeated bool         `json:"repeated,omitempty"`
	Known    string       `json:"known,omitempty" doc:"Where the request has a browser. Keep it in a cookie for 180 days, and forward it as browser.known."`
}

// Sent says that a number is on its way.
type Sent struct {
	Until time.Time `json:"until" doc:"It works until then."`
}

// Hosted is a way to the hosted pages.
type Hosted struct {
	URL     string    `json:"url" doc:"Send the browser there. It works for the first browser that takes it up."`
	Expires time.Time `json:"expires"`
}

// An Event is a line of an account's trail.
type Event struct {
	At      time.Time        `json:"at"`
	Event   nidan.EventKind  `json:"event"`
	Method  nidan.MethodName `json:"method,omitempty"`
	Way     string           `json:"way,omitempty"`
	Detail  string           `json:"detail,omitempty"`
	Known   bool             `json:"known,omitempty" doc:"From a browser that the account knows."`
	Address string           `json:"address,omitempty"`
	Browser string           `json:"browser,omitempty"`
}
