package server

import "github.com/nidan-auth/nidan/password/apart"

// hashPasswords is the command by which a server has its passwords hashed.
const hashPasswords = "hash-passwords"

type hashCommand struct{}

func (hashCommand) Run() error { return apart.Serve() }
