package recipes

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan/mail/mailtest"
)

// A caller is the recipe of docs/recipes/pages.md: a product's server, and the
// person before its pages.
type caller struct {
	*recipe
	post   *mailtest.Catcher
	given  map[string]string // by what the page calls it
	key    string            // in the app
	sheet  []string          // backup codes that are left
	holder string            // who was registered last
	seen   map[string]int    // mails, by who they went to
	spent  string            // the code of the app that was given last
}

// What an answer gave, and what a person types, as the page has it.
var taken = regexp.MustCompile(`‹([^›]+)›`)

func TestPages(t *testing.T) {
	c := &caller{recipe: newRecipe(t, "docs/recipes/pages.md"), post: mailtest.Start(t), given: map[string]string{}, seen: map[string]int{}}
	c.data = "pages-data"
	c.others = []string{"2525", strconv.Itoa(c.post.Port)}
	c.send = c.sendCall
	c.follow("docs/recipes/pages.md")
}

// sendCall makes a call of the page and compares its answer.
func (c *caller) sendCall(text string) {
	c.t.Helper()
	asked, told, _ := strings.Cut(c.here(text), "\n\n")
	asked = taken.ReplaceAllStringFunc(asked, func(m string) string { return c.value(strings.Trim(m, "‹›")) })
	if m := regexp.MustCompile(`"address": "([^"]+@[^"]+)"`).FindStringSubmatch(asked); m != nil {
		c.holder = m[1]
	}
	key, err := os.ReadFile(filepath.Join(c.dir, "bin", "tea.key"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.keep(c.calls(strings.TrimSpace(string(key)), asked, told))
}

// keep remembers what an answer gave.
func (c *caller) keep(answer []byte) {
	c.t.Helper()
	var said struct {
		Ticket, Known, Key string
		SignIn             string `json:"sign_in"`
		Codes              []string
		Ways               []struct{ ID, Method string }
	}
	if json.Unmarshal(answer, &said) != nil {
		return // a list
	}
	for name, value := range map[string]string{"ticket": said.Ticket, "known": said.Known, "sign_in": said.SignIn} {
		if value != "" {
			c.given[name] = value
		}
	}
	for _, w := range said.Ways {
		c.given[map[string]string{"totp": "the app", "backup": "the backup codes", "mail": "the mail"}[w.Method]] = w.ID
	}
	if said.Key != "" {
		c.key = c.nidan.Secret("a key", said.Key)
	}
	if said.Codes != nil {
		c.sheet = said.Codes
	}
}

// value is what stands for a word of the page.
func (c *caller) value(word string) string {
	c.t.Helper()
	switch word {
	case "code of the app":
		// At the set-up the one before the present one, which leaves that one for the
		// log-in: nobody has to wait.
		at := time.Now()
		if c.spent == "" {
			at = at.Add(-30 * time.Second)
		}
		out, err := exec.CommandContext(c.t.Context(), "oathtool", "--totp", "-b", "-N", fmt.Sprintf("@%d", at.Unix()), c.key).Output()
		if err != nil {
			c.t.Fatalf("oathtool: %v", err)
		}
		c.spent = strings.TrimSpace(string(out))
		return c.spent
	case "wrong code":
		return "000000"
	case "backup code":
		code := c.sheet[0]
		c.sheet = c.sheet[1:]
		return code
	case "mailed number":
		for {
			c.seen[c.holder]++
			if n := c.seen[c.holder]; c.post.Wait(c.t, c.holder, n)[n-1].Code() != "" {
				return c.nidan.Secret("a mailed number", c.post.Wait(c.t, c.holder, n)[n-1].Code())
			}
		}
	}
	if c.given[word] == "" {
		c.t.Fatalf("no answer has given ‹%s›", word)
	}
	return c.given[word]
}
