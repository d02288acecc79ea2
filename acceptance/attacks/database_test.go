package attacks

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/acceptance/rig"
)

// stolen opens a rig's database as a thief of it reads it.
func stolen(t testing.TB, r *rig.Rig) *sql.DB { return openFile(t, r, "ro") }

// tampered opens it as somebody who can write to it.
func tampered(t testing.TB, r *rig.Rig) *sql.DB { return openFile(t, r, "rw") }

func openFile(t testing.TB, r *rig.Rig, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+r.Database()+"?mode="+mode+"&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// write changes rows and returns how many.
func write(t testing.TB, db *sql.DB, statement string, args ...any) int64 {
	t.Helper()
	res, err := db.Exec(statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// number reads one number.
func number(t testing.TB, db *sql.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// sessionRows counts the sessions of an account that the database holds.
func sessionRows(t testing.TB, r *rig.Rig, p *rig.Person) int64 {
	t.Helper()
	return number(t, stolen(t, r), `SELECT count(*) FROM nidan_sessions WHERE account = $1`, show(t, r, p).ID)
}

// notices opens what is waiting to be sent about an account, in the order in
// which it is due.
func notices(t testing.TB, r *rig.Rig, p *rig.Person) []nidan.Notice {
	t.Helper()
	rows, err := stolen(t, r).Query(`SELECT account, id, sealed FROM nidan_outbox WHERE account = $1 ORDER BY due, id`, show(t, r, p).ID)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var list []nidan.Notice
	for rows.Next() {
		var row nidan.OutboxRow
		if err := rows.Scan(&row.Account, &row.ID, &row.Sealed); err != nil {
			t.Fatal(err)
		}
		n, err := nidan.OpenNotice(r.Sealer(), row)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// told counts the notices of a kind and checks where they go.
func told(t testing.TB, r *rig.Rig, p *rig.Person, kind nidan.NoticeKind) int {
	t.Helper()
	n := 0
	for _, x := range notices(t, r, p) {
		if x.To != p.Name {
			t.Errorf("a notice of %s goes to %s", p.Name, x.To)
		}
		if x.Kind == kind {
			n++
		}
	}
	return n
}

// A row is a sealed document as it stands in the database.
type row struct {
	id              string
	format, version int64
	sealed          []byte
}

func document(t testing.TB, r *rig.Rig, p *rig.Person) row {
	t.Helper()
	d := row{id: string(show(t, r, p).ID)}
	err := stolen(t, r).QueryRow(`SELECT format, version, sealed FROM nidan_documents WHERE id = $1 AND kind = 'account'`, d.id).Scan(&d.format, &d.version, &d.sealed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// putBack puts an old document in the place of the present one.
func putBack(t testing.TB, r *rig.Rig, d row) {
	t.Helper()
	if write(t, tampered(t, r), `UPDATE nidan_documents SET format = $2, version = $3, sealed = $4 WHERE id = $1 AND kind = 'account'`, d.id, d.format, d.version, d.sealed) != 1 {
		t.Fatal("there is no such document")
	}
}

// bound is what the seal of a document binds beside its text: kind, id, format
// and version.
func (d row) bound() []byte {
	parts := [][]byte{[]byte("account"), []byte(d.id), []byte(strconv.FormatInt(d.format, 10)), []byte(strconv.FormatInt(d.version, 10))}
	return bytes.Join(parts, []byte{0})
}

// open opens a document with the program's own keys, which no thief has.
func (d row) open(t testing.TB, r *rig.Rig) map[string]any {
	t.Helper()
	text, err := r.Sealer().Open(nidan.ForDocument, d.id, d.bound(), d.sealed)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// damage flips one bit in the middle of an account's document.
func damage(t testing.TB, r *rig.Rig, p *rig.Person) row {
	t.Helper()
	was := document(t, r, p)
	d := was
	d.sealed = bytes.Clone(was.sealed)
	d.sealed[len(d.sealed)/2] ^= 1
	putBack(t, r, d)
	return was
}

// freeze is what the program does where an account is older than something
// shown with it.
func freeze(t testing.TB, r *rig.Rig, p *rig.Person) {
	t.Helper()
	write(t, tampered(t, r), `INSERT INTO nidan_freezes (account, part, shown, found, at) VALUES ($1, 'session', 9, 1, $2)`, show(t, r, p).ID, time.Now().UnixMicro())
}

// copies makes n more accounts like one there is, without the time that their
// passwords would take, and returns their names.
func copies(t testing.TB, r *rig.Rig, p *rig.Person, n int) []string {
	t.Helper()
	db, first := tampered(t, r), document(t, r, p)
	text := first.open(t, r)
	names := make([]string, n)
	for i := range names {
		d := first
		names[i], d.id = r.Name(), strings.ToLower(rand.Text())
		text["id"], text["name"] = d.id, names[i]
		d = d.with(t, r, text)
		write(t, db, `INSERT INTO nidan_documents (id, kind, format, version, sealed, name, protected, methods, last_sign_in, created)
			SELECT $1, kind, format, version, $2, $3, protected, methods, last_sign_in, created FROM nidan_documents WHERE id = $4 AND kind = 'account'`,
			d.id, d.sealed, names[i], first.id)
		write(t, db, `INSERT INTO nidan_lookups (kind, key, account) VALUES ('login', $1, $2)`, names[i], d.id)
	}
	return names
}

// person makes an account whose password costs next to nothing to hash, as one
// that came from elsewhere may have it. It is for attacks in which the password
// has to be right a hundred times.
func person(t testing.TB, r *rig.Rig) *rig.Person {
	t.Helper()
	p := r.Person()
	cheapen(t, r, p)
	return p
}

// cheapen replaces the hash of a person's password.
func cheapen(t testing.TB, r *rig.Rig, p *rig.Person) {
	t.Helper()
	d, keys := document(t, r, p), r.Sealer()
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	mac, err := keys.MACWith(keys.KeyID(), nidan.ForPassword, string(argon2.IDKey([]byte(p.Password), salt, 1, 8, 1, 32)))
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawStdEncoding.EncodeToString
	text := d.open(t, r)
	text["pw"].(map[string]any)["h"] = "$argon2id$v=19$m=8,t=1,p=1,keyid=" + keys.KeyID() + "$" + b64(salt) + "$" + b64(mac)
	putBack(t, r, d.with(t, r, text))
}

// protected is [rig.Rig.Protected] of such a person.
func protected(t testing.TB, r *rig.Rig) (*rig.Person, *rig.Browser) {
	t.Helper()
	p, b := person(t, r), r.Browser()
	p.LogIn(b)
	p.TurnOn(b)
	r.Clock.Advance(time.Minute)
	return p, b
}

// with is the document with another text, sealed by the program's own keys.
func (d row) with(t testing.TB, r *rig.Rig, text map[string]any) row {
	t.Helper()
	body, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	d.sealed = r.Sealer().Seal(nidan.ForDocument, d.id, d.bound(), body)
	return d
}
