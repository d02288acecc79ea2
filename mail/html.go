package mail

import (
	_ "embed"
	"html/template"
	"strings"
)

//go:embed mail.html
var layout string

var page = template.Must(template.New("mail").Parse(layout))

// markup writes the HTML form. The lead comes first in it, as mail programs
// show what comes first in their lists; the brand stands at the end.
func markup(m Message, brand, code string, blocks []block) (string, error) {
	before, after, numbered := strings.Cut(blocks[0].Text, code)
	if code == "" || !numbered {
		before, code, after = blocks[0].Text, "", ""
	}
	var b strings.Builder
	err := page.Execute(&b, map[string]any{
		"Language": m.Language, "Subject": m.Subject, "Brand": brand,
		"Before": before, "Code": code, "After": after, "Groups": grouped(blocks[1:]),
	})
	return b.String(), err
}

// A group is what stands in one element: neighbours of one kind.
type group struct {
	Kind   blockKind
	Blocks []block
}

func grouped(blocks []block) []group {
	var out []group
	for _, b := range blocks {
		if n := len(out); n > 0 && out[n-1].Kind == b.Kind {
			out[n-1].Blocks = append(out[n-1].Blocks, b)
		} else {
			out = append(out, group{b.Kind, []block{b}})
		}
	}
	return out
}
