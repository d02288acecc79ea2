package server

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/backup"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// byMail is the method whose numbers are mailed.
const byMail = string(mailcode.Name)

// methods is the list of methods that take answers. A new method is a folder
// under method/ and one line here. Without mail there are no mailed numbers.
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

// offered are those that people can choose.
func (s *settings) offered() []nidan.MethodName {
	var names []nidan.MethodName
	for _, m := range s.Methods {
		names = append(names, nidan.MethodName(m))
	}
	return names
}
