package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// hashers are the processes that a process has hash its passwords.
func hashers(t *testing.T, of int) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		var pid, parent int
		var name, state string
		if _, err := fmt.Sscan(strings.NewReplacer("(", "", ")", "").Replace(string(stat)), &pid, &name, &state, &parent); err == nil && parent == of && name == "nidan-hash" {
			found = append(found, pid)
		}
	}
	return found
}

// The process that hashes passwords is killed, before a log-in and during some:
// everybody logs in all the same, by one other process each time. It has
// nothing of the server's environment, and no password stands in what it was
// called with.
func TestHasherDies(t *testing.T) {
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	p.start()
	var people []*person
	for i := range 6 {
		who, err := p.person(fmt.Sprintf("person%d@example.com", i))
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, who)
	}
	logIn := func(who *person) error {
		a, err := who.browser.patient("/login", "login", who.name, "password", who.password)
		if err == nil && !a.to("/security") {
			err = unexpected("log in as "+who.name, a)
		}
		return err
	}
	seen := make(map[int]bool)
	for round := range 5 {
		all := hashers(t, p.cmd.Process.Pid)
		if len(all) != 1 || seen[all[0]] {
			t.Fatalf("round %d: the processes that hash are %v; before there were %v", round, all, seen)
		}
		seen[all[0]] = true
		for _, file := range []string{"environ", "cmdline"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", all[0], file))
			if err != nil {
				t.Fatal(err)
			}
			if s := string(text); file == "environ" && (strings.Count(s, "\x00") != 1 || !strings.HasPrefix(s, "GOMAXPROCS=")) {
				t.Errorf("its environment is %q", s)
			} else {
				p.secrets.missing(t, file, s)
			}
		}
		if round == 0 {
			if err := syscall.Kill(all[0], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		for _, who := range people {
			go func() { done <- logIn(who) }()
		}
		for i := range people {
			if err := <-done; err != nil {
				t.Error(err)
			}
			if i == 0 && round > 0 { // the others are waiting for theirs
				if err := syscall.Kill(all[0], syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := logIn(people[0]); err != nil { // whatever the others saw of it, another is there
			t.Error(err)
		}
	}
	if len(p.broken) > 0 {
		t.Errorf("%v", p.broken)
	}
	if n := strings.Count(p.err.String(), `"ended":"signal: killed"`); n != 5 {
		t.Errorf("the log says %d times that it was killed:\n%s", n, p.err.String())
	}
}
