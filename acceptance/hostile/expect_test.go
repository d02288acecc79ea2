package hostile

import (
	"maps"
	"slices"
	"strings"
)

// An expectation is who notices that something was tampered with. In every case
// no door opens that must not.
type expectation struct {
	part    string // audit verify names this part of the account
	froze   bool   // the account freezes, or freezes again, when it is used
	start   bool   // a start is refused
	nothing string // nobody notices, and this is why it does not matter

	// but are tamperings, by a word of them, that somebody else notices.
	but map[string]expectation
}

const (
	inNoList  = "the operators' own document is in no list"
	justTime  = "it moves the idle time of a session, never its end"
	withheld  = "a message is held back, as by deleting it; the trail tells what it would have told"
	justTries = "a message is tried again or given up sooner, as by bringing it back or deleting it"
	justDelay = "a delay is imposed or forgiven, as DESIGN says of the gate"
	itStands  = "the account stays frozen, whatever the row says"
	tablesAre = "the tables are what they are, whatever is written about them"
)

// columns says of every column of every kind of row who notices. A column that
// is not here fails the test: whoever adds one has to say.
var columns = map[string]expectation{
	"nidan_documents(account).id":      {part: "document"},
	"nidan_documents(account).kind":    {part: "document"},
	"nidan_documents(account).format":  {part: "document"},
	"nidan_documents(account).version": {part: "document"},
	"nidan_documents(account).sealed":  {part: "document"},
	// The projections decide nothing, but lists and the operator believe them.
	"nidan_documents(account).name":         {part: "document"},
	"nidan_documents(account).protected":    {part: "document"},
	"nidan_documents(account).methods":      {part: "document"},
	"nidan_documents(account).created":      {part: "document"},
	"nidan_documents(account).last_sign_in": {nothing: "it stands nowhere else, and decides nothing; the trail tells when it was"},

	"nidan_documents(instance).id":           {part: "event"},
	"nidan_documents(instance).kind":         {part: "event"},
	"nidan_documents(instance).format":       {part: "document"},
	"nidan_documents(instance).version":      {part: "document"},
	"nidan_documents(instance).sealed":       {part: "document"},
	"nidan_documents(instance).name":         {nothing: inNoList},
	"nidan_documents(instance).protected":    {nothing: inNoList},
	"nidan_documents(instance).methods":      {nothing: inNoList},
	"nidan_documents(instance).last_sign_in": {nothing: inNoList},
	"nidan_documents(instance).created":      {nothing: inNoList},

	"nidan_sessions.account": {part: "session"},
	"nidan_sessions.id":      {part: "session"},
	"nidan_sessions.sealed":  {part: "session"},
	"nidan_sessions.seen":    {nothing: justTime},

	"nidan_events(account).owner":      {part: "event"},
	"nidan_events(account).seq":        {part: "event"},
	"nidan_events(account).commit_id":  {part: "event"},
	"nidan_events(account).body":       {part: "event"},
	"nidan_events(instance).owner":     {part: "event"},
	"nidan_events(instance).seq":       {part: "event"},
	"nidan_events(instance).commit_id": {part: "event"},
	"nidan_events(instance).body":      {part: "event"},

	"nidan_outbox.account": {nothing: withheld, but: map[string]expectation{"swapped": {part: "outbox"}}},
	"nidan_outbox.id":      {part: "outbox"},
	"nidan_outbox.sealed":  {part: "outbox"},
	"nidan_outbox.due":     {nothing: withheld},
	"nidan_outbox.expires": {nothing: withheld},
	"nidan_outbox.tries":   {nothing: justTries},
	"nidan_outbox.cause":   {nothing: withheld},

	"nidan_lookups.kind":    {part: "lookup"},
	"nidan_lookups.key":     {part: "lookup"},
	"nidan_lookups.account": {part: "lookup"},

	// Without its row the account is as frozen as the next look at its trail
	// makes it.
	"nidan_freezes.account": {froze: true},
	"nidan_freezes.part":    {nothing: itStands},
	"nidan_freezes.shown":   {nothing: itStands},
	"nidan_freezes.found":   {nothing: itStands},
	"nidan_freezes.at":      {nothing: itStands},

	"nidan_gates.key":   {nothing: justDelay},
	"nidan_gates.wrong": {nothing: justDelay},
	"nidan_gates.last":  {nothing: justDelay},

	"nidan_canary.id":     {start: true},
	"nidan_canary.sealed": {start: true},

	"nidan_migrations.id": {nothing: tablesAre},
	"nidan_migrations.version_id": {nothing: tablesAre, but: map[string]expectation{
		"greatest": {start: true}, "+1 (last)": {start: true}, "0 (last)": {start: true}, "least (last)": {start: true},
	}},
	"nidan_migrations.is_applied": {nothing: tablesAre, but: map[string]expectation{
		"+1": {start: true}, "greatest": {start: true}, "least": {start: true},
	}},
	"nidan_migrations.tstamp": {nothing: tablesAre},
}

const (
	nobodys = "a row that belongs to nobody decides nothing"
	nextTry = "it is the state of the next try"
)

// rows says of every kind of row who notices that one was deleted, moved,
// copied, or put back.
var rows = map[string]expectation{
	"nidan_documents(account)": {part: "document", but: map[string]expectation{
		"copied to another kind": {nothing: nobodys},
		// An older one as it was: its trail has gone on.
		"the older one of a moment ago (": {part: "event"},
		"the older one of long ago (":     {part: "event"},
		"today's last_sign_in":            {part: "event"},
	}},
	"nidan_documents(instance)": {part: "event", but: map[string]expectation{
		"copied":          {nothing: nobodys},
		"today's version": {part: "document"},
		"today's sealed":  {part: "document"},
	}},
	"nidan_sessions":        {part: "session"},
	"nidan_events(account)": {part: "event"},
	"nidan_events(instance)": {part: "event", but: map[string]expectation{
		"copied to another owner": {nothing: "somebody's trail without a document is named, not the operators'"},
	}},
	"nidan_outbox": {part: "outbox", but: map[string]expectation{
		"deleted": {nothing: withheld}, "brought back": {nothing: "it is a message of theirs, told once more"},
	}},
	"nidan_lookups": {part: "lookup"},
	"nidan_freezes": {froze: true, but: map[string]expectation{
		"copied": {nothing: "whoever it names is frozen, and unfreezing is the operator's"},
	}},
	"nidan_gates":  {nothing: justDelay},
	"nidan_canary": {start: true, but: map[string]expectation{"copied": {nothing: nobodys}}},
	"nidan_migrations": {nothing: tablesAre, but: map[string]expectation{
		"deleted (middle)": {start: true}, "the other's in its place (middle)": {start: true},
		"deleted (last)": {start: true}, "the other's in its place (last)": {start: true},
	}},
}

// of returns what is expected of a tampering.
func (e expectation) of(what string) expectation {
	for _, word := range slices.Sorted(maps.Keys(e.but)) {
		if strings.Contains(what, word) {
			return e.but[word]
		}
	}
	return e
}

// met says what is missing; empty: nothing.
func (e expectation) met(f *finding, untouched []string) string {
	switch {
	case e.start:
		if f.start == "" {
			return "a start is not refused"
		}
	case f.start != "":
		return "a start is refused: " + f.start
	case f.stopped != "":
		return "audit verify does not come to its end: " + f.stopped
	case e.part != "":
		if !slices.Contains(f.verify, e.part) {
			return "audit verify does not name the " + e.part
		}
	case e.froze:
		if len(f.froze) == 0 {
			return "it does not freeze"
		}
	case e.nothing != "":
		for _, w := range untouched {
			if !slices.Contains(f.works, w) {
				return "it is said to matter to nobody (" + e.nothing + "), and " + w + " does not work"
			}
		}
	default:
		return "nothing is expected"
	}
	return ""
}
