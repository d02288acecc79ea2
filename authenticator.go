package nidan

import (
	"time"
)

// An Authenticator is one enrolled phone, or one sheet of codes.
type Authenticator struct {
	ID       string     `json:"id"`
	Method   MethodName `json:"m"`
	Name     string     `json:"n,omitempty"` // given by its holder, at most 40 characters
	Added    time.Time  `json:"t"`
	LastUsed time.Time  `json:"u,omitzero"`
	Disabled time.Time  `json:"d,omitzero"` // after too many wrong answers; never re-enabled, only bound again
	State    State      `json:"s"`

	// Wrong answers in a row since its last success, per browser class.
	Wrong [2]int `json:"w"`
}

// Retired is what is kept of an authenticator that was removed, replaced or
// disabled.
type Retired struct {
	ID     string     `json:"id"`
	Method MethodName `json:"m"`
	Added  time.Time  `json:"a"`
	Ended  time.Time  `json:"t"`
}

// authenticator returns the one with this id, or nil.
func (a *Account) authenticator(id string) *Authenticator {
	for i := range a.Authenticators {
		if a.Authenticators[i].ID == id {
			return &a.Authenticators[i]
		}
	}
	return nil
}

// first returns the first authenticator of a method, or nil.
func (a *Account) first(m MethodName) *Authenticator {
	for i := range a.Authenticators {
		if a.Authenticators[i].Method == m {
			return &a.Authenticators[i]
		}
	}
	return nil
}

// retire remembers that an authenticator is no more.
func (a *Account) retire(x Authenticator, now time.Time) {
	a.Retired = append(a.Retired, Retired{ID: x.ID, Method: x.Method, Added: x.Added, Ended: now})
	if n := len(a.Retired) - maxRetired; n > 0 {
		a.Retired = a.Retired[n:]
	}
}
