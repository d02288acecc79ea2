package web

import "github.com/nidan-auth/nidan/catalogue"

// A message is a sentence of the catalogue, before it is known in which
// language it will be said.
type message = catalogue.Message

func msg(key string, args ...any) *message { return &message{Key: key, Args: args} }

// Kinds of value that are written in the reader's way.
type (
	day    = catalogue.Day
	second = catalogue.Second
)
