package server

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nidan-auth/nidan"
)

const (
	envPrefix  = "NIDAN_"
	envKeyring = "NIDAN_KEYRING"
	envConfig  = "NIDAN_CONFIG" // the file itself, which no file can name

	envSMTPPassword = "NIDAN_SMTP_PASSWORD"
)

// fromEnvironment names the variable that sets a flag, if one does. An empty
// variable sets nothing: that is how compose files leave one out.
func fromEnvironment(flag *kong.Flag) string {
	for _, env := range flag.Envs {
		if os.Getenv(env) != "" {
			return env
		}
	}
	return ""
}

// readSecrets reads what is not a flag.
func (c *Config) readSecrets() {
	if text := os.Getenv(envKeyring); text != "" {
		c.Keyring = nidan.NewSecret(text)
	}
	if text := os.Getenv(envSMTPPassword); text != "" {
		c.SMTPPassword = nidan.NewSecret(text)
	}
}

// strayVariables names the variables that look like settings and are none.
// They are a warning and not an error: for a service that is called nidan,
// Kubernetes puts NIDAN_PORT and more of the kind into every container.
func strayVariables(flags []*kong.Flag) []string {
	known := []string{envConfig, envKeyring, envSMTPPassword}
	for _, f := range flags {
		known = append(known, f.Envs...)
	}
	var stray []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(known, name) {
			stray = append(stray, fmt.Sprintf("%s is not a setting%s", name, didYouMean(name, known)))
		}
	}
	slices.Sort(stray)
	return stray
}
