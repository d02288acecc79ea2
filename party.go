package nidan

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The caps of the instance's document.
const (
	maxParties = 50
	maxKeys    = 200
	maxReturns = 20 // return addresses of a party, and as many hosts

	maxReturn = 240 // bytes of one: open sign-ins hold it
)

// maxKeyLife is how long a key lives at most.
const maxKeyLife = 400 * 24 * time.Hour

// A Party is a relying party: a product that relies on our word about people.
type Party struct {
	ID      string    `json:"i"`           // chosen by the operator
	Name    string    `json:"n"`           // as pages call it
	Returns []string  `json:"r,omitempty"` // whole URLs that a browser may be sent back to
	Hosts   []Proxied `json:"h,omitempty"`
	Added   time.Time `json:"t"`
}

// A Proxied host is one whose requests a proxy has checked here.
type Proxied struct {
	Host  string `json:"h"` // as browsers name it, lower case, with a port that is not the scheme's own
	Level Level  `json:"l"` // what a session has to be worth there
}

// A Scope is one kind of thing that a key may do. docs/threats.md says what
// somebody who stole one could.
type Scope string

// The scopes.
const (
	ScopeSignIn    Scope = "sign-in"           // take the second step; check sessions; for our own accounts, both steps
	ScopeFirstStep Scope = "assert-first-step" // say that a person of the product's own took the first step
	ScopeEnrol     Scope = "enrol"             // change how an account is protected, with the proofs that takes
	ScopeRead      Scope = "read"
	ScopeAdmin     Scope = "admin" // register, change and delete accounts, end sessions
)

// Scopes lists all of them.
func Scopes() []Scope {
	return []Scope{ScopeSignIn, ScopeFirstStep, ScopeEnrol, ScopeRead, ScopeAdmin}
}

// A Key is what may be shown of a key of the API.
type Key struct {
	ID       string
	Party    string
	Scopes   []Scope
	Networks []netip.Prefix // where it may come from; nil: from anywhere
	Created  time.Time
	Expires  time.Time
	Used     time.Time // to five minutes; zero: never
}

// keyRef is a key as the instance's document holds it. Its secret is not in it.
type keyRef struct {
	ID       string         `json:"i"`
	Sum      string         `json:"s"` // SHA-256 of the whole key
	Party    string         `json:"p"`
	Scopes   []Scope        `json:"sc"`
	Networks []netip.Prefix `json:"n,omitempty"`
	Created  time.Time      `json:"t"`
	Expires  time.Time      `json:"x"`
}

var (
	partyID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,38}$`)

	// hostName is what a Content-Security-Policy can name, and a browser writes:
	// an IPv6 address is none of it.
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$`)
)

// PutParty adds a relying party, or changes the one of that id. It is the
// operator's. Outcomes: OK; NameInvalid for an id that is not 1 to 39 of a–z,
// 0–9 and hyphen, or a name that is not 1 to 40 characters; ReturnInvalid for an
// address that is neither https nor http on this machine, or not written as
// browsers write it; HostInvalid; HostTaken by another party; TooMany.
func (s *Service) PutParty(ctx context.Context, p Party, reason string) (Outcome, error) {
	if r := p.check(); r != OK {
		return Outcome{Reason: r}, nil
	}
	signs, err := s.newSigningKey()
	if err != nil {
		return Outcome{}, err
	}
	r, err := s.instruct(ctx, Event{Kind: EventParty, Item: p.ID, Detail: reason}, func(in *instance, _ *Change) Reason {
		for _, h := range p.Hosts {
			if q := in.host(h.Host); q != nil && q.ID != p.ID {
				return HostTaken
			}
		}
		if len(p.Hosts) > 0 && len(in.Signing) == 0 { // what its hosts are told is signed
			signs.Made = in.Last
			in.Signing = append(in.Signing, signs)
		}
		p.Added = in.Last
		if old := in.party(p.ID); old != nil {
			p.Added = old.Added
			*old = p
			return OK
		}
		if len(in.Parties) >= maxParties {
			return TooMany
		}
		in.Parties = append(in.Parties, p)
		return OK
	})
	return Outcome{Reason: r}, err
}

func (p *Party) check() Reason {
	switch n := utf8.RuneCountInString(p.Name); {
	case !partyID.MatchString(p.ID), n == 0, n > maxNameLength, strings.TrimSpace(p.Name) != p.Name:
		return NameInvalid
	case len(p.Returns) > maxReturns, len(p.Hosts) > maxReturns:
		return TooMany
	}
	for _, r := range p.Returns {
		u, err := url.Parse(r)
		if err != nil || len(r) > maxReturn || !secure(u) || u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.ForceQuery || !hostName.MatchString(u.Host) || u.String() != r {
			return ReturnInvalid
		}
	}
	for _, h := range p.Hosts {
		if !hostName.MatchString(h.Host) || strings.HasSuffix(h.Host, ":443") || h.Level < LevelPassword || h.Level > LevelAAL2PHR {
			return HostInvalid
		}
	}
	return OK
}

// secure reports whether what is sent to an address cannot be read on the way.
func secure(u *url.URL) bool {
	a, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && a.IsLoopback()
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && local)
}

// RemoveParty takes a relying party away, its keys with it. The accounts that it
// keeps are left and cannot be reached. Outcomes: OK, NoParty.
func (s *Service) RemoveParty(ctx context.Context, id, reason string) (Outcome, error) {
	r, err := s.instruct(ctx, Event{Kind: EventPartyRemoved, Item: id, Detail: reason}, func(in *instance, c *Change) Reason {
		if in.party(id) == nil {
			return NoParty
		}
		in.Parties = slices.DeleteFunc(in.Parties, func(p Party) bool { return p.ID == id })
		in.dropKeys(c, func(k keyRef) bool { return k.Party == id })
		return OK
	})
	return Outcome{Reason: r}, err
}

// Parties lists the relying parties.
func (s *Service) Parties(ctx context.Context) ([]Party, error) {
	in, _, err := s.loadInstance(ctx)
	if err != nil {
		return nil, err
	}
	return in.Parties, nil
}

func (p *Party) proxied(host string) *Proxied {
	i := slices.IndexFunc(p.Hosts, func(h Proxied) bool { return h.Host == host })
	if i < 0 {
		return nil
	}
	return &p.Hosts[i]
}

// CreateKey makes a key for a relying party. It is the operator's; the secret
// leaves once, in this answer (law 9). Outcomes: OK; NoParty; ScopeInvalid;
// LifeInvalid beyond 400 days; TooMany.
func (s *Service) CreateKey(ctx context.Context, party string, scopes []Scope, networks []netip.Prefix, life time.Duration, reason string) (Secret, Key, Outcome, error) {
	for i, sc := range scopes {
		if !slices.Contains(Scopes(), sc) || slices.Contains(scopes[:i], sc) {
			return Secret{}, Key{}, Outcome{Reason: ScopeInvalid}, nil
		}
	}
	switch {
	case len(scopes) == 0:
		return Secret{}, Key{}, Outcome{Reason: ScopeInvalid}, nil
	case life <= 0 || life > maxKeyLife:
		return Secret{}, Key{}, Outcome{Reason: LifeInvalid}, nil
	}
	id := newID(s.random)
	secret, tok := drawToken(keyPrefix, AccountID(id), s.random)
	ref := keyRef{ID: id, Sum: tok.sum, Party: party, Scopes: scopes, Networks: networks}
	r, err := s.instruct(ctx, Event{Kind: EventKey, Item: party + " " + id, Detail: reason}, func(in *instance, c *Change) Reason {
		in.dropKeys(c, func(k keyRef) bool { return !in.Last.Before(k.Expires) })
		switch {
		case in.party(party) == nil:
			return NoParty
		case len(in.Keys) >= maxKeys:
			return TooMany
		}
		ref.Created, ref.Expires = in.Last, in.Last.Add(life)
		in.Keys = append(in.Keys, ref)
		// The row holds nothing but when the key was last used.
		row := SessionRow{Account: Instance, ID: SessionID(id), Seen: time.Unix(0, 0).UTC()}
		row.Sealed = s.sealer.Seal(ForSession, string(Instance), []byte(id), []byte(ref.Sum))
		c.Mint = append(c.Mint, row)
		return OK
	})
	if err != nil || r != OK {
		return Secret{}, Key{}, Outcome{Reason: r}, err
	}
	return secret, ref.view(), Outcome{Reason: OK}, nil
}

// RevokeKey ends a key: every process refuses it within two seconds. Outcomes:
// OK, NoKey.
func (s *Service) RevokeKey(ctx context.Context, id, reason string) (Outcome, error) {
	r, err := s.instruct(ctx, Event{Kind: EventKeyRevoked, Item: id, Detail: reason}, func(in *instance, c *Change) Reason {
		if !in.dropKeys(c, func(k keyRef) bool { return k.ID == id }) {
			return NoKey
		}
		return OK
	})
	return Outcome{Reason: r}, err
}

func (in *instance) dropKeys(c *Change, drop func(keyRef) bool) bool {
	n := len(c.End)
	in.Keys = slices.DeleteFunc(in.Keys, func(k keyRef) bool {
		if drop(k) {
			c.End = append(c.End, SessionID(k.ID))
			return true
		}
		return false
	})
	return len(c.End) > n
}

// Keys lists the keys of the API, also those that have run out.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	in, _, err := s.loadInstance(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.archive.Sessions(ctx, Instance)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, ref := range in.Keys {
		k := ref.view()
		for _, row := range rows {
			if row.ID == SessionID(k.ID) && row.Seen.After(k.Created) {
				k.Used = row.Seen
			}
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func (k keyRef) view() Key {
	return Key{ID: k.ID, Party: k.Party, Scopes: k.Scopes, Networks: k.Networks, Created: k.Created, Expires: k.Expires}
}

// A Caller is a relying party at the door, as of the moment its key was checked.
// Only Service.Caller and Service.Inside make one.
type Caller struct {
	party  Party
	key    keyRef
	inside bool // the application that this process belongs to; it has no key
}

// id names the party behind a door; empty: the door is that of our pages.
func (c *Caller) id() string {
	if c == nil {
		return ""
	}
	return c.party.ID
}

// key is the lineage of tickets that are carried through a door.
func (f From) key() string {
	if f.Door == nil {
		return ""
	}
	return f.Door.key.ID
}

// Party is who calls.
func (c *Caller) Party() Party { return c.party }

// May reports whether its key has a scope.
func (c *Caller) May(sc Scope) bool { return slices.Contains(c.key.Scopes, sc) }

// A KeyRefusal is why a key is not taken: an ErrNotFound, whose cause is for the
// operator and nobody else.
type KeyRefusal struct {
	Key   string // its id; empty where it is none of ours
	Cause string
}

// Error implements error.
func (r *KeyRefusal) Error() string { return "nidan: a key is refused: " + r.Cause }

// Is makes it an ErrNotFound.
func (r *KeyRefusal) Is(target error) bool { return target == ErrNotFound }

// Caller checks a key and where it comes from; an invalid address is nowhere.
// What it relies on is at most two seconds old, 10 ms where the key is not in it.
// ErrNotFound: the key is none, has run out or was revoked, or may not come from
// there; a *KeyRefusal says which.
func (s *Service) Caller(ctx context.Context, key Secret, from netip.Addr) (*Caller, error) {
	tok, ok := parseToken(keyPrefix, key.Reveal())
	if !ok {
		return nil, &KeyRefusal{Cause: "it is no key"}
	}
	id := string(tok.account)
	in, err := s.seenWith(ctx, func(in *instance) bool { return in.key(id) != nil })
	if err != nil {
		return nil, err
	}
	now := s.Now()
	if now.Before(in.Last) {
		now = in.Last
	}
	k := in.key(id)
	if k == nil || !NewSecret(k.Sum).Equal(NewSecret(tok.sum)) {
		return nil, &KeyRefusal{Cause: "it is unknown, or was revoked"}
	}
	p := in.party(k.Party)
	switch {
	case !now.Before(k.Expires), p == nil:
		return nil, &KeyRefusal{k.ID, "it has run out"}
	case len(k.Networks) > 0 && !slices.ContainsFunc(k.Networks, func(n netip.Prefix) bool { return n.Contains(from.Unmap()) }):
		return nil, &KeyRefusal{k.ID, "it may not be used from " + from.Unmap().String()}
	}
	if s.glance.use(k.ID, now) {
		s.store.Seen(Instance, SessionID(k.ID), now)
	}
	return &Caller{party: *p, key: *k}, nil
}
