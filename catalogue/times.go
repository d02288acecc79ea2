package catalogue

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kinds of value that are written in the reader's way. A plain time.Time is a
// moment: date, time of day and zone.
type (
	Day    time.Time // a date without a time of day
	Clock  time.Time // a time of day with its zone, for what ends today
	Second time.Time // a moment to the second, for short waits
)

// Moment writes a time with its zone: 22 November 2026, 14:05 UTC.
func (l *Language) Moment(t time.Time) string { return l.timed(t, "15:04") }

func (l *Language) second(t time.Time) string { return l.timed(t, "15:04:05") }

func (l *Language) timed(t time.Time, clock string) string {
	t = t.In(l.zone)
	return l.form.write("moment", "date", l.Date(t), "clock", t.Format(clock), "zone", l.zoneName(t))
}

// Clock writes a time of day with its zone: 14:05 UTC.
func (l *Language) Clock(t time.Time) string {
	t = t.In(l.zone)
	return l.form.write("clock", "clock", t.Format("15:04"), "zone", l.zoneName(t))
}

// Date writes a date.
func (l *Language) Date(t time.Time) string {
	t = t.In(l.zone)
	return l.form.write("date", "day", strconv.Itoa(t.Day()), "month", l.form.months[t.Month()-1], "year", strconv.Itoa(t.Year()))
}

// zoneName is the zone's name in the language, its abbreviation, or, where it
// has none of letters, its distance from UTC.
func (l *Language) zoneName(t time.Time) string {
	abbr, off := t.Zone()
	if name, ok := l.form.zones[abbr]; ok {
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

// Span writes how long something lasts, rounded up: whoever waits that long
// does not come too early.
func (l *Language) Span(d time.Duration) string {
	switch {
	case d <= 90*time.Second:
		return l.form.count("seconds", d, time.Second)
	case d <= 90*time.Minute:
		return l.form.count("minutes", d, time.Minute)
	case d <= 72*time.Hour:
		return l.form.count("hours", d, time.Hour)
	}
	return l.form.count("days", d, 24*time.Hour)
}

// element makes a time readable by machines too.
func element(t time.Time, shown string) string {
	return `<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + shown + `</time>`
}

// A form is how a language writes times and counts.
type form struct {
	name   string
	months []string
	zones  map[string]string // names of time zones by abbreviation
	parts  map[string]Sentence
}

// places are the forms that every language has, with what stands in them.
var places = map[string][]string{
	"date": {"day", "month", "year"}, "moment": {"date", "clock", "zone"}, "clock": {"clock", "zone"},
	"seconds": {"n"}, "minutes": {"n"}, "hours": {"n"}, "days": {"n"},
}

func (f form) write(part string, values ...string) string {
	return put(f.parts[part].Other, values)
}

func (f form) count(part string, d, unit time.Duration) string {
	n := max(1, int((d+unit-1)/unit))
	s := f.parts[part]
	if n == 1 && s.One != "" {
		return s.One
	}
	return put(s.Other, []string{"n", strconv.Itoa(n)})
}

// put replaces every place at once, so that no value is searched for places.
func put(text string, values []string) string {
	pairs := make([]string, len(values))
	for i := 0; i+1 < len(values); i += 2 {
		pairs[i], pairs[i+1] = "{"+values[i]+"}", values[i+1]
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
