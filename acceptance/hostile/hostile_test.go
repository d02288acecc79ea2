package hostile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// everything is what works for whoever nothing was done to.
var everything = []string{"session 1", "session 2", "first step", "second step"}

// newStage is a stage on which everything works that should, and nothing that
// should not: otherwise a door that stays shut would say nothing.
func newStage(t *testing.T) *stage {
	t.Parallel()
	s := build(t)
	f := s.run(tampering{table: "nothing of note", whom: []string{string(s.alice.id), string(s.bob.id)}, do: func(tx rig.Execer) error {
		_, err := tx.Exec("UPDATE nidan_documents SET last_sign_in = 7 WHERE id = $1", s.bob.id)
		return err
	}}, false, false)
	if len(f.wrong)+len(f.again) > 0 || f.stopped != "" || f.noticed() != "nothing" {
		t.Fatalf("on the stage itself: %v %v; noticed: %s", f.wrong, f.again, f.noticed())
	}
	for _, w := range everything {
		if n := strings.Count(strings.Join(f.works, "\n"), w); n < 2 {
			t.Fatalf("on the stage itself %s works %d times of two: %v", w, n, f.works)
		}
	}
	return s
}

// A report is what is logged at the end: tampering by tampering, who noticed.
type report struct{ lines []string }

func (r *report) add(f *finding) {
	works := strings.Join(f.works, ", ")
	if f.start != "" {
		works = "-"
	} else if works == "" {
		works = "none"
	}
	r.lines = append(r.lines, fmt.Sprintf("%-34s %-13s %-58s %-50s %s", f.row(), f.column, f.what, f.noticed(), works))
}

func (r *report) log(t *testing.T) {
	t.Logf("%d tamperings; what was noticed where, and what still works:\n%s", len(r.lines), strings.Join(r.lines, "\n"))
}

// judge checks a finding.
func (s *stage) judge(t *testing.T, f *finding, e expectation) {
	t.Helper()
	for _, w := range f.wrong {
		t.Errorf("%s: %s", f, w)
	}
	for _, w := range f.again {
		t.Errorf("%s: %s", f, w)
	}
	untouched := everything
	switch {
	case slices.Contains(f.whom, string(s.frozen.id)):
		untouched = []string{"frozen"}
	case f.care() == light:
		untouched = everything[:2]
	}
	if missing := e.of(f.what).met(f, untouched); missing != "" {
		t.Errorf("%s: %s (noticed: %s)", f, missing, f.noticed())
	}
}

// restarts says for which tamperings the program is started anew before the
// doors are tried: where only a start looks, and once for every column.
func restarts(x tampering, first bool) bool {
	return first || x.table == "nidan_canary" || x.table == "nidan_migrations"
}

// Whole rows, whole tables, whole accounts, and what freezes.
func TestRows(t *testing.T) {
	s := newStage(t)
	t.Run("each", s.testRows)
	t.Run("put back", s.testTablesPutBack)
	t.Run("past", s.testPast)
	t.Run("freeze", s.testFreeze)
	t.Run("freeze set-up", s.testFreezeSetUp)
	t.Run("freeze instance", s.testFreezeInstance)
}

// Every column of every kind of row.
func TestColumns(t *testing.T) {
	s := newStage(t)
	var r report
	defer func() { r.log(t) }()
	done := make(map[string]int)
	all := s.columns()
	names := make(map[string]bool)
	for _, x := range all {
		names[x.row()+"."+x.column] = true
	}
	for name := range columns {
		if !names[name] {
			t.Errorf("there is an expectation for %s and no such column", name)
		}
	}
	for i, x := range all {
		name := x.row() + "." + x.column
		e, known := columns[name]
		if !known {
			t.Errorf("no expectation says who notices that %s was tampered with", name)
			continue
		}
		if x.mistyped {
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := s.run(x, restarts(x, done[name] == 0), i%2 == 0)
			if f.impossible != nil {
				return
			}
			done[name]++
			r.add(f)
			s.judge(t, f, e)
		})
	}
	for name := range names {
		if done[name] == 0 {
			t.Errorf("nothing was done to %s", name)
		}
	}
	t.Run("mistyped", s.testMistyped)
}

// Values of another type than the column's: SQLite takes them. Nothing opens,
// and audit verify still comes to its end and looks at everything else.
func (s *stage) testMistyped(t *testing.T) {
	var r report
	defer func() { r.log(t) }()
	for i, x := range s.columns() {
		if !x.mistyped {
			continue
		}
		t.Run(x.row()+"."+x.column, func(t *testing.T) {
			f := s.run(x, x.table == "nidan_canary" || x.table == "nidan_migrations", i%2 == 0)
			if f.impossible != nil {
				return
			}
			r.add(f)
			for _, w := range append(f.wrong, f.again...) {
				t.Errorf("%s: %s", f, w)
			}
			if f.stopped != "" && f.start == "" {
				t.Errorf("%s: audit verify does not come to its end: %s", f, f.stopped)
			}
		})
	}
}

// Every kind of row, as a whole.
func (s *stage) testRows(t *testing.T) {
	var r report
	defer func() { r.log(t) }()
	first := make(map[string]bool)
	for i, x := range s.rows() {
		e, known := rows[x.row()]
		if !known {
			t.Errorf("no expectation says who notices that rows of %s were tampered with", x.row())
			continue
		}
		t.Run(x.row(), func(t *testing.T) {
			f := s.run(x, restarts(x, !first[x.row()]), i%2 == 0)
			if f.impossible != nil {
				return
			}
			first[x.row()] = true
			r.add(f)
			s.judge(t, f, e)
		})
	}
}

// Whole tables of one account, and pairs of them, and all but one. What was
// over stays over unless document and trail are put back together: that is the
// past of the account as far as it decides anything, and testPast looks at it.
func (s *stage) testTablesPutBack(t *testing.T) {
	var r report
	defer func() { r.log(t) }()
	for i, x := range append(s.sets(string(s.alice.id)), s.sets("instance")...) {
		t.Run(strings.ReplaceAll(x.row()+" "+x.what, " ", "_"), func(t *testing.T) {
			for _, ownerFirst := range []bool{false, true} {
				f := s.run(x, i%3 == 0, ownerFirst)
				if f.impossible != nil {
					return
				}
				r.add(f)
				for _, w := range f.wrong {
					t.Errorf("%s: %s", f, w)
				}
				if len(f.verify) == 0 && !silent(x) {
					t.Errorf("%s: audit verify does not notice", f)
				}
				if x.past {
					continue
				}
				for _, w := range f.again {
					t.Errorf("%s: %s", f, w)
				}
			}
		})
	}
}

// silent are the sets that nothing in the database contradicts: everything of an
// account, or everything but what carries no version, and messages alone.
func silent(x tampering) bool {
	switch {
	case strings.HasPrefix(x.what, "everything"), strings.HasPrefix(x.what, "all but nidan_lookups"):
		return true
	case x.table == "of the instance":
		return x.past // its document and its trail are everything it has
	}
	return strings.HasPrefix(x.what, "all of nidan_outbox") || strings.HasPrefix(x.what, "all of nidan_lookups")
}
