package backup

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func TestHandout(t *testing.T) {
	d := enrol(t, nidan.Enrolment{Issuer: "Example VPN", Account: "alice@example.com"}, start, 1)
	form := regexp.MustCompile(`^\d\d-([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`)
	if len(d.Handout.Codes) != 10 {
		t.Fatalf("%d codes", len(d.Handout.Codes))
	}
	for i, code := range d.Handout.Codes {
		if !form.MatchString(code) || code[:2] != []string{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10"}[i] {
			t.Errorf("code %d is %s", i+1, code)
		}
	}
	if !d.Handout.Issued.Equal(start.Truncate(time.Second)) || d.Handout.Item != "" {
		t.Errorf("issued %v, item %q", d.Handout.Issued, d.Handout.Item)
	}
}

// A draft confirmed a second time would bring spent codes back.
func TestDraftIsConfirmedOnce(t *testing.T) {
	d := enrol(t, nidan.Enrolment{}, start, 1)
	s := must(t, confirm(nil, d, start))
	s = must(t, check(s, d.Handout.Codes[0], start))
	if v := confirm(s, d, start); v.Judgement != nidan.Wrong {
		t.Errorf("at once: judged %d", v.Judgement)
	}
	_, s = reissued(t, s, day(1), 2)
	if v := confirm(s, d, day(2)); v.Judgement != nidan.Wrong {
		t.Errorf("after a reissue: judged %d", v.Judgement)
	}
}

func TestConfirmAnswers(t *testing.T) {
	d := enrol(t, nidan.Enrolment{}, start, 1)
	for _, answer := range []string{"", "Saved", "saved ", "on", "true", d.Handout.Codes[0]} {
		if v := New().Confirm(nil, d, answer, hashesOf(nil, d), start); v.Judgement != nidan.Malformed {
			t.Errorf("%q: judged %d", answer, v.Judgement)
		}
	}
}

func TestTamperedHandout(t *testing.T) {
	change := func(f func(*nidan.Draft)) nidan.Draft {
		d := enrol(t, nidan.Enrolment{}, start, 1)
		f(&d)
		return d
	}
	for name, d := range map[string]nidan.Draft{
		"no codes":     change(func(d *nidan.Draft) { d.Handout.Codes = nil }),
		"nine codes":   change(func(d *nidan.Draft) { d.Handout.Codes = d.Handout.Codes[:9] }),
		"order":        change(func(d *nidan.Draft) { slices.Reverse(d.Handout.Codes) }),
		"one twice":    change(func(d *nidan.Draft) { d.Handout.Codes[1] = d.Handout.Codes[0] }),
		"no code":      change(func(d *nidan.Draft) { d.Handout.Codes[1] = "02" }),
		"one number":   change(func(d *nidan.Draft) { d.Handout.Item = "01" }),
		"other number": change(func(d *nidan.Draft) { d.Handout.Item, d.Handout.Codes = "02", d.Handout.Codes[:1] }),
		"bad number":   change(func(d *nidan.Draft) { d.Handout.Item, d.Handout.Codes = "99", d.Handout.Codes[:1] }),
		"short salt":   change(func(d *nidan.Draft) { d.State = nidan.State(`{"salt":"AAAA"}`) }),
	} {
		if asked := New().SlowConfirm(nil, d); asked != nil {
			t.Errorf("%s: %d hashes asked for", name, len(asked))
		}
		if v := confirm(nil, d, start); v.Judgement != nidan.Wrong {
			t.Errorf("%s: judged %d", name, v.Judgement)
		}
	}
}

// Every hash is asked for like a stored one in full, so that whoever computes it
// finds parameters, salt and length, also when all codes are spent.
func TestLike(t *testing.T) {
	codes, s := issued(t)
	full := func(like string) bool {
		i := strings.LastIndexByte(like, '$')
		return i > 0 && len(like[i+1:]) == 43
	}
	for i := range codes {
		h, ok := New().SlowCheck(s, codes[i])
		if !ok || !full(h.Like) || h.Salt != nil {
			t.Fatalf("code %d: like %q", i+1, h.Like)
		}
		s = must(t, check(s, codes[i], start))
	}
	d := enrol(t, nidan.Enrolment{Old: s}, day(1), 2)
	for _, h := range New().SlowConfirm(s, d) {
		if !full(h.Like) || h.Salt != nil {
			t.Fatalf("reissue: like %q", h.Like)
		}
	}
	first := New().SlowConfirm(nil, d)
	for _, h := range first {
		if h.Like != "" || h.Cost != nidan.CostCode || len(h.Salt) != 16 || !bytes.Equal(h.Salt, first[0].Salt) {
			t.Fatalf("first sheet: like %q, cost %v, salt of %d bytes", h.Like, h.Cost, len(h.Salt))
		}
	}
}
