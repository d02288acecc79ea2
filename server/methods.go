package server

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/totp"
)

// methods is the list of methods. The first one is proposed at set-up. A new
// method is a folder under method/ and one line here.
func methods() []nidan.Method {
	return []nidan.Method{
		totp.New(),
		backup.New(),
	}
}
