package server

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nidan-auth/nidan"
)

type auditCommands struct {
	Show   auditShow   `cmd:"" help:"Print the audit trail of an account, or of what operators did."`
	Verify auditVerify `cmd:"" help:"Check everything stored: documents, trails, sessions, look-ups, messages."`
}

type auditShow struct {
	Whose string `arg:"" help:"Address of an account, or 'instance' for what operators did."`
	From  int64  `default:"1" placeholder:"N" help:"Begin with this line."`
}

const trailPage = 500

// Run prints the trail as stored; verify says whether it is whole.
func (c auditShow) Run(r *run) error {
	return r.operate(func(s *Server) error {
		for from := max(1, c.From); ; {
			events, err := s.svc.Events(r.ctx, c.Whose, from, trailPage)
			for _, e := range events {
				r.printf("%s\n", s.eventLine(e))
				from = e.Seq + 1
			}
			if errors.Is(err, nidan.ErrNotFound) {
				return refused(s.set, c.Whose, nidan.NoAccount)
			}
			if err != nil || len(events) < trailPage {
				return err
			}
		}
	})
}

// eventLine is one event in one line, its times in UTC.
func (s *Server) eventLine(e nidan.Event) string {
	words := []string{fmt.Sprintf("%4d", e.Seq), e.At.UTC().Format("2006-01-02T15:04:05.000Z"), string(e.Kind)}
	say := func(name, value string) {
		if value != "" {
			words = append(words, name+"="+oneWord(value))
		}
	}
	say("method", string(e.Method))
	say("authenticator", e.Authenticator)
	say("subject", string(e.Subject))
	say("item", e.Item)
	if e.Count != 0 {
		say("count", strconv.Itoa(e.Count))
	}
	say("detail", e.Detail)
	if e.Known {
		say("browser", "known")
	}
	say("with", e.Browser)
	say("from", e.Address)
	return strings.Join(words, "  ")
}

// oneWord quotes what would not be one word, or would move a terminal's cursor.
func oneWord(s string) string {
	if strings.ContainsAny(s, " \"=") || shortText(s, len(s), "") != nil {
		return strconv.Quote(s)
	}
	return s
}

type auditVerify struct{}

// Run prints one line per finding and fails if there is one.
func (auditVerify) Run(r *run) error {
	return r.operate(func(s *Server) error {
		faults := 0
		au, err := s.svc.Verify(r.ctx, func(f *nidan.Fault) {
			faults++
			r.printf("account %s  %s  %s\n", f.Account, f.Part, faultCause(f))
		})
		if err != nil {
			return fmt.Errorf("the check did not come to its end: %w", err)
		}
		r.printf("checked %d accounts, %d events, %d sessions, %d messages, %d look-ups: %d faults\n",
			au.Accounts, au.Events, au.Sessions, au.Messages, au.Lookups, faults)
		if faults > 0 {
			return errFound
		}
		return nil
	})
}

func faultCause(f *nidan.Fault) string {
	if f.Shown == 0 {
		return f.Cause
	}
	return fmt.Sprintf("%s (shown %d, found %d)", f.Cause, f.Shown, f.Found)
}
