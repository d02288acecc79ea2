package web

import (
	"strings"
	"testing"
	"time"
)

func TestTimesCarryTheirZone(t *testing.T) {
	l := newPages(t).locales.all[0]
	tokyo := time.FixedZone("JST", 9*3600)
	for _, c := range []struct {
		zone *time.Location
		want string
	}{
		{time.UTC, "22 November 2026, 14:05 UTC"},
		{tokyo, "22 November 2026, 23:05 JST"},
		{time.FixedZone("-03", -3*3600), "22 November 2026, 11:05 UTC−03:00"},
		{time.FixedZone("", 5*3600+45*60), "22 November 2026, 19:50 UTC+05:45"},
	} {
		l.zone = c.zone
		if got := l.moment(noon); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	l.zone, l.zones = tokyo, map[string]string{"JST": "Japan time"}
	if got := l.second(noon); got != "22 November 2026, 23:05:07 Japan time" {
		t.Error(got)
	}
	got, err := l.html("security.since", "when", noon)
	if err != nil || !strings.Contains(string(got), `<time datetime="2026-11-22T14:05:07Z">`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestSpansRoundUp(t *testing.T) {
	l := newPages(t).locales.all[0]
	for d, want := range map[time.Duration]string{
		-time.Second:                  "1 second",
		0:                             "1 second",
		29*time.Second + 1:            "30 seconds",
		90 * time.Second:              "90 seconds",
		91 * time.Second:              "2 minutes",
		60 * time.Minute:              "60 minutes",
		90*time.Minute + 1:            "2 hours",
		24*time.Hour - 30*time.Minute: "24 hours",
	} {
		if got, err := l.span(d); err != nil || got != want {
			t.Errorf("%v: %s, want %s (%v)", d, got, want, err)
		}
	}
}
