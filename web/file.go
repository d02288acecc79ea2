package web

import (
	"net/http"
	"strings"
)

// file sends the codes as a text that prints well. It is the sheet that the
// page shows, to its reader only.
func (k sheet) file(v *visit, who holder) error {
	h, out, err := v.held(who, k.carried)
	switch {
	case err != nil:
		return err
	case !out.Passed():
		return v.notHeld(k.carried, out)
	case len(h.Codes.Codes) == 0:
		return v.to(k.here) // the step before is still due
	}
	body, err := v.locale.file(k.view(v, h, nil), page{Brand: v.p.brand, Kept: h.Kept}.Entry())
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="backup-codes.txt"`)
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write([]byte(body)) // whoever asked has gone
	return nil
}

// file writes the sheet: whose it is, account, date, number, the codes, and what
// they are for.
func (l *locale) file(view codesView, entry string) (string, error) {
	heading := msg("file.title", "entry", entry)
	use := []*message{msg("file.use"), msg("file.from"), msg("file.care")}
	if view.Item != "" {
		heading = msg("file.title.one", "entry", entry, "item", view.Item)
	}
	var b strings.Builder
	line := func(m *message) error {
		s, err := l.Text(m.Key, m.Args...)
		b.WriteString(s + "\r\n")
		return err
	}
	for _, m := range []*message{heading, msg("file.account", "account", view.Account), msg("codes.issued", "n", len(view.Codes), "date", day(view.Issued))} {
		if err := line(m); err != nil {
			return "", err
		}
	}
	b.WriteString("\r\n")
	for _, code := range view.Codes {
		b.WriteString("    " + code + "\r\n\r\n")
	}
	for _, m := range use {
		if err := line(m); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
