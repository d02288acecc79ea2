package web

import (
	"github.com/nidan-auth/nidan"
)

// A line says how an event is told: with the sentence "event.KIND", or, where
// the method makes a difference, "event.KIND.METHOD".
type line struct {
	byMethod bool
	item     bool // names the code, where a method numbers its codes
	warn     bool // something the owner should look at
}

// lines maps every event of an account; the test compares it with the
// Service's own list.
var lines = map[nidan.EventKind]line{
	nidan.EventCreated:         {},
	nidan.EventSignIn:          {byMethod: true, item: true},
	nidan.EventFirstStep:       {},
	nidan.EventRefused:         {byMethod: true, warn: true},
	nidan.EventStepPassed:      {byMethod: true, item: true},
	nidan.EventPasswordStopped: {warn: true},
	nidan.EventDisabled:        {byMethod: true, warn: true},
	nidan.EventOn:              {},
	nidan.EventOff:             {},
	nidan.EventCodesIssued:     {},
	nidan.EventCodeReplaced:    {item: true},
	nidan.EventPasswordReset:   {},
	nidan.EventBrowserKnown:    {},
	nidan.EventLogOut:          {},
	nidan.EventSessionEnded:    {},
	nidan.EventLogOutAll:       {},
	nidan.EventUnfrozen:        {},

	nidan.EventCodeSent:        {},
	nidan.EventRemembered:      {},
	nidan.EventForgotten:       {},
	nidan.EventAdded:           {byMethod: true},
	nidan.EventReplaced:        {byMethod: true},
	nidan.EventRemoved:         {byMethod: true},
	nidan.EventNamed:           {},
	nidan.EventDefault:         {},
	nidan.EventResynced:        {},
	nidan.EventAddressProven:   {},
	nidan.EventAddressAsked:    {warn: true},
	nidan.EventAddressChanged:  {warn: true},
	nidan.EventSecondAsked:     {},
	nidan.EventSecondAdded:     {},
	nidan.EventSecondRemoved:   {},
	nidan.EventPasswordChanged: {},
	nidan.EventNotMe:           {warn: true},
	nidan.EventLanguage:        {},
	nidan.EventRecoveryStarted: {warn: true},
	nidan.EventRecoveryTold:    {},
	nidan.EventRecoveryLink:    {warn: true},
	nidan.EventRecoveryGone:    {},
	nidan.EventRecovered:       {warn: true},
	nidan.EventDeleted:         {},

	nidan.EventDescribed:  {},
	nidan.EventHandedOver: {},
	nidan.EventRedeemed:   {},
}

// An activity is one line of what happened.
type activity struct {
	nidan.Event
	Said  *message
	Warn  bool
	Times int // how often in a row

	code  string // the authenticator whose mailed code led to it
	whole bool   // with the first step that it began with
}

// activities says what happened, newest first. What only led to something is not
// told apart from it: the first step and the mailed code of a log-in, the code
// given for a change. The same refusal from the same place is told once, with its
// number, and what was only learned of late not at all.
func activities(events []nidan.Event) []activity {
	var out []activity
	for _, e := range events {
		if n := len(out); n > 0 && out[n-1].tells(e) || e.Kind == nidan.EventDescribed && e.Item == nidan.ItemOldPassword {
			continue
		}
		a := activity{Event: e, Said: saidOf(e), Warn: lines[e.Kind].warn, Times: 1}
		if e.Kind == nidan.EventRefused && e.Known {
			a.Warn = false // one slip in a browser of one's own is nothing to look at
		}
		if e.Kind == nidan.EventSignIn || e.Kind == nidan.EventStepPassed {
			a.code = e.Authenticator
		}
		out = append(out, a)
	}
	return out
}

// tells reports whether the line tells of an older event too.
func (a *activity) tells(e nidan.Event) bool {
	if e.Address != a.Address || e.Browser != a.Browser {
		return false
	}
	switch e.Kind {
	case nidan.EventFirstStep:
		if a.Kind != nidan.EventSignIn || a.Method == "" || a.whole {
			return false
		}
		a.whole = true
	case nidan.EventCodeSent:
		if a.Kind == nidan.EventSignIn && !a.whole && e.Detail == string(nidan.PromptSignIn) {
			return true // of the same log-in, which then went another way
		}
		return a.code != "" && a.code == e.Authenticator && !a.whole
	case nidan.EventStepPassed:
		// The number of a code that is spent is worth a line.
		if a.Commit == "" || a.Commit != e.Commit || shapes[e.Method].Numbered {
			return false
		}
		a.code = e.Authenticator
	case nidan.EventRefused:
		if a.Kind != e.Kind || a.Authenticator != e.Authenticator {
			return false
		}
		a.Times++
		a.Warn = true
	default:
		return false
	}
	return true
}

func saidOf(e nidan.Event) *message {
	l, ok := lines[e.Kind]
	if !ok {
		return msg("event.unknown") // written by a newer program
	}
	key := "event." + string(e.Kind)
	if e.Kind == nidan.EventSignIn && e.Detail == string(nidan.ChannelBrowser) {
		return msg("event.signed_in.browser")
	}
	if _, known := shapes[e.Method]; l.byMethod && known {
		key += "." + string(e.Method)
	}
	m := msg(key)
	if l.item && (!l.byMethod || shapes[e.Method].Numbered) {
		m.Args = []any{"item", e.Item}
	}
	return m
}
