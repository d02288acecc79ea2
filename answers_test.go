package nidan_test

import (
	"fmt"
	"strings"
)

// An answer is a way of filling in the second step. It returns what is typed,
// for which way, and whether the truth says it is right.
type answer func(p *play, who int, a ask) (kind int, code string, right bool)

func appCode(off int64) answer    { return codeOf(wayApp, off) }
func newAppCode(off int64) answer { return codeOf(wayNewApp, off) }

func codeOf(kind int, off int64) answer {
	return func(p *play, who int, _ ask) (int, string, bool) {
		w := p.w.truth[who].way(kind)
		if w == nil {
			return kind, "123456", false
		}
		step := p.step() + off
		live := off == 0 || off == -1 || off == w.third
		return kind, totpAt(w.key, step), live && step > w.lastStep
	}
}

// lastTaken is the app's code that was accepted last.
func lastTaken(p *play, who int, _ ask) (int, string, bool) {
	w := p.w.truth[who].way(wayApp)
	if w == nil || w.lastStep == 0 {
		return wayApp, "123456", false
	}
	return wayApp, totpAt(w.key, w.lastStep), false
}

// goneApp is the code of an app that the account had once, for the way that
// stands in its place now.
func goneApp(p *play, who int, _ ask) (int, string, bool) {
	w, gone := p.w.truth[who].way(wayApp), p.w.truth[who].gone
	if w == nil || gone == "" {
		return wayApp, "123456", false
	}
	code := totpAt(gone, p.step())
	for s := p.step() - 1; s <= p.step(); s++ {
		if totpAt(w.key, s) == code {
			return wayApp, "123456", false
		}
	}
	return wayApp, code, false
}

func wrongCode(p *play, who int, _ ask) (int, string, bool) {
	w := p.w.truth[who].way(wayApp)
	for code := 0; ; code++ {
		c := fmt.Sprintf("%06d", code)
		near := false
		for off := int64(-25); w != nil && off <= 25; off++ {
			near = near || totpAt(w.key, p.step()+off) == c
		}
		if !near {
			return wayApp, c, false
		}
	}
}

// noWay answers by a way that the account does not have (SECURITY B5).
func noWay(p *play, who int, a ask) (int, string, bool) {
	_, code, _ := appCode(0)(p, who, a)
	return wayNone, code, false
}

func malformed(*play, int, ask) (int, string, bool) { return wayApp, "abc", false }

// strangersCode answers alice's sign-in with bob's live code (SECURITY B4).
func strangersCode(p *play, who int, a ask) (int, string, bool) {
	_, code, _ := appCode(0)(p, bob, a)
	_, own, right := appCode(0)(p, who, a)
	return wayApp, code, right && own == code
}

func backupCode(from func(*truth) []string, live bool) answer {
	return func(p *play, who int, _ ask) (int, string, bool) {
		t := &p.w.truth[who]
		if list := from(t); len(list) > 0 {
			return wayCode, strings.ToLower(list[0]), live
		}
		return wayCode, "01-0000-0000-0000-0000", false
	}
}

func wrongBackup(*play, int, ask) (int, string, bool) {
	return wayCode, "10-0000-0000-0000-0000", false
}

func liveCodes(t *truth) []string     { return t.codes }
func spentCodes(t *truth) []string    { return t.spent }
func replacedCodes(t *truth) []string { return t.replaced }

// mailedCode is the newest number of what is asked.
func mailedCode(p *play, who int, a ask) (int, string, bool) {
	n := p.w.truth[who].number(a)
	if n == nil {
		return wayMail, "12345678", false
	}
	return wayMail, n.code, n.live(p.wall())
}

// olderCode is the number that the newest took the place of (SECURITY J1).
func olderCode(p *play, who int, a ask) (int, string, bool) {
	n := p.w.truth[who].number(a)
	if n == nil || n.before == "" || n.before == n.code {
		return wayMail, "12345678", false
	}
	return wayMail, n.before, false
}

// anothersCode is a number that was mailed for something else: another sign-in,
// another use (SECURITY J2).
func anothersCode(p *play, who int, a ask) (int, string, bool) {
	t := &p.w.truth[who]
	for _, n := range t.numbers {
		if n.ask != a && n.code != "" {
			return wayMail, n.code, false
		}
	}
	return wayMail, "12345678", false
}

// usedCode is the number that was used last.
func usedCode(p *play, who int, _ ask) (int, string, bool) {
	for i := len(p.w.taken) - 1; i >= 0; i-- {
		if f := strings.Fields(p.w.taken[i]); len(f) == 4 && f[0] == string(p.w.truth[who].id) {
			return wayMail, f[1], false
		}
	}
	return wayMail, "12345678", false
}

func wrongNumber(p *play, who int, a ask) (int, string, bool) {
	if n := p.w.truth[who].number(a); n != nil && n.code == "12345678" {
		return wayMail, "87654321", false
	}
	return wayMail, "12345678", false
}

func malformedNumber(*play, int, ask) (int, string, bool) { return wayMail, "abc", false }

// anyWay is what the owner answers with: whatever she has that works.
func anyWay(p *play, who int, a ask) (int, string, bool) {
	t := &p.w.truth[who]
	switch {
	case t.has(wayApp):
		return appCode(0)(p, who, a)
	case t.has(wayCode) && len(t.codes) > 0:
		return backupCode(liveCodes, true)(p, who, a)
	}
	return mailedCode(p, who, a)
}
