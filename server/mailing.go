package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/web"
)

// How accounts come into being.
const (
	byInvitation = "invitation"
	byAnybody    = "open"
)

var (
	securities = map[string]mail.Security{"starttls": mail.StartTLS, "tls": mail.ImplicitTLS, "none": mail.Plain}
	proves     = map[string]nidan.Prove{"never": nidan.ProveNever, "unproven": nidan.ProveUnproven, "always": nidan.ProveAlways}
)

// checkMail fills in and checks what has to do with mail: the server, and what
// cannot be offered without one.
func (s *settings) checkMail(check func(name string, err error)) {
	s.SMTPSecurity = cmp.Or(s.SMTPSecurity, defaultSMTPSecurity)
	s.ProveAddress = cmp.Or(s.ProveAddress, defaultProve)
	s.Registration = cmp.Or(s.Registration, defaultRegistration)
	asked := len(s.Methods) > 0
	if !asked {
		s.Methods = strings.Split(defaultMethods, ",")
	}
	var known bool
	if s.prove, known = proves[s.ProveAddress]; !known {
		check("prove-address", fmt.Errorf("%q is neither never, unproven nor always", s.ProveAddress))
	}
	if s.Registration != byInvitation && s.Registration != byAnybody {
		check("registration", fmt.Errorf("%q is neither invitation nor open", s.Registration))
	}
	for i, name := range s.Methods {
		switch {
		case !slices.Contains(strings.Split(defaultMethods, ","), name):
			check("methods", fmt.Errorf("%q is no method; there are %s", name, defaultMethods))
		case slices.Contains(s.Methods[:i], name):
			check("methods", fmt.Errorf("%q stands there twice", name))
		}
	}
	if s.mailbox {
		return
	}
	if s.SMTP == "" {
		if s.Registration == byAnybody {
			check("registration", errors.New("open needs --smtp: an account begins with a link that is mailed"))
		}
		if asked && slices.Contains(s.Methods, byMail) {
			check("methods", errors.New("mail needs --smtp"))
		}
		s.Methods = slices.DeleteFunc(slices.Clone(s.Methods), func(m string) bool { return m == byMail })
		return
	}
	var err error
	s.smtp, err = s.mailServer()
	check("smtp", err)
}

func (s *settings) mailServer() (*mail.SMTP, error) {
	security, known := securities[s.SMTPSecurity]
	if !known {
		return nil, fmt.Errorf("--smtp-security: %q is neither starttls, tls nor none", s.SMTPSecurity)
	}
	if s.MailFrom == "" {
		return nil, errors.New("--mail-from is needed with it: the address that messages come from")
	}
	host, port := s.SMTP, 0
	if h, p, err := net.SplitHostPort(s.SMTP); err == nil {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("%q is no port", p)
		}
		host = h
	}
	password, err := s.smtpPassword()
	if err != nil {
		return nil, err
	}
	if s.SMTPUser == "" && !password.Empty() {
		return nil, errors.New("there is a password for it and no --smtp-user")
	}
	return mail.NewSMTP(mail.SMTPConfig{
		Host: host, Port: port, Security: security, Username: s.SMTPUser, Password: password, From: s.MailFrom,
	})
}

// smtpPassword is the one given, or what stands in its file.
func (s *settings) smtpPassword() (nidan.Secret, error) {
	if s.SMTPPassFile == "" {
		return s.SMTPPassword, nil
	}
	if !s.SMTPPassword.Empty() {
		return nidan.Secret{}, errors.New("NIDAN_SMTP_PASSWORD and --smtp-password-file are both set; give one of the two")
	}
	text, err := os.ReadFile(s.SMTPPassFile)
	if err != nil {
		return nidan.Secret{}, fmt.Errorf("--smtp-password-file: %w", err)
	}
	return nidan.NewSecret(strings.TrimRight(string(text), "\r\n")), nil
}

// mails reports whether messages can be sent: to a mail server, or to the demo's
// own mailbox.
func (s *settings) mails() bool { return s.smtp != nil || s.mailbox }

// features are what the pages offer beyond the app and its backup codes.
func (s *settings) features() []web.Feature {
	list := []web.Feature{web.FeatureReplace, web.FeatureRemember}
	if !s.mails() {
		return list
	}
	list = append(list, web.FeatureMail, web.FeatureReset, web.FeatureRecovery, web.FeatureNotMe)
	if slices.Contains(s.Methods, byMail) {
		list = append(list, web.FeatureMailCode)
	}
	if s.Registration == byAnybody {
		list = append(list, web.FeatureRegistration)
	}
	return list
}
