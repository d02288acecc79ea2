package mail

import "strings"

// plain writes the text form: blocks apart by an empty line, those that belong
// together under each other, and a link alone on its line.
func plain(blocks []block, limit int) string {
	var lines []string
	for i, b := range blocks {
		if i > 0 && !(b.Kind == blocks[i-1].Kind && (b.Kind == blockFact || b.Kind == blockSmall)) {
			lines = append(lines, "")
		}
		switch b.Kind {
		case blockLink, blockBound:
			lines = append(lines, b.URL+b.Text)
		default:
			lines = append(lines, wrap(b.Text, limit)...)
		}
	}
	return strings.Join(lines, "\n")
}
