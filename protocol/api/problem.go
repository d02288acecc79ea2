package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/nidan-auth/nidan"
)

// The reasons that are this door's own. All others are those of the Service.
const (
	RequestInvalid nidan.Reason = "request_invalid" // the request is not as the description has it
	KeyRefused     nidan.Reason = "key_refused"     // none, unknown, run out, revoked, or from another network
	NotHere        nidan.Reason = "not_here"        // there is no such operation
	TooLarge       nidan.Reason = "too_large"       // the body is over 64 KiB
	Busy           nidan.Reason = "busy"            // too much at once; nothing was judged
	ClockInDoubt   nidan.Reason = "clock_in_doubt"  // an operator has to confirm the time; nothing was judged
	AccountFrozen  nidan.Reason = "account_frozen"  // an operator has to look at the account
	Fault          nidan.Reason = "fault"           // our fault; the operator's log has more

	AnswerMissing nidan.Reason = "answer_missing" // two-step verification is on, and a change takes an answer as well
	NotConfirmed  nidan.Reason = "not_confirmed"  // what is to be completed was not confirmed
)

// A Problem is any answer but success (RFC 9457).
type Problem struct {
	Type   string       `json:"type" doc:"urn:nidan:reason: and the reason."`
	Title  string       `json:"title" doc:"What the reason means, in English; the same for every occurrence."`
	Status int          `json:"status"`
	Reason nidan.Reason `json:"reason" doc:"One of a closed list; see the documentation."`

	RetryAt  *time.Time  `json:"retry_at,omitempty" doc:"Nothing is judged, or sent, before."`
	Count    int         `json:"count,omitempty" doc:"Wrong answers so far, in this sign-in or in a row."`
	Seconds  int         `json:"seconds_off,omitempty" doc:"clock_behind and clock_ahead: how far the holder's clock is off."`
	Replaced *time.Time  `json:"replaced_at,omitempty" doc:"replaced_answer: when the set of codes was replaced."`
	Repeated bool        `json:"repeated,omitempty" doc:"This request was answered before, and so again."`
	Scope    nidan.Scope `json:"scope,omitempty" doc:"scope_missing: the one that the key lacks."`
	Where    []string    `json:"where,omitempty" doc:"request_invalid: the fields that are wrong or missing. Of one that is not known, what it stands in: body alone, or an object of it."`

	retryAfter int
}

// Error implements error.
func (p *Problem) Error() string { return string(p.Reason) }

// GetStatus implements [huma.StatusError].
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements [huma.ContentTypeFilter].
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements [huma.HeadersError].
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(p.retryAfter))
	}
	if p.Reason == KeyRefused {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// A meaning is the status and the title of a reason.
type meaning struct {
	status int
	title  string
}

// meanings has every reason that this door can give; the test compares it with
// the Service's list and with the documentation.
var meanings = map[nidan.Reason]meaning{
	RequestInvalid: {400, "The request is not as the description has it."},
	KeyRefused:     {401, "The key is missing or unknown, has run out, was revoked or may not be used from there."},
	NotHere:        {404, "There is no such operation."},
	TooLarge:       {413, "The body is too large."},
	Busy:           {503, "Too much at once; nothing was judged. Try again."},
	ClockInDoubt:   {503, "The server's clock is in doubt; nothing was judged. An operator has to confirm the time."},
	AccountFrozen:  {503, "The account is frozen; an operator has to look at it."},
	Fault:          {500, "The server has failed; its log has more. Try again."},
	AnswerMissing:  {403, "Two-step verification is on: this takes an answer as well."},
	NotConfirmed:   {409, "The ticket is of the step before; confirm first."},

	nidan.WrongFirstStep:   {401, "The address or the password is wrong."},
	nidan.FirstStepWait:    {429, "Wrong passwords came several times; none is judged for a while."},
	nidan.FirstStepStopped: {403, "A stated first step is taken again once the password was changed later than this."},

	nidan.WrongAnswer:     {422, "The code is wrong."},
	nidan.UsedAnswer:      {422, "The code was used before."},
	nidan.LateAnswer:      {422, "The code has just run out."},
	nidan.ClockBehind:     {422, "The code is an old one: the holder's clock is behind."},
	nidan.ClockAhead:      {422, "The code is one to come: the holder's clock is ahead."},
	nidan.ReplacedAnswer:  {422, "The code is of a set that was replaced."},
	nidan.MalformedAnswer: {422, "That cannot be a code; it was not counted."},
	nidan.Waiting:         {429, "Wrong codes came several times in a row; none is judged for a while."},
	nidan.SignInEnded:     {410, "Too many codes were wrong; the sign-in has ended."},
	nidan.Disabled:        {409, "This authenticator takes no more answers until it is bound again."},
	nidan.NoSuchWay:       {404, "There is no such authenticator or method."},
	nidan.LevelTooLow:     {403, "It is worth less than was asked for."},
	nidan.Expired:         {410, "It has run out."},
	nidan.Gone:            {410, "There is no such sign-in, session or ticket any more."},
	nidan.DoneElsewhere:   {410, "Something was changed meanwhile; begin again."},
	nidan.StepUp:          {403, "A first step has to be stated with this."},
	nidan.NotSaved:        {422, "The codes have to be saved first."},
	nidan.NotProtected:    {409, "Two-step verification is off."},
	nidan.AlreadyOn:       {409, "Two-step verification is on already."},
	nidan.LastOne:         {409, "It is the last one; turn two-step verification off instead."},

	nidan.SendWait:      {429, "Another number can be mailed later."},
	nidan.SendsUsedUp:   {409, "This sign-in has had all of its numbers."},
	nidan.NoCodeSent:    {409, "No number was mailed that this could answer."},
	nidan.SameMailbox:   {409, "A mail set the password; a mailed number proves nothing more."},
	nidan.NoMail:        {409, "Nothing can be mailed."},
	nidan.NoRecovery:    {409, "No recovery is in progress."},
	nidan.NameInvalid:   {422, "The label, the address or the name cannot be taken."},
	nidan.NoAccount:     {404, "There is no such account."},
	nidan.AccountExists: {409, "There is an account of this id already."},
	nidan.RefInvalid:    {422, "The id has to be 1 to 128 visible ASCII characters."},

	nidan.ScopeMissing:        {403, "The key does not have the scope that this takes."},
	nidan.IdempotencyMismatch: {409, "The idempotency key came with another request before."},
	nidan.TimeInvalid:         {422, "password_changed_at is more than five minutes ahead, or missing beside changed_by_mail."},
	nidan.ReturnInvalid:       {422, "The return address is not registered."},
	nidan.BindInvalid:         {422, "The binding has to be a SHA-256 in base64url."},
	nidan.LevelInvalid:        {422, "That level or use cannot be asked for."},
	nidan.ResultDead:          {410, "The result was redeemed, has run out, or is of another product or browser."},
}

// because makes the problem of a reason.
func because(r nidan.Reason) *Problem {
	m, ok := meanings[r]
	if !ok {
		r, m = Fault, meanings[Fault]
	}
	return &Problem{Type: "urn:nidan:reason:" + string(r), Title: m.title, Status: m.status, Reason: r}
}

// refused makes the problem of an outcome.
func refused(out nidan.Outcome, now time.Time) *Problem {
	p := because(out.Reason)
	p.Count, p.Seconds, p.Repeated = out.Count, int(out.Off/time.Second), out.Repeated
	if !out.Until.IsZero() {
		until := out.Until.UTC()
		p.RetryAt, p.retryAfter = &until, max(1, int((out.Until.Sub(now)+time.Second-1)/time.Second))
	}
	if !out.When.IsZero() {
		when := out.When.UTC()
		p.Replaced = &when
	}
	return p
}

// failed makes the problem of an error, which goes to the log.
func (a *API) failed(ctx context.Context, op string, err error) *Problem {
	switch {
	case errors.Is(err, nidan.ErrBusy):
		p := because(Busy)
		p.retryAfter = 1
		return p
	case errors.Is(err, nidan.ErrClock):
		return because(ClockInDoubt)
	case errors.Is(err, nidan.ErrFrozen):
		return because(AccountFrozen)
	case errors.Is(err, nidan.ErrNotFound):
		return because(nidan.NoAccount)
	}
	a.log.ErrorContext(ctx, "a call failed", "operation", op, "cause", err.Error())
	return because(Fault)
}

// huma makes an error of every request that is not as described, and shows the
// values that were wrong. Ours shows the names of known fields and nothing that
// was sent. The hooks are huma's own variables, the names come with the request.
func init() {
	// Package json takes a name in any case: one that is not looked at would be
	// taken all the same, in the place of one that is.
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return ill(status, nil, nil) }
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		fields, _ := ctx.Context().Value(keyFields).(map[string]bool)
		return ill(status, errs, fields)
	}
}

// ill makes the problem of a request that is not as described.
func ill(status int, errs []error, fields map[string]bool) *Problem {
	p := because(RequestInvalid)
	switch status {
	case http.StatusRequestEntityTooLarge:
		p = because(TooLarge)
	case http.StatusInternalServerError:
		p = because(Fault)
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		p = because(NotHere)
	}
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			if where := place(d.ErrorDetail(), fields); where != "" && !slices.Contains(p.Where, where) {
				p.Where = append(p.Where, where)
			}
		}
	}
	if status == http.StatusBadRequest && len(errs) == 0 {
		p.Where = []string{"body"} // there is none
	}
	return p
}

// place is where an error is: of a field that is missing its name, of one that
// is not known what it stands in. Empty if nothing of it is known.
func place(d *huma.ErrorDetail, fields map[string]bool) string {
	where := d.Location
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if name, ok := strings.CutPrefix(d.Message, before); ok {
		where += "." + strings.TrimSuffix(name, after)
	}
	for where != "" && !known(where, fields) {
		where = where[:max(0, strings.LastIndexByte(where, '.'))]
	}
	return where
}

// known reports whether a place is made of names out of the description alone:
// the name of a field that should not be there is something that was sent.
func known(where string, fields map[string]bool) bool {
	if where == "" {
		return false
	}
	for part := range strings.SplitSeq(where, ".") {
		if !fields[part] {
			return false
		}
	}
	return true
}
