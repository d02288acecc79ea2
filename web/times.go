package web

import (
	"fmt"
	"html/template"
	"strconv"
	"time"
)

// moment writes a time with its zone: 22 November 2026, 14:05 UTC.
func (l *locale) moment(t time.Time) string { return l.timed(t, "15:04") }

func (l *locale) second(t time.Time) string { return l.timed(t, "15:04:05") }

func (l *locale) timed(t time.Time, clock string) string {
	t = t.In(l.zone)
	return l.must("format.moment", "date", l.day(t), "clock", t.Format(clock), "zone", l.zoneName(t))
}

// day writes a date.
func (l *locale) day(t time.Time) string {
	t = t.In(l.zone)
	return l.must("format.date", "day", t.Day(), "month", l.months[t.Month()-1], "year", strconv.Itoa(t.Year()))
}

// zoneName is the zone's name in the language, its abbreviation, or, where it
// has none of letters, its distance from UTC.
func (l *locale) zoneName(t time.Time) string {
	abbr, off := t.Zone()
	if name, ok := l.zones[abbr]; ok {
		return name
	}
	if abbr != "" && 'A' <= abbr[0] && abbr[0] <= 'Z' {
		return abbr
	}
	sign := "+"
	if off < 0 {
		sign, off = "−", -off
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, off/3600, off/60%60)
}

// span writes how long something lasts, rounded up: whoever waits that long
// does not come too early.
func (l *locale) span(d time.Duration) (string, error) {
	up := func(unit time.Duration) int { return max(1, int((d+unit-1)/unit)) }
	switch {
	case d <= 90*time.Second:
		return l.text("format.seconds", "n", up(time.Second))
	case d <= 90*time.Minute:
		return l.text("format.minutes", "n", up(time.Minute))
	}
	return l.text("format.hours", "n", up(time.Hour))
}

// element makes a time readable by machines too.
func (l *locale) element(t time.Time, shown string) string {
	return `<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + template.HTMLEscapeString(shown) + `</time>`
}

// must says a sentence of the format: every catalogue was checked to have it.
func (l *locale) must(key string, args ...any) string {
	s, err := l.text(key, args...)
	if err != nil {
		panic(err) // unreachable: checked when the catalogue was read
	}
	return s
}
