package nidan

import (
	"slices"
	"time"
)

// The ladder of the second step. It stands behind a correct password, so hard
// stops are safe. Configurable only towards stricter, and not yet at all.
const (
	wrongPerSignIn  = 5  // then the sign-in ends
	wrongBeforeWait = 5  // in a row, of one browser class; then waits
	wrongBeforeStop = 20 // in a row, of both classes, and each further 20: the password stops
	wrongInMonth    = 60 // whatever succeeded, and each further 60: the password stops
	month           = 30 * 24 * time.Hour
	firstWait       = 30 * time.Second
	longestWait     = 60 * time.Minute
	tellEvery       = time.Hour // at most one notice of a stranger's try
)

// Throttle is what is counted on the account as a whole. Counts per
// authenticator stand beside it; waits and stops are derived.
type Throttle struct {
	LastWrong [2]time.Time `json:"l,omitzero"`
	Days      []Day        `json:"d,omitempty"` // wrong answers per day, oldest first, of the last 30 days
	Row       int          `json:"r,omitempty"` // which multiple of wrongBeforeStop fell last; 0 again once nothing is left in a row
	Stops     int          `json:"n,omitempty"` // which multiple of wrongInMonth fell last
	StoppedAt time.Time    `json:"s,omitzero"`  // when it fell
	Told      time.Time    `json:"t,omitzero"`  // when the owner was last told of a stranger's try
	Sends     [2][]int64   `json:"m,omitzero"`  // when numbers were mailed, seconds since 1970, of the last day
}

// A Day counts wrong answers of one day.
type Day struct {
	Day int64 `json:"d"` // since 1970
	N   int   `json:"n"`
}

// inRow sums the wrong answers in a row over the authenticators that still
// take answers.
func (a *Account) inRow(c Class) int {
	n := 0
	for i := range a.Authenticators {
		if x := &a.Authenticators[i]; x.Disabled.IsZero() {
			n += x.Wrong[c]
		}
	}
	return n
}

// waitUntil says until when no answer from this class is judged, and after how
// many wrong ones. The zero time means now.
func (a *Account) waitUntil(c Class, now time.Time) (time.Time, int) {
	n := a.inRow(c)
	if n < wrongBeforeWait {
		return time.Time{}, n
	}
	until := a.Throttle.LastWrong[c].Add(double(firstWait, longestWait, n-wrongBeforeWait))
	if !until.After(now) {
		return time.Time{}, n
	}
	return until, n
}

// double doubles a wait n times, up to a longest one.
func double(first, longest time.Duration, n int) time.Duration {
	w := first
	for range n {
		if w *= 2; w >= longest {
			return longest
		}
	}
	return w
}

// count records one wrong answer and what follows from it.
func (d *decision) count(x *Authenticator, t Traits, c Class) {
	a := d.acct
	x.Wrong[c]++
	a.Throttle.LastWrong[c] = d.now
	if t.DisableAfter == 0 {
		return // its own budget does the rest
	}
	if n, falls := d.s.stopInRow(a); falls {
		d.stopPassword("in_a_row", n)
	}
	if n, falls := a.Throttle.addDay(d.now); falls {
		d.stopPassword("in_a_month", n)
	}
	// Per class, so that a stranger's leftovers do not disable what its owner
	// mistypes once; both together stay within the 100 of NIST SP 800-63B-4
	// §3.2.2.
	if n := x.Wrong[c]; n >= t.DisableAfter {
		x.Disabled = d.now
		d.rowEnded()
		d.endEverything()
		d.record(Event{Kind: EventDisabled, Authenticator: x.ID, Method: x.Method, Count: n})
		d.tell(Notice{Kind: NoticeDisabled, Method: x.Method, Count: n})
	}
}

// stopInRow says whether a multiple of wrongBeforeStop falls now. Each falls
// once: what a stranger left behind on a sheet that nobody uses must not stop
// the owner's password at every typing error.
func (s *Service) stopInRow(a *Account) (n int, falls bool) {
	n = s.rowForStops(a)
	if n/wrongBeforeStop <= a.Throttle.Row {
		return n, false
	}
	a.Throttle.Row = n / wrongBeforeStop
	return n, true
}

// rowForStops sums the wrong answers in a row that count towards stops: those of
// methods without a budget of their own.
func (s *Service) rowForStops(a *Account) int {
	n := 0
	for i := range a.Authenticators {
		x := &a.Authenticators[i]
		if m := s.methods[x.Method]; x.Disabled.IsZero() && (m == nil || m.Traits().DisableAfter > 0) {
			n += x.Wrong[Other] + x.Wrong[Known]
		}
	}
	return n
}

// rowEnded starts the multiples anew once nothing is left in a row: answered
// rightly, or gone with its authenticator.
func (d *decision) rowEnded() {
	if d.s.rowForStops(d.acct) == 0 {
		d.acct.Throttle.Row = 0
	}
}

// addDay counts one and says whether a multiple of wrongInMonth falls now.
func (t *Throttle) addDay(now time.Time) (n int, falls bool) {
	today := now.Unix() / 86400
	t.Days = slices.DeleteFunc(t.Days, func(d Day) bool { return d.Day <= today-30 })
	if k := len(t.Days); k > 0 && t.Days[k-1].Day == today {
		t.Days[k-1].N++
	} else {
		t.Days = append(t.Days, Day{today, 1})
	}
	for _, d := range t.Days {
		n += d.N
	}
	if now.Sub(t.StoppedAt) > month {
		t.Stops = 0
	}
	if n < wrongInMonth*(t.Stops+1) {
		return n, false
	}
	t.Stops, t.StoppedAt = n/wrongInMonth, now
	return n, true
}

// stopPassword makes the password useless until a reset: so many wrong second
// steps behind a right password are evidence that somebody else has it (NIST
// SP 800-63B-4 §3.1.1.2).
func (d *decision) stopPassword(why string, n int) {
	if !d.acct.Password.Stopped.IsZero() {
		return
	}
	d.acct.Password.Stopped = d.now
	d.acct.Pending = nil
	d.record(Event{Kind: EventPasswordStopped, Detail: why, Count: n})
	d.tell(Notice{Kind: NoticePasswordStopped, Count: n})
}
