package rig

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/nidan-auth/nidan"
)

// Document is what is stored of somebody, opened with the program's own keys.
func (r *Rig) Document(name string) map[string]any {
	r.T.Helper()
	var id string
	var format, version int64
	var sealed []byte
	row := r.read().QueryRow(`SELECT id, format, version, sealed FROM nidan_documents WHERE kind = 'account' AND name = ?`, name)
	if err := row.Scan(&id, &format, &version, &sealed); err != nil {
		r.T.Fatal(err)
	}
	bound := bytes.Join([][]byte{[]byte("account"), []byte(id), strconv.AppendInt(nil, format, 10), strconv.AppendInt(nil, version, 10)}, []byte{0})
	text, err := r.Sealer().Open(nidan.ForDocument, id, bound, sealed)
	if err != nil {
		r.T.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		r.T.Fatal(err)
	}
	return doc
}
