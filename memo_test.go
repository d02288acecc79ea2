package nidan

import (
	"slices"
	"testing"
)

func TestMemoIsBounded(t *testing.T) {
	var m memo[int, int]
	for i := range 3*memoSize + 7 {
		m.put(i, i)
		m.put(i, -i) // in its place
		if len(m.values) > memoSize || len(m.keys) > memoSize {
			t.Fatalf("after %d it holds %d, and %d keys", i, len(m.values), len(m.keys))
		}
	}
	const last = 3*memoSize + 6
	for _, i := range []int{last, last - memoSize + 1} {
		if v, ok := m.get(i); !ok || v != -i {
			t.Errorf("%d is %d, %v", i, v, ok)
		}
	}
	if v, ok := m.get(last - memoSize); ok {
		t.Errorf("the one before the oldest is still there: %d", v)
	}
}

// plainSealer seals by putting what it is for in front.
type plainSealer struct{ opens int }

func (*plainSealer) Seal(p Purpose, owner string, ad, plain []byte) []byte {
	return slices.Concat([]byte(p), []byte(owner), ad, []byte{0}, plain)
}

func (s *plainSealer) Open(p Purpose, owner string, ad, sealed []byte) ([]byte, error) {
	s.opens++
	front := slices.Concat([]byte(p), []byte(owner), ad, []byte{0})
	if len(sealed) < len(front) || string(sealed[:len(front)]) != string(front) {
		return nil, ErrNotFound
	}
	return sealed[len(front):], nil
}

func (*plainSealer) MAC(Purpose, ...string) []byte { return nil }

// What is remembered of a session is given for the same row only.
func TestOpenedSession(t *testing.T) {
	s := new(plainSealer)
	var o opened
	row := minted{"one", sessionBody{Lineage: "line", Epoch: 7, Proofs: []proof{{AMR: "pwd"}}}}.row(s, "ann")
	for range 3 {
		body, err := o.session(s, row)
		if err != nil || body.Lineage != "line" || body.Epoch != 7 {
			t.Fatalf("%+v, %v", body, err)
		}
		body.Proofs = append(body.Proofs, proof{AMR: "otp"})
	}
	if body, _ := o.session(s, row); len(body.Proofs) != 1 || len(body.Proofs[:cap(body.Proofs)]) != 1 {
		t.Error("what one caller appends is seen by the next")
	}
	if s.opens != 1 {
		t.Errorf("opened %d times", s.opens)
	}
	changed := row
	changed.Sealed = slices.Clone(row.Sealed)
	changed.Sealed[len(changed.Sealed)-1] ^= 1
	if body, err := o.session(s, changed); err == nil {
		t.Errorf("a row that was changed opens to %+v", body)
	}
	other := row
	other.Account = "bob"
	if body, err := o.session(s, other); err == nil {
		t.Errorf("a row that was moved to another account opens to %+v", body)
	}
	again := minted{"one", sessionBody{Epoch: 8}}.row(s, "ann")
	if body, err := o.session(s, again); err != nil || body.Epoch != 8 {
		t.Errorf("a row that was written anew opens to %+v, %v", body, err)
	}
}

// A document whose row was changed by somebody else is opened again.
func TestOpenedDocument(t *testing.T) {
	var o opened
	r := Record{Kind: KindAccount, ID: "ann", Format: 1, Version: 3, Sealed: []byte("sealed")}
	a := &Account{ID: "ann", Version: 3}
	o.put(r, a)
	if o.get(r) != a {
		t.Fatal("it is not remembered")
	}
	for what, change := range map[string]func(*Record){
		"kind":    func(r *Record) { r.Kind = KindInstance },
		"id":      func(r *Record) { r.ID = "bob" },
		"format":  func(r *Record) { r.Format = 2 },
		"version": func(r *Record) { r.Version = 4 },
		"bytes":   func(r *Record) { r.Sealed = []byte("Sealed") },
	} {
		other := r
		change(&other)
		if o.get(other) != nil {
			t.Errorf("remembered under another %s", what)
		}
	}
}
