// Command start measures what an operator meets first: how large the program
// is, how soon it answers on an empty folder, and what it holds while idle.
//
//	make build && go run ./bench/start bin/nidan
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const runs = 11

func main() {
	if len(os.Args) != 2 {
		log.Fatal("start: name the program")
	}
	if err := measure(os.Args[1]); err != nil {
		log.Fatal("start: ", err)
	}
}

func measure(program string) error {
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	fmt.Printf("size of the program     %6.1f MiB\n", float64(info.Size())/(1<<20))
	var healthy []time.Duration
	var idle []string
	for range runs {
		took, rss, err := once(program)
		if err != nil {
			return err
		}
		healthy, idle = append(healthy, took), append(idle, rss)
	}
	slices.Sort(healthy)
	fmt.Printf("healthy on empty folder %6d ms   (median of %d starts; %d to %d)\n", healthy[runs/2].Milliseconds(), runs, healthy[0].Milliseconds(), healthy[runs-1].Milliseconds())
	fmt.Printf("resident while idle     %s   (last start, 2 s after the first answer)\n", idle[runs-1])
	return nil
}

// once starts the program on an empty folder and ends it.
func once(program string) (took time.Duration, rss string, err error) {
	dir, err := os.MkdirTemp("", "nidan-start-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(dir)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, "", err
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return 0, "", err
	}
	cmd := exec.CommandContext(context.Background(), program, "serve", "--data", filepath.Join(dir, "data"), "--listen", addr)
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	for {
		resp, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			break
		}
		if time.Since(begun) > 10*time.Second {
			return 0, "", err
		}
		time.Sleep(time.Millisecond)
	}
	took = time.Since(begun)
	time.Sleep(2 * time.Second)
	return took, resident(cmd.Process.Pid), nil
}

// resident is what a process takes, and those that it began.
func resident(pid int) string {
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return "unknown"
	}
	var rss string
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			rss = strings.TrimSpace(v)
		}
	}
	threads, _ := filepath.Glob(proc + "task/*/children") // none: nothing was begun
	for _, path := range threads {
		began, err := os.ReadFile(path)
		if err != nil {
			return "unknown"
		}
		for child := range strings.FieldsSeq(string(began)) {
			if pid, err := strconv.Atoi(child); err == nil {
				rss += " and " + resident(pid)
			}
		}
	}
	return rss
}
