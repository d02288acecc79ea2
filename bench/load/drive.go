package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A target is a program that is driven.
type target struct {
	cmd *exec.Cmd
	at  string
	bad atomic.Int64
}

// start runs a program that says where it listens. What it logs goes into a file
// in dir: who reads a log is not part of what is measured.
func start(dir, program string, words ...string) (*target, error) {
	log, err := os.CreateTemp(dir, "log-")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	t := &target{cmd: exec.Command(program, words...)}
	t.cmd.Stderr = log
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, at, ok := strings.Cut(lines.Text(), " is listening on "); ok {
			t.at = at
			go io.Copy(io.Discard, out)
			return t, nil
		}
	}
	err = t.cmd.Wait()
	said, _ := os.ReadFile(log.Name())
	return nil, errors.Join(fmt.Errorf("%s says nothing: %s", program, said), err)
}

func (t *target) stop() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait()
}

func (t *target) failed() int64 { return t.bad.Load() }

// serveBare is the least that a handler can do with such a request.
func serveBare() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("bare is listening on %s\n", l.Addr())
	answer := []byte(`{"reason":"ok","assertion":{"account":"person-1","acr":"aal2","amr":["pwd","otp","mfa"],"auth_time":"2026-11-22T12:00:00Z"}}`)
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SignIn, Way, Code string }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
	})))
}

// request is what a client sends, as bytes, and the status that has to come.
type request struct {
	head, body []byte
	status     int
}

func post(key, path string, body []byte, status int) request {
	return request{
		head:   []byte("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + key + "\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"),
		body:   body,
		status: status,
	}
}

// client is one connection. It understands what Go's server answers, and no
// more: what it costs is taken from the program that is measured.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
}

func dial(at string) (*client, error) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return nil, err
	}
	return &client{conn: c, in: bufio.NewReaderSize(c, 8<<10)}, nil
}

// do sends a request and reads the answer, whose body lives until the next.
func (c *client) do(r request) (status int, body []byte, err error) {
	c.out = append(append(c.out[:0], r.head...), r.body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, nil, err
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		switch {
		case status == 0:
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, nil, err
			}
		case len(line) <= 2:
			if length < 0 {
				return 0, nil, errors.New("an answer without its length")
			}
			c.body = append(c.body[:0], make([]byte, length)...)
			_, err = io.ReadFull(c.in, c.body)
			return status, c.body, err
		case len(line) > 16 && bytes.EqualFold(line[:15], []byte("content-length:")):
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[15:]))); err != nil {
				return 0, nil, err
			}
		}
	}
}

// drive sends n requests, all made before, over all connections and returns how
// many were answered a second.
func drive(t *target, n int, one func(int) request) float64 {
	all := make([]request, n)
	for i := range all {
		all[i] = one(i)
	}
	took, err := each(t, clients, n, func(c *client, i int) error {
		r := all[i]
		status, body, err := c.do(r)
		if err == nil && status != r.status {
			if t.bad.Add(1) == 1 {
				fmt.Fprintf(os.Stderr, "answered %d: %s\n", status, body)
			}
		}
		return err
	})
	if err != nil {
		t.bad.Add(1)
		fmt.Fprintln(os.Stderr, err)
	}
	return float64(n) / took.Seconds()
}

// each does n things over a number of connections.
func each(t *target, conns, n int, do func(c *client, i int) error) (time.Duration, error) {
	all := make([]*client, conns)
	for i := range all {
		c, err := dial(t.at)
		if err != nil {
			return 1, err
		}
		defer c.conn.Close()
		all[i] = c
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, conns)
	begun := time.Now()
	for i, c := range all {
		wait.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= n || errs[i] != nil {
					return
				}
				errs[i] = do(c, k)
			}
		})
	}
	wait.Wait()
	return time.Since(begun), errors.Join(errs...)
}

func cores() int { return runtime.GOMAXPROCS(0) }
