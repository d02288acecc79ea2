package rig

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver that the program uses: within one process two would take each other's locks
)

// A Table is one table, as the database's own catalogue describes it. Tests
// that are driven by it cannot forget a column.
type Table struct {
	Name    string
	Columns []Column
}

// A Column is one column of a table.
type Column struct {
	Name string
	Type string // as declared
	Key  bool   // part of the primary key
}

// Key lists the columns of the primary key.
func (t Table) Key() []string {
	var key []string
	for _, c := range t.Columns {
		if c.Key {
			key = append(key, c.Name)
		}
	}
	return key
}

// names of the columns, for a statement. With a plus before each of them the
// driver gives what is stored, and not what the declared type makes of it.
func (t Table) names(plus string) string {
	var names []string
	for _, c := range t.Columns {
		if plus != "" {
			names = append(names, plus+c.Name+" AS "+c.Name)
			continue
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// A Row is one row: column → value.
type Row map[string]any

// A Dump is every row of every table.
type Dump map[string][]Row

// SQL opens the database with a connection of its own, as somebody who can
// write to the file would. What it writes is not held back by any CHECK.
func (r *Rig) SQL() *sql.DB {
	r.T.Helper()
	db, err := sql.Open("sqlite", "file:"+r.Database()+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(off)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() {
		if err := db.Close(); err != nil {
			r.T.Error(err)
		}
	})
	return db
}

// Tables reads the catalogue. Left out are the tables of SQLite itself.
func (r *Rig) Tables(db *sql.DB) []Table {
	r.T.Helper()
	var tables []Table
	names := query(r, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	for _, name := range names {
		t := Table{Name: name["name"].(string)}
		for _, c := range query(r, db, "SELECT name, type, pk FROM pragma_table_info('"+t.Name+"')") {
			t.Columns = append(t.Columns, Column{c["name"].(string), c["type"].(string), c["pk"].(int64) > 0})
		}
		tables = append(tables, t)
	}
	return tables
}

// Dump reads every row of every table.
func (r *Rig) Dump(db *sql.DB) Dump {
	r.T.Helper()
	d := make(Dump)
	for _, t := range r.Tables(db) {
		d[t.Name] = query(r, db, "SELECT "+t.names("+")+" FROM "+t.Name+" ORDER BY rowid")
	}
	return d
}

func query(r *Rig, db *sql.DB, text string) []Row {
	r.T.Helper()
	rows, err := db.Query(text)
	if err != nil {
		r.T.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		r.T.Fatal(err)
	}
	var all []Row
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			r.T.Fatal(err)
		}
		row := make(Row)
		for i, c := range columns {
			row[c] = values[i]
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		r.T.Fatal(err)
	}
	return all
}

// Restore makes the tables hold what the dump has, and nothing else.
func (r *Rig) Restore(db *sql.DB, d Dump) {
	r.T.Helper()
	tables := r.Tables(db)
	tx, err := db.Begin()
	if err != nil {
		r.T.Fatal(err)
	}
	for _, t := range tables {
		if _, err := tx.Exec("DELETE FROM " + t.Name); err != nil {
			r.T.Fatal(err)
		}
		for _, row := range d[t.Name] {
			if err := t.Insert(tx, row); err != nil {
				r.T.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		r.T.Fatal(err)
	}
}

// An Execer is a database or a transaction.
type Execer interface {
	Exec(query string, args ...any) (sql.Result, error)
}

// Insert puts a row in, in the place of one with the same key.
func (t Table) Insert(tx Execer, row Row) error {
	var args []any
	var marks []string
	for i, c := range t.Columns {
		args = append(args, row[c.Name])
		marks = append(marks, fmt.Sprintf("$%d", i+1))
	}
	_, err := tx.Exec("INSERT OR REPLACE INTO "+t.Name+" ("+t.names("")+") VALUES ("+strings.Join(marks, ", ")+")", args...)
	return err
}

// String writes a row in one line, every column of it.
func (w Row) String() string {
	var names []string
	for name := range w {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s=%q", name, fmt.Sprint(text(w[name])))
	}
	return strings.Join(names, " ")
}

func text(v any) any {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}

// Difference tells which rows are in one dump only, table by table; empty: the
// two are the same.
func (d Dump) Difference(e Dump) string {
	var said []string
	tables := make(map[string]bool)
	for t := range d {
		tables[t] = true
	}
	for t := range e {
		tables[t] = true
	}
	for t := range tables {
		count := make(map[string]int)
		for _, row := range d[t] {
			count[row.String()]--
		}
		for _, row := range e[t] {
			count[row.String()]++
		}
		for row, n := range count {
			for ; n < 0; n++ {
				said = append(said, t+" - "+row)
			}
			for ; n > 0; n-- {
				said = append(said, t+" + "+row)
			}
		}
	}
	slices.Sort(said)
	return strings.Join(said, "\n")
}
