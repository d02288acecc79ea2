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
}

// An activity is one line of what happened.
type activity struct {
	nidan.Event
	Said  *message
	Warn  bool
	Times int // how often in a row
}

// activities says what happened, newest first. A first step is not told apart
// from the log-in that it led to, and the same refusal from the same place is
// told once, with its number.
func activities(events []nidan.Event) []activity {
	var out []activity
	for _, e := range events {
		if n := len(out); n > 0 {
			last := &out[n-1]
			here := e.Address == last.Address && e.Browser == last.Browser
			if here && e.Kind == nidan.EventFirstStep && last.Kind == nidan.EventSignIn {
				continue
			}
			if here && e.Kind == nidan.EventRefused && last.Kind == e.Kind && last.Authenticator == e.Authenticator {
				last.Times++
				continue
			}
		}
		out = append(out, activity{Event: e, Said: saidOf(e), Warn: lines[e.Kind].warn, Times: 1})
	}
	return out
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
