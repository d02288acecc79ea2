package server

import (
	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
)

// byMail is the method whose numbers are mailed.
const byMail = string(mailcode.Name)

// offered are those that people can choose.
func (s *settings) offered() []nidan.MethodName {
	var names []nidan.MethodName
	for _, m := range s.Methods {
		names = append(names, nidan.MethodName(m))
	}
	return names
}
