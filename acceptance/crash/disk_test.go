package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// smallDisk mounts a file system that is full soon. Mounting takes root: the
// test runs as root or may use sudo.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	asRoot := func(words ...string) {
		t.Helper()
		if os.Geteuid() != 0 {
			words = append([]string{"sudo", "-n"}, words...)
		}
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
		}
	}
	asRoot("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%s,mode=0700,uid=%d,gid=%d", size, os.Geteuid(), os.Getegid()), "nidan-test", dir)
	t.Cleanup(func() { asRoot("umount", "-l", dir) })
	return dir
}

// fill writes a file until nothing more fits, and returns how to take it away.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "other people's files")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk fills up while people log in, and is freed again: what does not fit
// is refused with a page that says so, nothing is acknowledged that is not
// there, and afterwards it goes on without a hand or a restart.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	p := newProgram(t, filepath.Join(dir, "data"))
	random := seeded(t)
	c := &crowd{p: p, random: random}
	p.start()
	for range workers {
		if err := c.join(); err != nil {
			t.Fatal(err)
		}
	}
	busy(t, c, random, 4) // there is enough of everything in the database
	process := p.cmd.Process.Pid

	for round := range 2 {
		free := fill(t, dir)
		before := len(p.broken)
		full(t, c, random, before)
		alive(t, p, process)

		// An operator is told, and given nothing that is not recorded.
		out, stderr, code := p.run("account", "link", c.people[0].name, "--reset", "--reason", "disk test")
		switch {
		case code == 0 && strings.Contains(out, "://"): // there was room for this one
		case code == 0 || strings.Contains(out, "://") || stderr == "":
			t.Errorf("a link on a full disk: exit code %d\n%s%s", code, out, stderr)
		}

		free()
		begun := time.Now()
		for _, who := range c.people {
			// Where things stand is asked of the program, not assumed.
			for end := time.Now().Add(20 * time.Second); who.live == unknown || who.protected == unknown; {
				err := who.find()
				if err != nil && !errors.Is(err, errDied) {
					t.Error(err)
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%s: it does not go on with room on the disk: %v", who.name, err)
				}
			}
		}
		t.Logf("round %d: %d pages failed while there was no room; it went on %v after there was", round+1, len(p.broken)-before, time.Since(begun))
		c.each((*person).check)
		after := len(p.broken)
		busy(t, c, random, 2)
		if len(p.broken) > after {
			t.Errorf("pages fail although there is room: %s", p.broken[after])
		}
		alive(t, p, process)
		p.verified()
	}
	for _, a := range p.broken {
		if !a.ours() || a.status != 500 || !strings.Contains(a.text(), "Reference:") {
			t.Errorf("a page that failed: %s", a)
		}
	}

	// What was refused on the full disk does not come back either.
	p.kill()
	p.start()
	c.each((*person).check)
	p.verified()
}

// busy has everybody do some things.
func busy(t *testing.T, c *crowd, random *rand.Rand, turns int) {
	t.Helper()
	for range turns {
		for _, who := range c.people {
			if err := who.act(random); err != nil {
				t.Fatalf("%s: %v", who.name, err)
			}
		}
	}
}

// full has everybody go on until the program has failed often enough.
func full(t *testing.T, c *crowd, random *rand.Rand, before int) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; {
		for _, who := range c.people {
			if err := who.act(random); err != nil && !errors.Is(err, errDied) {
				t.Fatalf("%s: %v", who.name, err)
			}
		}
		if len(c.p.broken)-before >= 25 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("only %d pages have failed: the disk never fills up", len(c.p.broken)-before)
		}
	}
}

// alive is that the same process is there and answers, and that reading goes on.
func alive(t *testing.T, p *program, process int) {
	t.Helper()
	if !p.alive() || p.cmd.Process.Pid != process {
		t.Fatalf("it is gone\n%s", p.err.String())
	}
	for _, path := range []string{"/healthz", "/login", "/forgot"} {
		if a, err := p.visitor().get(path); err != nil || a.status != 200 {
			t.Errorf("%s: %s %v", path, a, err)
		}
	}
}
