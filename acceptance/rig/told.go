package rig

import (
	"cmp"
	"database/sql"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
	_ "modernc.org/sqlite" // the driver
)

// read opens the database beside the program, without being able to write.
func (r *Rig) read() *sql.DB {
	r.T.Helper()
	u := url.URL{Scheme: "file", Path: r.Database(), RawQuery: "mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() { closed(r.T, db) })
	return db
}

func closed(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Told returns the notices that wait to be sent to somebody by now, oldest
// first.
func (r *Rig) Told(name string) []nidan.Notice {
	r.T.Helper()
	db, seal := r.read(), r.Sealer()
	rows, err := db.Query(`SELECT account, id, sealed, due, expires FROM nidan_outbox`)
	if err != nil {
		r.T.Fatal(err)
	}
	defer closed(r.T, rows)
	var told []nidan.Notice
	for rows.Next() {
		var row nidan.OutboxRow
		var due, expires int64
		if err := rows.Scan(&row.Account, &row.ID, &row.Sealed, &due, &expires); err != nil {
			r.T.Fatal(err)
		}
		n, err := nidan.OpenNotice(seal, row)
		if err != nil {
			r.T.Fatal(err)
		}
		if n.To == name && !time.UnixMicro(due).After(r.Clock.Wall()) {
			told = append(told, n)
		}
	}
	if err := rows.Err(); err != nil {
		r.T.Fatal(err)
	}
	slices.SortStableFunc(told, func(a, b nidan.Notice) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Version, b.Version)) })
	return told
}

// Version is how often anything was stored in somebody's document.
func (r *Rig) Version(name string) int64 {
	r.T.Helper()
	var v int64
	if err := r.read().QueryRow(`SELECT version FROM nidan_documents WHERE kind = 'account' AND name = ?`, name).Scan(&v); err != nil {
		r.T.Fatal(err)
	}
	return v
}
