package inside

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// methods is the list of methods that take answers: a new method is one line
// here. Without mail there are no mailed numbers.
func methods(mails bool) []nidan.Method {
	list := []nidan.Method{
		totp.New(),
		backup.New(),
	}
	if mails {
		list = append(list, mailcode.New())
	}
	return list
}
