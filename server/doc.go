// Package server is the program around the library: configuration, the list of
// methods, wiring, background work and the commands.
//
// It owns how the parts are put together, where the program listens, whose
// forwarded headers it believes, what it logs of a request, and what an
// operator reads. It must not know any rule of signing in: it parses, calls
// [nidan.Service] and prints.
//
// # The map
//
//   - methods.go: which of inside.Methods are offered
//   - config.go, check.go, configfile.go, environment.go: the settings, what
//     they may be, and where they come from
//   - clock_linux.go, machine_linux.go, *_other.go: what the machine is asked
//   - open.go: keyring and database, and every reason to refuse a start
//   - server.go: [New], [Server.Run], [Server.Close]
//   - listen.go, visitor.go: where we listen, and who a request came from
//   - access.go, health.go, missing.go: the access log, /healthz and /readyz
//   - command.go: the grammar of the command line; command_*.go: one file per
//     group of commands (running.go is how doctor asks a server)
//
// # To add a setting
//
// One field of [Config] whose zero value is the safe one, with its help text;
// one check in check.go if it can be wrong. No setting may turn a protection
// off, and none may touch time or randomness; a test walks the list.
package server
