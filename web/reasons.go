package web

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// A telling says how a reason is told: with the sentence "reason.REASON", or,
// where the method makes a difference, "reason.REASON.METHOD".
type telling struct {
	byMethod bool
	variant  func(out nidan.Outcome, now time.Time) string // another ending of the key
	values   func(out nidan.Outcome, now time.Time) []any
}

// tellings maps every reason that a page can meet; the test compares it with
// the Service's own list. OK and SecondStep are told by the page that follows.
var tellings = map[nidan.Reason]telling{
	nidan.WrongFirstStep: {},
	nidan.FirstStepWait:  {values: wait},

	nidan.WrongAnswer:     {byMethod: true},
	nidan.UsedAnswer:      {byMethod: true},
	nidan.LateAnswer:      {byMethod: true},
	nidan.ClockBehind:     {values: minutesOff},
	nidan.ClockAhead:      {values: minutesOff},
	nidan.ReplacedAnswer:  {values: func(o nidan.Outcome, _ time.Time) []any { return []any{"date", day(o.When)} }},
	nidan.MalformedAnswer: {byMethod: true},
	nidan.Waiting: {values: func(o nidan.Outcome, now time.Time) []any {
		return append(wait(o, now), "n", o.Count)
	}},
	nidan.SignInEnded: {variant: func(o nidan.Outcome, _ time.Time) string {
		if o.Count == 0 { // ended by what many wrong answers did to the account
			return ".all"
		}
		return ""
	}},
	nidan.Disabled:      {},
	nidan.NoSuchWay:     {},
	nidan.Expired:       {},
	nidan.Gone:          {},
	nidan.DoneElsewhere: {},
	nidan.OtherTab:      {},
	nidan.StepUp:        {},
	nidan.NotSaved:      {},
	nidan.NotProtected:  {},
	nidan.AlreadyOn:     {},
	nidan.LinkDead:      {},

	nidan.SendWait: {values: wait, variant: func(o nidan.Outcome, now time.Time) string {
		if o.Until.Sub(now) > time.Minute { // not the last one, all of them
			return ".many"
		}
		return ""
	}},
	nidan.SendsUsedUp:   {},
	nidan.NoCodeSent:    {},
	nidan.SameMailbox:   {},
	nidan.NoMail:        {},
	nidan.RecoveryWaits: {values: func(o nidan.Outcome, _ time.Time) []any { return []any{"when", o.Until} }},
	nidan.NoRecovery:    {},
	nidan.LastOne:       {},
	nidan.LevelTooLow:   {},

	nidan.PasswordShort:      {values: func(o nidan.Outcome, _ time.Time) []any { return []any{"n", o.Limit} }},
	nidan.PasswordLong:       {},
	nidan.PasswordUnreadable: {},
	nidan.PasswordCommon:     {},
	nidan.PasswordPersonal:   {},
	nidan.PasswordSimple:     {},
	nidan.NameInvalid:        {},
	nidan.NameTaken:          {},
}

// wait tells how long it lasts and when it ends, to the next whole second.
func wait(o nidan.Outcome, now time.Time) []any {
	end := o.Until.Add(time.Second - 1).Truncate(time.Second)
	return []any{"wait", o.Until.Sub(now), "when", second(end)}
}

// minutesOff rounds to whole minutes, and never to none.
func minutesOff(o nidan.Outcome, _ time.Time) []any {
	return []any{"n", max(1, int(o.Off.Round(time.Minute)/time.Minute))}
}

// reason says why an outcome is what it is. method may be empty.
func (v *visit) reason(out nidan.Outcome, method nidan.MethodName) *message {
	t, ok := tellings[out.Reason]
	if !ok {
		return msg("reason.unknown")
	}
	key := "reason." + string(out.Reason)
	if _, known := shapes[method]; t.byMethod && known {
		key += "." + string(method)
	}
	if t.variant != nil {
		key += t.variant(out, v.p.svc.Now())
	}
	m := msg(key)
	if t.values != nil {
		m.Args = t.values(out, v.p.svc.Now())
	}
	return m
}
