package server

import (
	"context"
	"slices"
	"strings"
)

// A Missing is something an operator has not given yet. Nothing of it stops
// the program.
type Missing struct {
	What    string `json:"what"`
	Why     string `json:"why"`
	Command string `json:"command"` // what to run, as it is
}

// Missing lists what is not set up yet, the most urgent first.
func (s *Server) Missing(ctx context.Context) []Missing {
	var list []Missing
	need := func(what, why, command string) { list = append(list, Missing{what, why, command}) }
	if !s.set.given {
		need("public URL", "people reach this server from this machine only, and links lead to "+s.set.public.String(),
			s.set.command("serve", "--public-url", "https://login.example.com", "--tls-proxy", "127.0.0.1"))
	}
	if s.set.given && s.set.public.Scheme == "https" && len(s.set.proxies) == 0 {
		need("TLS proxy", "without it all visitors look like one, and the wrong passwords of one make the others wait",
			s.set.command("serve", "--tls-proxy", "127.0.0.1"))
	}
	if s.set.Config.BrandName == defaultBrand {
		need("brand name", "in authenticator apps the entry is called "+defaultBrand+", and it keeps the name it was set up with",
			s.set.command("serve", "--brand-name", "Example Mail"))
	}
	if s.set.BrandSupport == "" {
		need("support contact", "pages do not say whom to ask for help",
			s.set.command("serve", "--brand-support", "support@example.com"))
	}
	if !s.vault.Used() {
		need("used keyring", "the keyring given says \"new\": true, so a database that went missing would be taken for a fresh start",
			"take the line \"new\": true out of it and start again")
	}
	if s.noAccount(ctx) {
		need("account", "nobody can log in yet",
			s.set.command("account", "create", "you@example.com", "--reason", "first account"))
	}
	if !s.set.mails() {
		need("mail server", "nothing is mailed: no e-mail codes, notices, registration, reset or recovery; links are printed for you to hand over",
			s.set.command("serve", "--smtp", "smtp.example.com:587", "--mail-from", "no-reply@example.com"))
	}
	return list
}

// noAccount reports whether there is no account. Once there was one, there is.
func (s *Server) noAccount(ctx context.Context) bool {
	if s.inUse.Load() {
		return false
	}
	list, err := s.svc.Accounts(ctx, "", 1)
	if err != nil {
		return false // the database is the trouble then, and is told of
	}
	if len(list) > 0 {
		s.inUse.Store(true)
	}
	return len(list) == 0
}

// command writes a command line that means this instance.
func (s *settings) command(words ...string) string {
	var b strings.Builder
	b.WriteString(quote(s.program))
	for _, w := range append(words, without(s.repeat, words)...) {
		b.WriteByte(' ')
		b.WriteString(quote(w))
	}
	return b.String()
}

// without leaves out the flags that a command gives itself.
func without(flags, words []string) []string {
	var rest []string
	for i := 0; i+1 < len(flags); i += 2 {
		if !slices.Contains(words, flags[i]) {
			rest = append(rest, flags[i], flags[i+1])
		}
	}
	return rest
}

// quote makes one word of s for a shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@,+=") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
