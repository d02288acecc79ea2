package hostile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
	"github.com/nidan-auth/nidan/server"
)

// A finding is what came of one tampering.
type finding struct {
	tampering
	impossible error    // the database itself refused it
	verify     []string // parts that audit verify names, of the accounts it was done to
	elsewhere  []string // … and of others
	stopped    string   // why audit verify did not come to its end
	log        []string // parts that the log names
	froze      []string // parts in a freeze row that was not there before
	start      string   // why a start was refused
	wrong      []string // doors that opened and must never
	again      []string // what was over and is not
	works      []string // what still worked
}

// noticed says in a few words who noticed what.
func (f *finding) noticed() string {
	var words []string
	say := func(who string, what []string) {
		if len(what) > 0 {
			slices.Sort(what)
			words = append(words, who+" "+strings.Join(slices.Compact(what), "+"))
		}
	}
	say("verify:", slices.Clone(f.verify))
	say("verify elsewhere:", slices.Clone(f.elsewhere))
	if f.stopped != "" {
		words = append(words, "verify stopped: "+f.stopped)
	}
	say("log:", slices.Clone(f.log))
	say("froze:", slices.Clone(f.froze))
	if f.start != "" {
		words = append(words, "start refused: "+f.start)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, "; ")
}

// run tampers, and tries everything.
func (s *stage) run(t tampering, restart, ownerFirst bool) *finding {
	s.t.Helper()
	f := &finding{tampering: t}
	s.r.Restore(s.db, s.now)
	tx, err := s.db.Begin()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := t.do(tx); err != nil {
		f.impossible = err
		if err := tx.Rollback(); err != nil {
			s.t.Fatal(err)
		}
		return f
	}
	if err := tx.Commit(); err != nil {
		s.t.Fatal(err)
	}
	if s.now.Difference(s.r.Dump(s.db)) == "" {
		f.impossible = errors.New("it changes nothing")
		return f
	}
	before := s.r.Dump(s.db)["nidan_freezes"]
	f.audit(s)
	if restart {
		s.r.Stop()
		if f.start = s.refusal(); f.start != "" {
			s.r.Restore(s.db, s.now)
			s.r.Restart()
			return f
		}
		s.r.Restart()
	}
	mark := len(s.r.Log())
	for _, a := range s.actors(t.whom) {
		l := a.doors(ownerFirst, t.care())
		f.wrong = append(f.wrong, l.wrong...)
		f.again = append(f.again, l.again...)
		f.works = append(f.works, l.works...)
	}
	// Whoever it was not done to is not disturbed.
	for _, a := range []*actor{s.alice, s.bob} {
		if !slices.Contains(t.whom, string(a.id)) && !slices.Contains(s.actors(t.whom), a) {
			if p := s.from(a.live.Clone()).Get("/security"); p.Status != 200 {
				f.wrong = append(f.wrong, fmt.Sprintf("%s, to whom nothing was done, is shut out: %d", a.Name, p.Status))
			}
		}
	}
	f.readLog(s, s.r.Log()[mark:])
	f.readFreezes(s, before)
	return f
}

// care is how much the doors are worth trying.
func (t tampering) care() care {
	switch {
	case strings.Contains(t.row(), "documents(account)") && (t.column == "" || strings.Contains(t.what, "older")), t.table == "of one account":
		return thorough // passwords and known browsers of the past may come with it
	case slices.Equal(t.whom, []string{"instance"}) || len(t.whom) == 0:
		return light // nobody's sign-in looks at it
	}
	return usual
}

// actors are those a tampering is done to; for what is nobody's, alice.
func (s *stage) actors(whom []string) []*actor {
	var all []*actor
	for _, a := range []*actor{s.alice, s.bob, s.frozen} {
		if slices.Contains(whom, string(a.id)) {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return []*actor{s.alice}
	}
	return all
}

// refusal starts a program on the data as it is, and returns why it does not.
func (s *stage) refusal() string {
	srv, err := server.New(s.t.Context(), server.Config{Data: s.r.Data}, server.Deps{Clock: s.r.Clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return strings.SplitN(strings.ReplaceAll(err.Error(), s.r.Data, "DATA"), ";", 2)[0]
	}
	if err := srv.Close(); err != nil {
		s.t.Error(err)
	}
	return ""
}

// audit runs what the operator's audit verify runs.
func (f *finding) audit(s *stage) {
	base := s.baseFaults()
	// It takes milliseconds; what takes this long has no end.
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	_, err := s.r.Service().Verify(ctx, func(x *nidan.Fault) {
		switch {
		case slices.Contains(base, x.Error()):
		case slices.Contains(f.whom, string(x.Account)):
			f.verify = append(f.verify, x.Part)
		default:
			f.elsewhere = append(f.elsewhere, x.Part)
		}
	})
	if err != nil {
		f.stopped = err.Error()
	}
}

// baseFaults is what verify says of the stage itself: the frozen account's
// document is older than its trail.
func (s *stage) baseFaults() []string {
	if s.base == nil {
		s.base = []string{}
		now := s.r.Dump(s.db)
		s.r.Restore(s.db, s.now)
		if _, err := s.r.Service().Verify(s.t.Context(), func(x *nidan.Fault) {
			s.base = append(s.base, x.Error())
		}); err != nil {
			s.t.Fatal(err)
		}
		s.r.Restore(s.db, now)
	}
	return s.base
}

// readLog looks for faults that name an account.
func (f *finding) readLog(s *stage, text string) {
	for line := range strings.Lines(text) {
		var said struct{ Level, Msg, Cause string }
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			s.t.Fatal(err)
		}
		if said.Level != "ERROR" {
			continue
		}
		part := "?"
		if _, rest, ok := strings.Cut(said.Cause, "fault in the "); ok {
			part, _, _ = strings.Cut(rest, " ")
		}
		named := slices.ContainsFunc(append([]string{string(s.alice.id), string(s.bob.id), string(s.frozen.id)}, f.whom...), func(id string) bool { return id != "" && strings.Contains(said.Cause, id) })
		if !named {
			part += " of nobody (" + said.Cause + ")"
		}
		f.log = append(f.log, part)
	}
}

// readFreezes looks for accounts that have been frozen since.
func (f *finding) readFreezes(s *stage, before []rig.Row) {
	for _, row := range s.r.Dump(s.db)["nidan_freezes"] {
		if !slices.ContainsFunc(before, func(was rig.Row) bool { return was.String() == row.String() }) {
			f.froze = append(f.froze, fmt.Sprint(row["part"]))
		}
	}
}
