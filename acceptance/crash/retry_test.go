package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// caller is a product's server that asks again until it has an answer.
type caller struct {
	p    *program
	key  string
	mu   sync.RWMutex // held while the program is between two lives
	asks atomic.Int64 // requests that got no answer
}

// call repeats a request, by its idempotency key, until it is answered.
func (c *caller) call(method, path, name string, in map[string]any) (int, map[string]any, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		c.mu.RLock()
		at := c.p.url
		c.mu.RUnlock()
		req, err := http.NewRequest(method, at+"/api/v1"+path, bytes.NewReader(b))
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("Authorization", "Bearer "+c.key)
		req.Header.Set("Content-Type", "application/json")
		if name != "" {
			req.Header.Set("Idempotency-Key", name)
		}
		resp, err := client.Do(req)
		if err == nil {
			var out map[string]any
			err = json.NewDecoder(resp.Body).Decode(&out)
			resp.Body.Close()
			if err == nil && resp.StatusCode != http.StatusServiceUnavailable {
				return resp.StatusCode, out, nil
			}
		}
		c.asks.Add(1)
		time.Sleep(2 * time.Millisecond) // until it lives again
	}
	return 0, nil, errors.New("no answer within a minute")
}

// tell runs a command that has to pass.
func tell(t *testing.T, p *program, words ...string) string {
	t.Helper()
	out, errs, code := p.run(words...)
	if code != 0 {
		t.Fatalf("%v: exit %d\n%s%s", words, code, out, errs)
	}
	return out
}

// A product whose request was lost with the program asks again with the same
// idempotency key, until it is answered: what it asked for is there once.
func TestRetriesAfterKill(t *testing.T) {
	const kills, callers = 6, 4
	random := seeded(t)
	p := newProgram(t, filepath.Join(t.TempDir(), "data"))
	p.start()
	tell(t, p, "party", "put", "shop", "--name=Example Shop", "--reason=test")
	key, _, _ := strings.Cut(tell(t, p, "key", "create", "shop", "--scope=admin", "--scope=read", "--reason=test"), "\n")
	p.secrets.add("the key", key)
	c := &caller{p: p, key: key}
	stop := make(chan struct{})
	var all sync.WaitGroup
	var ready atomic.Int64 // accounts that were made and changed
	made := make([][]string, callers)
	for n := range callers {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("person-%d-%d", n, i)
				status, out, err := c.call("POST", "/accounts", "make-"+id, map[string]any{"id": id, "label": id})
				if err != nil || status != http.StatusCreated {
					t.Errorf("register %s: %d %v %v", id, status, out, err)
					return
				}
				for _, label := range []string{"first", "second"} {
					if status, out, err := c.call("PUT", "/accounts/"+id, label+"-"+id, map[string]any{"label": label}); err != nil || status != http.StatusOK {
						t.Errorf("change %s: %d %v %v", id, status, out, err)
						return
					}
				}
				made[n] = append(made[n], id)
				ready.Add(1)
			}
		})
	}
	for range kills {
		for from, end := ready.Load(), time.Now().Add(time.Minute); ready.Load() < from+20 && !t.Failed(); {
			if time.Now().After(end) {
				t.Fatalf("%d accounts in a minute: that is no load", ready.Load()-from)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(200+random.IntN(500)) * time.Millisecond) // the random moment itself
		c.mu.Lock()
		p.kill()
		p.start()
		c.mu.Unlock()
	}
	close(stop)
	all.Wait()
	if t.Failed() {
		return
	}
	total := 0
	for _, ids := range made {
		for _, id := range ids {
			total++
			status, account, err := c.call("GET", "/accounts/"+id, "", nil)
			if err != nil || status != http.StatusOK || account["label"] != "second" {
				t.Errorf("%s: %d %v %v", id, status, account, err)
			}
		}
	}
	// Three events each: made, and changed twice.
	trail := tell(t, p, "audit", "show", "shop/"+made[0][len(made[0])-1])
	if strings.Count(trail, "account_created") != 1 || strings.Count(trail, "account_described") != 2 {
		t.Errorf("the trail of one:\n%s", trail)
	}
	p.verified()
	if total < 20*kills || c.asks.Load() == 0 {
		t.Errorf("%d accounts and %d requests without an answer: that is no load", total, c.asks.Load())
	}
	t.Logf("%d accounts, %d requests got no answer and were made again", total, c.asks.Load())
}
