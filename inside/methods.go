package inside

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// Methods is the list of methods that take answers, in an application and in the
// program alike: a new method is a folder under method/ and one line here. Without
// mail there are no mailed numbers.
func Methods(mails bool) []nidan.Method {
	list := []nidan.Method{
		totp.New(),
		backup.New(),
	}
	if mails {
		list = append(list, mailcode.New())
	}
	return list
}
