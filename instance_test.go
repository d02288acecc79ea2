package nidan_test

import (
	"context"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
)

// late does not find a document the first time, as where it is committed between
// that and the next question.
type late struct {
	nidan.Store
	asked int
}

func (l *late) Load(ctx context.Context, kind nidan.Kind, id nidan.AccountID, session nidan.SessionID) (nidan.Loaded, error) {
	if l.asked++; kind == nidan.KindInstance && l.asked == 1 {
		return nidan.Loaded{}, nidan.ErrNotFound
	}
	return l.Store.Load(ctx, kind, id, session)
}

// trailed says of every owner that there is a trail.
type trailed struct{ nidan.Archive }

func (trailed) Events(_ context.Context, owner nidan.AccountID, _ int64, _ int) ([]nidan.EventRow, error) {
	return []nidan.EventRow{{Owner: owner, Seq: 1}}, nil
}

// An operator's first act that comes between two readings is not taken for a
// document that somebody took away; one that stays away is.
func TestFirstActMeanwhile(t *testing.T) {
	r := newRoom()
	if err := r.svc.ConfirmClock(ctx, "the first"); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]nidan.Store{"it came": &late{Store: r}, "it is away": &late{Store: &late{Store: newRoom()}}} {
		svc, err := nidan.New(nidan.Config{Store: store, Archive: trailed{r}, Sealer: openSeal{}, FirstStep: fastFirst{}, Clock: r, Random: r, Issuer: "Example",
			Methods: []nidan.Method{totp.New(), backup.New()}})
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.ConfirmClock(ctx, "on trial"); (err == nil) != (name == "it came") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
