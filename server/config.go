package server

import "github.com/nidan-auth/nidan"

// Config is every setting. Each is a flag, a variable NIDAN_… and a key of the
// configuration file, of one name; a flag wins over a variable and a variable
// over the file. The zero value is a server that only its own machine reaches.
type Config struct {
	Data         string   `name:"data" env:"NIDAN_DATA" placeholder:"DIR" help:"Folder of the database and, unless one is given, of the keyring (default: ${default_data})."`
	Listen       string   `name:"listen" env:"NIDAN_LISTEN" placeholder:"ADDR" help:"Where to listen (default: ${default_listen}). Beyond loopback only with an https --public-url and a --tls-proxy."`
	PublicURL    string   `name:"public-url" env:"NIDAN_PUBLIC_URL" placeholder:"URL" help:"The address people use; every link is built from it (default: http://ADDR)."`
	TLSProxy     []string `name:"tls-proxy" env:"NIDAN_TLS_PROXY" placeholder:"CIDR" help:"Proxies in front that terminate TLS: addresses or networks whose X-Forwarded-For is believed. Repeat, or separate by commas."`
	BrandName    string   `name:"brand-name" env:"NIDAN_BRAND_NAME" placeholder:"TEXT" help:"Your product's name, on pages and in authenticator apps (default: ${default_brand})."`
	BrandArea    string   `name:"brand-area" env:"NIDAN_BRAND_AREA" placeholder:"TEXT" help:"What the account area is called, for example My Page."`
	BrandSupport string   `name:"brand-support" env:"NIDAN_BRAND_SUPPORT" placeholder:"TEXT" help:"Whom people ask for help: a mail address or an https address."`
	BrandHome    string   `name:"brand-home" env:"NIDAN_BRAND_HOME" placeholder:"URL" help:"Where people go on to after logging in."`
	BrandAccent  string   `name:"brand-accent" env:"NIDAN_BRAND_ACCENT" placeholder:"#RRGGBB" help:"Colour of links and buttons; it has to be readable on light pages."`
	BrandLogo    string   `name:"brand-logo" env:"NIDAN_BRAND_LOGO" placeholder:"FILE" help:"An SVG or PNG, up to 64 KiB, shown in front of the name."`
	Languages    []string `name:"languages" env:"NIDAN_LANGUAGES" placeholder:"TAG" help:"Languages of pages and mails: en, ja, ko; the first one for whoever asks for none of them. Repeat, or separate by commas (default: ${default_languages})."`
	Zone         string   `name:"zone" env:"NIDAN_ZONE" placeholder:"NAME" help:"Time zone of the times shown, for example Asia/Tokyo (default: ${default_zone})."`
	PasswordMin  int      `name:"password-min" env:"NIDAN_PASSWORD_MIN" placeholder:"N" help:"Least length of a new password, 8 to 64 (default: ${default_password_min})."`
	Methods      []string `name:"methods" env:"NIDAN_METHODS" placeholder:"NAME" help:"Ways of taking the second step that people may choose, the proposed one first: totp (authenticator app), mail (e-mail code, only with --smtp). Repeat, or separate by commas (default: ${default_methods})."`
	Registration string   `name:"registration" env:"NIDAN_REGISTRATION" placeholder:"HOW" help:"How accounts come into being: invitation, or open (anybody with a mail address; only with --smtp) (default: ${default_registration})."`
	ProveAddress string   `name:"prove-address" env:"NIDAN_PROVE_ADDRESS" placeholder:"WHEN" help:"Whether turning on begins with a number mailed to the account's address: never, unproven (if it was never shown to reach its holder), always (default: ${default_prove})."`
	SMTP         string   `name:"smtp" env:"NIDAN_SMTP" placeholder:"HOST[:PORT]" help:"The mail server that messages are handed to. Without one nothing is mailed, and what needs mail is not offered."`
	SMTPSecurity string   `name:"smtp-security" env:"NIDAN_SMTP_SECURITY" placeholder:"HOW" help:"starttls, tls (from the first byte), or none (only to this machine) (default: ${default_smtp_security})."`
	SMTPUser     string   `name:"smtp-user" env:"NIDAN_SMTP_USER" placeholder:"NAME" help:"Name at the mail server; its password is read from NIDAN_SMTP_PASSWORD or the file below."`
	SMTPPassFile string   `name:"smtp-password-file" env:"NIDAN_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"File with the password for the mail server."`
	MailFrom     string   `name:"mail-from" env:"NIDAN_MAIL_FROM" placeholder:"ADDRESS" help:"The sender of every message; needed with --smtp."`
	Log          string   `name:"log" env:"NIDAN_LOG" placeholder:"FORM" help:"Form of the log on stderr: text or json (default: ${default_log})."`
	KeyringFile  string   `name:"keyring-file" env:"NIDAN_KEYRING_FILE" placeholder:"FILE" help:"A keyring that a secret store puts there; it is never written. NIDAN_KEYRING may hold the text itself (default: DIR/keyring/keyring.json, made at the first start)."`

	// Keyring is the text of a keyring. It is read from NIDAN_KEYRING only:
	// the arguments of a process are for everybody to read.
	Keyring nidan.Secret `kong:"-" env:"NIDAN_KEYRING" secret:"keyring"`

	// SMTPPassword is read from NIDAN_SMTP_PASSWORD or its file.
	SMTPPassword nidan.Secret `kong:"-" env:"NIDAN_SMTP_PASSWORD" secret:"smtp-password"`
}

// What a setting is while it is not set.
const (
	defaultData        = "nidan-data"
	defaultListen      = "127.0.0.1:8080"
	defaultBrand       = "Nidan"
	defaultZone        = "UTC"
	defaultLanguages   = "en,ja,ko"
	defaultPasswordMin = 15
	defaultLog         = "text"

	defaultMethods      = "totp,mail"
	defaultRegistration = byInvitation
	defaultProve        = "unproven"
	defaultSMTPSecurity = "starttls"
)
