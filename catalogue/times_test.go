package catalogue

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 5, 5, 7, 0, time.UTC)

var (
	tokyo = time.FixedZone("JST", 9*3600)
	seoul = time.FixedZone("KST", 9*3600)
)

func TestTimesCarryTheirZone(t *testing.T) {
	s := newSet(t, map[string]string{"en": english, "ja": english, "ko": english})
	for _, c := range []struct {
		tag  string
		zone *time.Location
		want string
	}{
		{"en", tokyo, "22 November 2026, 14:05 JST"},
		{"ja", tokyo, "2026年11月22日 14:05（日本時間）"},
		{"ko", seoul, "2026년 11월 22일 14:05(한국 시간)"},
		{"ja", seoul, "2026年11月22日 14:05（韓国時間）"},
		{"ko", tokyo, "2026년 11월 22일 14:05(일본 시간)"},
		{"en", time.UTC, "22 November 2026, 05:05 UTC"},
		{"ja", time.UTC, "2026年11月22日 05:05（UTC）"},
		{"ko", time.UTC, "2026년 11월 22일 05:05(UTC)"},
		{"en", time.FixedZone("-03", -3*3600), "22 November 2026, 02:05 UTC−03:00"},
		{"en", time.FixedZone("", 5*3600+45*60), "22 November 2026, 10:50 UTC+05:45"},
	} {
		if got := s.Of(c.tag).In(c.zone).Moment(noon); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestKindsOfTime(t *testing.T) {
	s := newSet(t, map[string]string{"en": english, "ja": english, "ko": english})
	for _, c := range []struct {
		tag, want string
		value     any
	}{
		{"en", "Since 22 November 2026", Day(noon)},
		{"ja", "Since 2026年11月22日", Day(noon)},
		{"ko", "Since 2026년 11월 22일", Day(noon)},
		{"en", "Since 14:05 JST", Clock(noon)},
		{"ja", "Since 日本時間 14:05", Clock(noon)},
		{"ko", "Since 일본 시간 14:05", Clock(noon)},
		{"en", "Since 22 November 2026, 14:05:07 JST", Second(noon)},
		{"ja", "Since 2026年11月22日 14:05:07（日本時間）", Second(noon)},
	} {
		l := s.Of(c.tag).In(tokyo)
		if got, err := l.Text("since", "when", c.value); err != nil || got != c.want {
			t.Errorf("%s, want %s (%v)", got, c.want, err)
		}
		got, err := l.HTML("since", "when", c.value)
		if err != nil || !strings.Contains(string(got), `<time datetime="2026-11-22T05:05:07Z">`) {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func TestSpansRoundUp(t *testing.T) {
	l := newSet(t, map[string]string{"en": english}).Of("en")
	for d, want := range map[time.Duration]string{
		-time.Second:                  "1 second",
		0:                             "1 second",
		29*time.Second + 1:            "30 seconds",
		90 * time.Second:              "90 seconds",
		91 * time.Second:              "2 minutes",
		60 * time.Minute:              "60 minutes",
		90*time.Minute + 1:            "2 hours",
		24*time.Hour - 30*time.Minute: "24 hours",
		72 * time.Hour:                "72 hours",
		72*time.Hour + 1:              "4 days",
		7 * 24 * time.Hour:            "7 days",
	} {
		if got := l.Span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
