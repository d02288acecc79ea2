package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/store"
)

// childOf names the file that a second process of this test works on.
const childOf = "NIDAN_STORE_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childOf); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(path string) error {
	s, err := store.OpenSQLite(context.Background(), path, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(count(s, "child"), s.Close())
}

// rounds is how often each process commits on one document.
const rounds = 100

// count replaces one document and one gate row, on whatever it finds there.
func count(s *store.SQLite, mark string) error {
	ctx := context.Background()
	for i := range rounds {
		for {
			l, err := s.Load(ctx, nidan.KindAccount, "ann", "")
			if err != nil {
				return err
			}
			c := silent("ann", l.Record.Version)
			c.ID = fmt.Sprintf("%s-%d", mark, i)
			c.Events = []nidan.EventRow{{Owner: "ann", Seq: c.From + 1, Commit: c.ID, Body: []byte(mark)}}
			c.End, c.Mint = nil, nil
			if err = s.Commit(ctx, c); errors.Is(err, nidan.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			break
		}
		if _, err := s.Gate(ctx, []string{"k"}, add); err != nil {
			return err
		}
	}
	return nil
}

// Two processes on one file: nothing of either is lost.
func TestTwoProcesses(t *testing.T) {
	s, path := newStore(t)
	if err := s.Commit(t.Context(), signIn("ann", 0)); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childOf+"="+path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := count(s, "parent"); err != nil {
		t.Errorf("this process: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
	l, err := s.Load(t.Context(), nidan.KindAccount, "ann", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(1 + 2*rounds); l.Record.Version != want {
		t.Errorf("version %d, want %d", l.Record.Version, want)
	}
	rows, err := s.Gate(t.Context(), []string{"k"}, func(rows []nidan.GateRow) []nidan.GateRow { return rows })
	if err != nil || rows[0].Wrong != 2*rounds {
		t.Errorf("the gate counted %+v, %v, want %d", rows, err, 2*rounds)
	}
}
