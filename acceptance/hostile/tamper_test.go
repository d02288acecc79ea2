package hostile

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/nidan-auth/nidan/acceptance/rig"
)

// A tampering is one thing that somebody does to the database.
type tampering struct {
	table, kind string // kind of row: the tables of documents and events hold two
	column      string // empty: rows as a whole
	what        string
	mistyped    bool     // a value of another type than the column's
	whom        []string // ids of the accounts it is done to
	do          func(rig.Execer) error
	past        bool // puts a document back together with its trail
}

func (t tampering) String() string {
	return strings.Join(strings.Fields(t.row()+" "+t.column+" "+t.what), " ")
}

func (t tampering) row() string {
	if t.kind != "" {
		return t.table + "(" + t.kind + ")"
	}
	return t.table
}

// kindOf is the kind of a row.
func kindOf(table string, row rig.Row) string {
	switch table {
	case "nidan_documents":
		return fmt.Sprint(row["kind"])
	case "nidan_events":
		if row["owner"] == "instance" {
			return "instance"
		}
		return "account"
	}
	return ""
}

// owners are the columns that say whose a row is.
var owners = []string{"account", "owner", "id"}

// ownerOf is whose a row is; "" where it is nobody's.
func (s *stage) ownerOf(row rig.Row) string {
	for _, c := range owners {
		id, _ := row[c].(string)
		if id == "instance" || id == string(s.alice.id) || id == string(s.bob.id) || id == string(s.frozen.id) {
			return id
		}
	}
	return ""
}

// A target is a row to tamper with, and another of its kind: the other
// account's where there is one.
type target struct {
	table      rig.Table
	kind, name string
	row, other rig.Row
}

// targets picks rows of every table and kind: alice's first, one in the middle
// and the last, or what there is.
func (s *stage) targets() []target {
	var all []target
	for _, t := range s.tables {
		kinds := make(map[string][]rig.Row)
		for _, row := range s.now[t.Name] {
			k := kindOf(t.Name, row)
			kinds[k] = append(kinds[k], row)
		}
		for k, rows := range kinds {
			mine := slices.DeleteFunc(slices.Clone(rows), func(row rig.Row) bool { return s.ownerOf(row) != string(s.alice.id) })
			others := slices.DeleteFunc(slices.Clone(rows), func(row rig.Row) bool { return s.ownerOf(row) != string(s.bob.id) })
			if len(mine) == 0 {
				mine, others = rows, rows[1:]
			}
			pick := map[int]string{0: "first"}
			if len(mine) > 1 {
				pick[len(mine)-1] = "last"
			}
			if len(mine) > 2 {
				pick[len(mine)/2] = "middle"
			}
			for i, name := range pick {
				x := target{table: t, kind: k, name: name, row: mine[i]}
				for _, row := range others {
					if row.String() != x.row.String() && (x.other == nil || len(others) > i && row.String() == others[i].String()) {
						x.other = row
					}
				}
				all = append(all, x)
			}
		}
	}
	slices.SortFunc(all, func(x, y target) int {
		return strings.Compare(x.table.Name+x.kind+x.name, y.table.Name+y.kind+y.name)
	})
	return all
}

// whose are the accounts that rows belong to.
func (s *stage) whose(rows ...rig.Row) []string {
	var ids []string
	for _, row := range rows {
		if id := s.ownerOf(row); row != nil && id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// where finds a row by its key as it stands in the baseline.
func where(t rig.Table, row rig.Row, from int) (string, []any) {
	var words []string
	var args []any
	for _, k := range t.Key() {
		words = append(words, fmt.Sprintf("%s = $%d", k, from+len(args)))
		args = append(args, row[k])
	}
	if len(words) == 0 {
		panic("table " + t.Name + " has no key")
	}
	return strings.Join(words, " AND "), args
}

// setTo sets one column of a row.
func setTo(tx rig.Execer, t rig.Table, row rig.Row, column string, value any) error {
	w, args := where(t, row, 2)
	res, err := tx.Exec("UPDATE "+t.Name+" SET "+column+" = $1 WHERE "+w, append([]any{value}, args...)...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows changed, %w", n, err)
	}
	return nil
}

// altered are other values of the type that stands in a column.
func altered(c rig.Column, v any) map[string]any {
	switch v := v.(type) {
	case int64:
		if c.Type == "BOOLEAN" {
			return map[string]any{"the opposite": 1 - v}
		}
		return map[string]any{"+1": v + 1, "0": int64(0), "greatest": int64(math.MaxInt64), "least": int64(math.MinInt64)}
	case string:
		if v == "" {
			return map[string]any{"a word": "word"}
		}
		last := []byte(v)
		last[len(last)-1] ^= 1
		return map[string]any{"another last letter": string(last), "empty": ""}
	case []byte:
		flip := func(i int) []byte {
			b := bytes.Clone(v)
			b[i] ^= 0x10
			return b
		}
		return map[string]any{
			"a bit of the first byte": flip(0), "a bit of the last byte": flip(len(v) - 1), "cut": v[:len(v)/2], "empty": []byte{},
		}
	}
	panic(fmt.Sprintf("a %T in the database", v))
}

// mistyped are values that the column's declaration does not mean, and that
// SQLite takes all the same.
func mistyped(c rig.Column, v any) map[string]any {
	switch v.(type) {
	case int64:
		if c.Type == "BOOLEAN" {
			return map[string]any{"a text for a number": "many", "neither yes nor no": int64(7)}
		}
		return map[string]any{"a text for a number": "many", "a fraction": 0.5}
	case string:
		return map[string]any{"a blob for a text": []byte{0xff, 0}}
	}
	return map[string]any{"a number for a blob": int64(7)}
}

func same(a, b any) bool {
	return fmt.Sprintf("%T%v", a, b) == fmt.Sprintf("%T%v", b, b) && fmt.Sprint(a) == fmt.Sprint(b)
}

// find returns the row with the key of row, or nil.
func find(d rig.Dump, t rig.Table, row rig.Row) rig.Row {
	for _, x := range d[t.Name] {
		if !slices.ContainsFunc(t.Key(), func(k string) bool { return !same(x[k], row[k]) }) {
			return x
		}
	}
	return nil
}

// columns tampers with one column of one row at a time.
func (s *stage) columns() []tampering {
	var all []tampering
	for _, x := range s.targets() {
		// Of most tables one row is as good as another; of a trail it is not.
		if x.name == "middle" || x.name == "last" && x.table.Name != "nidan_events" && x.table.Name != "nidan_migrations" {
			continue
		}
		for _, c := range x.table.Columns {
			mine := s.whose(x.row)
			add := func(what string, whom []string, do func(rig.Execer) error) {
				all = append(all, tampering{table: x.table.Name, kind: x.kind, column: c.Name, what: what + " (" + x.name + ")", whom: whom, do: do})
			}
			for name, v := range altered(c, x.row[c.Name]) {
				if !same(v, x.row[c.Name]) {
					add("altered: "+name, mine, func(tx rig.Execer) error { return setTo(tx, x.table, x.row, c.Name, v) })
				}
			}
			for name, v := range mistyped(c, x.row[c.Name]) {
				if x.name == "first" {
					add(name, mine, func(tx rig.Execer) error { return setTo(tx, x.table, x.row, c.Name, v) })
					all[len(all)-1].mistyped = true
				}
			}
			if x.other != nil && !same(x.other[c.Name], x.row[c.Name]) {
				add("swapped with another row", s.whose(x.row, x.other), func(tx rig.Execer) error { return swap(tx, x.table, x.row, x.other, c.Name) })
			}
			for name, d := range map[string]rig.Dump{"of a moment ago": s.near, "of long ago": s.far} {
				if old := find(d, x.table, x.row); old != nil && !same(old[c.Name], x.row[c.Name]) {
					add("older: "+name, mine, func(tx rig.Execer) error { return setTo(tx, x.table, x.row, c.Name, old[c.Name]) })
				}
			}
		}
	}
	return inOrder(all)
}

// inOrder sorts, so that every run does the same in the same order.
func inOrder(all []tampering) []tampering {
	slices.SortFunc(all, func(a, b tampering) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// swap exchanges one column of two rows. Where that makes their keys collide
// on the way, the rows are put anew.
func swap(tx rig.Execer, t rig.Table, a, b rig.Row, column string) error {
	x, y := clone(a), clone(b)
	x[column], y[column] = b[column], a[column]
	for _, row := range []rig.Row{a, b} {
		if err := remove(tx, t, row); err != nil {
			return err
		}
	}
	if err := t.Insert(tx, x); err != nil {
		return err
	}
	return t.Insert(tx, y)
}

func clone(row rig.Row) rig.Row {
	c := make(rig.Row)
	for k, v := range row {
		c[k] = v
	}
	return c
}

func remove(tx rig.Execer, t rig.Table, row rig.Row) error {
	w, args := where(t, row, 1)
	_, err := tx.Exec("DELETE FROM "+t.Name+" WHERE "+w, args...)
	return err
}

// rows tampers with whole rows.
func (s *stage) rows() []tampering {
	var all []tampering
	for _, x := range s.targets() {
		mine, both := s.whose(x.row), s.whose(x.row, x.other)
		add := func(what string, whom []string, do func(rig.Execer) error) {
			all = append(all, tampering{table: x.table.Name, kind: x.kind, what: what + " (" + x.name + ")", whom: whom, do: do})
		}
		add("deleted", mine, func(tx rig.Execer) error { return remove(tx, x.table, x.row) })
		for _, k := range x.table.Key() {
			var at any
			switch v := x.row[k].(type) {
			case int64:
				at = v + 1
				if x.name != "last" {
					at = v + 1000
				}
			case string:
				at = v[:len(v)-1] + string(v[len(v)-1]^1)
				if v == string(s.alice.id) {
					at = string(s.bob.id)
				}
			}
			copied := clone(x.row)
			copied[k] = at
			if find(s.now, x.table, copied) == nil {
				add("copied to another "+k, s.whose(x.row, copied), func(tx rig.Execer) error { return x.table.Insert(tx, copied) })
			}
			moved := clone(copied)
			add("moved to another "+k, s.whose(x.row, moved), func(tx rig.Execer) error {
				if err := remove(tx, x.table, x.row); err != nil {
					return err
				}
				return x.table.Insert(tx, moved)
			})
		}
		if x.other != nil {
			foreign := clone(x.other)
			for _, k := range x.table.Key() {
				foreign[k] = x.row[k]
			}
			add("the other's in its place", mine, func(tx rig.Execer) error { return x.table.Insert(tx, foreign) })
			if find(s.now, x.table, x.other) != nil {
				add("both swapped, keys kept", both, func(tx rig.Execer) error {
					back := clone(x.row)
					for _, k := range x.table.Key() {
						back[k] = x.other[k]
					}
					if err := x.table.Insert(tx, foreign); err != nil {
						return err
					}
					return x.table.Insert(tx, back)
				})
			}
		}
		for name, d := range map[string]rig.Dump{"of a moment ago": s.near, "of long ago": s.far} {
			old := find(d, x.table, x.row)
			if old == nil || old.String() == x.row.String() {
				continue
			}
			add("the older one "+name, mine, func(tx rig.Execer) error { return x.table.Insert(tx, old) })
			for _, c := range x.table.Columns {
				if same(old[c.Name], x.row[c.Name]) || c.Key {
					continue
				}
				mixed := clone(old)
				mixed[c.Name] = x.row[c.Name]
				if mixed.String() != x.row.String() {
					add("the older one "+name+" with today's "+c.Name, mine, func(tx rig.Execer) error { return x.table.Insert(tx, mixed) })
				}
			}
		}
	}
	return inOrder(append(all, s.revived()...))
}

// revived brings back rows that are gone.
func (s *stage) revived() []tampering {
	var all []tampering
	for _, t := range s.tables {
		for name, d := range map[string]rig.Dump{"of a moment ago": s.near, "of long ago": s.far} {
			n := make(map[string]int)
			for _, row := range d[t.Name] {
				if id := s.ownerOf(row); find(s.now, t, row) == nil && (id == string(s.alice.id) || id == "") {
					if n[kindOf(t.Name, row)]++; n[kindOf(t.Name, row)] > 3 {
						continue
					}
					all = append(all, tampering{
						table: t.Name, kind: kindOf(t.Name, row), what: "a row " + name + " brought back", whom: []string{id},
						do: func(tx rig.Execer) error { return t.Insert(tx, row) },
					})
				}
			}
		}
	}
	return all
}

// sets puts everything that some tables held of one account back, and leaves
// the others: one table alone, all but one, and documents with their events.
func (s *stage) sets(owner string) []tampering {
	var personal []rig.Table
	for _, t := range s.tables {
		if slices.ContainsFunc(s.now[t.Name], func(row rig.Row) bool { return s.ownerOf(row) == owner }) {
			personal = append(personal, t)
		}
	}
	var all []tampering
	for name, d := range map[string]rig.Dump{"of a moment ago": s.near, "of long ago": s.far} {
		add := func(what string, tables []rig.Table) {
			t := tampering{table: "of " + map[bool]string{true: "the instance", false: "one account"}[owner == "instance"], what: what + " " + name, whom: []string{owner}, do: func(tx rig.Execer) error {
				for _, t := range tables {
					for _, row := range s.now[t.Name] {
						if s.ownerOf(row) == owner {
							if err := remove(tx, t, row); err != nil {
								return err
							}
						}
					}
					for _, row := range d[t.Name] {
						if s.ownerOf(row) == owner {
							if err := t.Insert(tx, row); err != nil {
								return err
							}
						}
					}
				}
				return nil
			}}
			has := func(table string) bool {
				return slices.ContainsFunc(tables, func(t rig.Table) bool { return t.Name == table })
			}
			t.past = has("nidan_documents") && has("nidan_events")
			all = append(all, t)
		}
		for i, t := range personal {
			add("all of "+t.Name, personal[i:i+1])
			add("all but "+t.Name, slices.Delete(slices.Clone(personal), i, i+1))
			for _, u := range personal[i+1:] {
				if t.Name == "nidan_documents" || t.Name == "nidan_events" { // what the others hold decides little
					add("all of "+t.Name+" and "+u.Name, []rig.Table{t, u})
				}
			}
		}
		add("everything", personal)
	}
	return inOrder(all)
}
