package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/protocol/api"
)

type apiCommand struct {
	Operation string   `arg:"" optional:"" help:"Which one; without it they are listed."`
	Fields    []string `arg:"" optional:"" help:"FIELD=VALUE, of the path or the body; a dot leads into an object: first_step.changed_by_mail=true."`
	Server    string   `placeholder:"URL" help:"Where the server is; otherwise where these settings say it listens."`
	KeyFile   string   `placeholder:"FILE" help:"File with the key; - for standard input. On the command line a list of processes would show it."`
	Repeat    string   `placeholder:"NAME" help:"Idempotency key: the same call under the same name is made once."`
}

// described is as much of a server's description as a call needs.
type described struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string
	Summary     string
	Description string
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
	method, path string
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
}

// Run calls one operation and prints the answer. A problem goes to the error
// output, and the exit code says so.
func (c apiCommand) Run(r *run) error {
	at, err := c.at(r)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 30 * time.Second}
	d, err := describe(client, at)
	if err != nil {
		return err
	}
	if c.Operation == "" {
		return r.listOperations(d)
	}
	op, ok := d.find(c.Operation)
	if !ok {
		return fmt.Errorf("there is no operation %q; without one all are listed", c.Operation)
	}
	req, err := c.request(d, op, at)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var shown bytes.Buffer
	if json.Indent(&shown, bytes.TrimSpace(body), "", "  ") != nil {
		shown.Reset()
		shown.Write(body)
	}
	to := r.out
	if resp.StatusCode >= 400 {
		to, err = r.err, errFound
	}
	if shown.Len() > 0 {
		fmt.Fprintf(to, "%s\n", bytes.TrimSpace(shown.Bytes()))
	}
	return err
}

// at is where the server is.
func (c apiCommand) at(r *run) (*url.URL, error) {
	where := c.Server
	if where == "" {
		set, err := r.settings()
		if err != nil {
			return nil, err
		}
		where = "http://" + set.Listen
	}
	u, err := url.Parse(where)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("--server %s: it has to be a URL", where)
	}
	return u, nil
}

func describe(client *http.Client, at *url.URL) (*described, error) {
	resp, err := client.Get(at.JoinPath(api.DescriptionPath).String())
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s: %w", at, err)
	}
	defer resp.Body.Close()
	d := new(described)
	if err := json.NewDecoder(resp.Body).Decode(d); err != nil || len(d.Paths) == 0 {
		return nil, fmt.Errorf("what answers at %s has no API", at)
	}
	return d, nil
}

func (d *described) find(id string) (operation, bool) {
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.OperationID == id {
				op.method, op.path = strings.ToUpper(method), path
				return op, true
			}
		}
	}
	return operation{}, false
}

func (r *run) listOperations(d *described) error {
	var lines []string
	for path, methods := range d.Paths {
		for method, op := range methods {
			lines = append(lines, fmt.Sprintf("%s\t%s %s\t%s\t%s", op.OperationID, strings.ToUpper(method), path, op.Description, op.Summary))
		}
	}
	slices.Sort(lines)
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

func (c apiCommand) request(d *described, op operation, at *url.URL) (*http.Request, error) {
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	path, body := op.path, map[string]any{}
	for _, f := range c.Fields {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return nil, fmt.Errorf("%q: a field is NAME=VALUE", f)
		}
		if in := "{" + name + "}"; strings.Contains(path, in) {
			path = strings.ReplaceAll(path, in, url.PathEscape(value))
			continue
		}
		if err := d.set(body, op, name, value); err != nil {
			return nil, err
		}
	}
	if i := strings.IndexByte(path, '{'); i >= 0 {
		return nil, fmt.Errorf("%s wants %s=VALUE", op.OperationID, strings.Trim(path[i:strings.IndexByte(path, '}')+1], "{}"))
	}
	to, err := at.Parse(path)
	if err != nil {
		return nil, err
	}
	var sent io.Reader
	if op.RequestBody != nil {
		for object := range d.objects(op) { // an empty one is not a missing one
			if _, given := body[object]; !given && object == "first_step" {
				body[object] = map[string]any{}
			}
		}
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequest(op.method, to.String(), sent)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Repeat != "" {
		req.Header.Set("Idempotency-Key", c.Repeat)
	}
	return req, nil
}

func (c apiCommand) key() (nidan.Secret, error) {
	if c.KeyFile == "" {
		return nidan.Secret{}, errors.New("the key is missing: --key-file FILE")
	}
	from := os.Stdin
	if c.KeyFile != "-" {
		f, err := os.Open(c.KeyFile)
		if err != nil {
			return nidan.Secret{}, err
		}
		defer f.Close()
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, 1<<10))
	return nidan.NewSecret(strings.TrimSpace(string(b))), err
}

// body is the schema of what an operation is sent.
func (d *described) body(op operation) schema {
	if op.RequestBody == nil {
		return schema{}
	}
	return d.resolve(op.RequestBody.Content["application/json"].Schema)
}

func (d *described) resolve(s schema) schema {
	if s.Ref != "" {
		return d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// objects are the fields of an operation that have fields.
func (d *described) objects(op operation) map[string]schema {
	found := map[string]schema{}
	for name, s := range d.body(op).Properties {
		if s = d.resolve(s); len(s.Properties) > 0 {
			found[name] = s
		}
	}
	return found
}

// set puts a field where its name leads, in the type that is described.
func (d *described) set(body map[string]any, op operation, name, value string) error {
	s, into := d.body(op), body
	parts := strings.Split(name, ".")
	for i, part := range parts {
		next, ok := s.Properties[part]
		if !ok {
			return fmt.Errorf("%s has no field %q; it has %s", op.OperationID, name, strings.Join(fieldNames(s), ", "))
		}
		s = d.resolve(next)
		if i == len(parts)-1 {
			break
		}
		inner, ok := into[part].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[part] = inner
		}
		into = inner
	}
	last := parts[len(parts)-1]
	switch fmt.Sprint(s.Type) {
	case "boolean":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%s is true or false", name)
		}
		into[last] = b
	default:
		into[last] = value
	}
	return nil
}

func fieldNames(s schema) []string {
	var names []string
	for name := range s.Properties {
		if name != "$schema" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
