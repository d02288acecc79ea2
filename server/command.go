package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar is the command line.
type grammar struct {
	Config     `group:"Settings"`
	ConfigFile string `name:"config" env:"NIDAN_CONFIG" placeholder:"FILE" group:"Settings" help:"Configuration file: one JSON object whose keys are these names without the dashes in front."`

	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Demo     demoCommand     `cmd:"" help:"Run a server to try out, with an account in it, on this machine only."`
	Account  accountCommands `cmd:"" help:"Invite, help and inspect accounts."`
	Party    partyCommands   `cmd:"" help:"Register the products that rely on Nidan."`
	Key      keyCommands     `cmd:"" help:"Make, list and end keys of the API."`
	API      apiCommand      `cmd:"" name:"api" help:"Call any operation of the API."`
	Audit    auditCommands   `cmd:"" help:"Read and verify the audit trails."`
	Doctor   doctorCommand   `cmd:"" help:"Look for what is wrong, and say what to do."`
	Settings settingsCommand `cmd:"" name:"config" help:"Print every setting and where it comes from."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Hash     hashCommand     `cmd:"" name:"hash-passwords" hidden:"" help:"Hash what a server asks for on the standard input."`
}

// An Invocation is one call of the program.
type Invocation struct {
	Args           []string // the first one is how the program was called
	Stdout, Stderr io.Writer
	Deps           Deps
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // refused, failed, or something was found
	exitUsage  = 2 // the command line, a variable or the configuration file is wrong
)

// errFound ends a command that has printed what it found.
var errFound = errors.New("found")

// Main runs one command until it is done or ctx is, and returns the exit code
// of the program. What a command is for goes to Stdout; problems and the log
// go to Stderr.
func Main(ctx context.Context, in Invocation) (code int) {
	defer func() {
		v := recover()
		if exit, ok := v.(exited); ok {
			code = int(exit)
		} else if v != nil {
			panic(v)
		}
	}()
	r := &run{ctx: ctx, out: in.Stdout, err: in.Stderr, deps: in.Deps, program: "nidan", args: in.Args}
	if len(in.Args) > 0 && strings.ContainsRune(in.Args[0], filepath.Separator) {
		r.program = in.Args[0]
	}
	parser, err := newParser(r)
	if err != nil {
		panic(err) // unreachable: the grammar is a constant
	}
	r.line, err = parser.Parse(in.Args[min(1, len(in.Args)):])
	if err != nil {
		fmt.Fprintf(r.err, "nidan: %v\nRun '%s --help' for what can be said.\n", err, r.program)
		return exitUsage
	}
	switch err := r.line.Run(r); {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFailed
	case errors.As(err, new(settingsError)):
		fmt.Fprintf(r.err, "nidan: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(r.err, "nidan: %v\n", err)
		return exitFailed
	}
}

// exited is how a help text ends the program.
type exited int

func newParser(r *run) (*kong.Kong, error) {
	return kong.New(&r.grammar,
		kong.Name("nidan"),
		kong.Description("Two-step verification for products that have accounts."),
		kong.UsageOnError(),
		kong.Writers(r.out, r.err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Bind(r),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Vars{
			"default_data": defaultData, "default_listen": defaultListen, "default_brand": defaultBrand,
			"default_zone": defaultZone, "default_password_min": strconv.Itoa(defaultPasswordMin), "default_log": defaultLog,
			"default_languages": defaultLanguages, "default_methods": defaultMethods, "default_registration": defaultRegistration, "default_prove": defaultProve,
			"default_smtp_security": defaultSMTPSecurity,
		})
}

// A run is one command being carried out.
type run struct {
	ctx      context.Context
	out, err io.Writer
	deps     Deps
	program  string
	args     []string

	grammar grammar
	line    *kong.Context
	mailbox bool        // what would be mailed is kept and shown
	file    *configFile // nil: none
}

// BeforeResolve reads the configuration file, once it is known which.
func (g *grammar) BeforeResolve(line *kong.Context, r *run) error {
	path := g.ConfigFile // from the environment
	for _, p := range line.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			path = line.Value(p).String()
		}
	}
	if path == "" {
		return nil
	}
	var err error
	if r.file, err = readConfigFile(path, settingFlags(line.Model)); err != nil {
		return err
	}
	line.AddResolver(r.file)
	return nil
}

// settingFlags are the flags that are fields of Config.
func settingFlags(app *kong.Application) []*kong.Flag {
	names := make(map[string]bool)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		names[f.Tag.Get("name")] = true
	}
	var list []*kong.Flag
	for _, f := range app.Flags {
		if names[f.Name] {
			list = append(list, f)
		}
	}
	return list
}

// settings checks the settings.
func (r *run) settings() (*settings, error) {
	c := r.grammar.Config
	c.readSecrets()
	set, err := c.checkFor(r.mailbox)
	if err != nil {
		return nil, settingsError{err}
	}
	set.program, set.repeat = r.program, r.repeat()
	return set, nil
}

// A settingsError is a value that a flag, a variable or the file should not
// have.
type settingsError struct{ error }

// Unwrap returns the problems.
func (e settingsError) Unwrap() error { return e.error }

// repeat is what has to be said again for another command to mean the same
// instance: what was said as a flag. Variables and files are there anyway.
func (r *run) repeat() []string {
	var given Config
	from, to := reflect.ValueOf(r.grammar.Config), reflect.ValueOf(&given).Elem()
	var words []string
	for _, p := range r.line.Path {
		if p.Flag == nil || p.Resolved {
			continue
		}
		if p.Flag.Name == "config" {
			words = []string{"--config", absolute(r.grammar.ConfigFile)}
		}
		for i := range from.NumField() {
			if from.Type().Field(i).Tag.Get("name") == p.Flag.Name {
				to.Field(i).Set(from.Field(i))
			}
		}
	}
	if given.Data != "" {
		given.Data = absolute(given.Data)
	}
	return append(words, given.flags()...)
}

func absolute(path string) string {
	if p, err := filepath.Abs(path); err == nil {
		return p
	}
	return path
}

// open puts together what a command needs of an instance that exists.
func (r *run) open() (*Server, error) {
	set, err := r.settings()
	if err != nil {
		return nil, err
	}
	return assemble(r.ctx, set, r.deps, false)
}

// source says where a setting comes from.
func (r *run) source(flag *kong.Flag) string {
	for _, p := range r.line.Path {
		if p.Flag == flag && !p.Resolved {
			return "--" + flag.Name
		}
	}
	if env := fromEnvironment(flag); env != "" {
		return env
	}
	if r.file != nil {
		if _, ok := r.file.values[flag.Name]; ok {
			return r.file.path
		}
	}
	return "default"
}

// printf writes to the command's output. Where that is gone nobody is left to
// be told.
func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// warnf writes beside it.
func (r *run) warnf(format string, args ...any) { fmt.Fprintf(r.err, "nidan: "+format+"\n", args...) }
