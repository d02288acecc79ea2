package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nidan-auth/nidan"
)

// Gate implements [nidan.Store]. It never returns while step may still run, so
// step may use what belongs to the caller; what step panics with, Gate panics
// with.
func (s *SQLite) Gate(ctx context.Context, keys []string, step func([]nidan.GateRow) []nidan.GateRow) ([]nidan.GateRow, error) {
	var rows []nidan.GateRow
	err := s.w.submit(ctx, &request{
		apart: true,
		stay:  true,
		apply: func(db *conn) (refusal, failure error) {
			rows, refusal, failure = db.gate(keys, step)
			return refusal, failure
		},
	})
	var p *stepPanic
	if errors.As(err, &p) {
		panic(p.value)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// gate replaces the rows of keys by what step makes of them. A zero row is the
// same as no row and is not kept.
func (db *conn) gate(keys []string, step func([]nidan.GateRow) []nidan.GateRow) (rows []nidan.GateRow, refusal, failure error) {
	old := make([]nidan.GateRow, len(keys))
	for i, key := range keys {
		var last number
		if _, err := db.row([]any{&old[i].Wrong, &last}, sqlGate, key); err != nil {
			return nil, nil, err
		}
		old[i].Last = instant(last)
	}
	rows, err := callStep(step, slices.Clone(old))
	if err != nil {
		return nil, err, nil
	}
	if len(rows) != len(keys) {
		return nil, fmt.Errorf("store: the gate's step made %d rows of %d", len(rows), len(keys)), nil
	}
	for i, key := range keys {
		if err := db.putGate(key, old[i], rows[i]); err != nil {
			return nil, nil, err
		}
	}
	return rows, nil, nil
}

func (db *conn) putGate(key string, old, row nidan.GateRow) error {
	switch {
	case row.Wrong == old.Wrong && micros(row.Last) == micros(old.Last):
		return nil
	case row.Wrong == 0 && row.Last.IsZero():
		return db.run(sqlDeleteGate, key)
	default:
		return db.run(sqlPutGate, key, row.Wrong, micros(row.Last))
	}
}

// A stepPanic carries a panic from the writer, which serves others too, to the
// caller whose step it was.
type stepPanic struct{ value any }

func (p *stepPanic) Error() string {
	return fmt.Sprintf("store: the gate's step panicked: %v", p.value)
}

func callStep(step func([]nidan.GateRow) []nidan.GateRow, rows []nidan.GateRow) (out []nidan.GateRow, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &stepPanic{v}
		}
	}()
	return step(rows), nil
}
