// Command load drives the API as a busy product does, and prints how many second
// steps, whole log-ins and session checks a second the program does, beside what
// the machine could do at most: a bare handler, the engine by itself, and the
// password hash by itself, alternating in the same run. Proportions are medians
// of the rounds' own.
//
//	make build && go run ./bench/load bin/nidan
//
// A second step is one answer to a sign-in that was prepared. Whole log-ins take
// the password too. The generator shares the processors with the program.
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"time"
)

const (
	rounds  = 5  // alternating; medians are printed
	clients = 32 // connections that are never idle
	answers = 4000
	logins  = 120
	checks  = 12000
	bare    = 20000
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "bare" {
		serveBare()
		return
	}
	if len(os.Args) != 2 {
		log.Fatal("load: name the program")
	}
	if err := measure(os.Args[1]); err != nil {
		log.Fatal("load: ", err)
	}
}

// figures are those of one kind, one for each round.
type figures []float64

func (f figures) median() float64 {
	s := slices.Sorted(slices.Values(f))
	return s[len(s)/2]
}

func measure(program string) error {
	dir, err := os.MkdirTemp("", "nidan-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	begun := time.Now()
	town, err := prepare(dir)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	fmt.Printf("prepared %d accounts of a product and %d of our own in %.0f s\n", len(town.kept), len(town.own), time.Since(begun).Seconds())
	nidan, err := start(dir, program, "serve", "--data", dir+"/data", "--listen", "127.0.0.1:0", "--log", "json")
	if err != nil {
		return err
	}
	defer nidan.stop()
	none, err := start(dir, os.Args[0], "bare")
	if err != nil {
		return err
	}
	defer none.stop()

	// What is compared is measured before and after, in the same seconds: the
	// machine may be half as fast a minute later.
	var handler, engine, hash, second, whole, check figures
	var stepShare, checkShare, loginShare figures
	for round := range rounds {
		engine = append(engine, commits(dir))
		open, err := town.signIns(nidan, answers)
		if err != nil {
			return err
		}
		echo := func() float64 { return drive(none, bare, func(int) request { return town.echo() }) }
		before := echo()
		second = append(second, drive(nidan, answers, func(i int) request { return town.answer(open[i]) }))
		between := echo()
		check = append(check, drive(nidan, checks, func(i int) request { return town.check(i) }))
		after := echo()
		handler = append(handler, (before+between+after)/3)
		stepShare = append(stepShare, 2*last(second)/(before+between))
		checkShare = append(checkShare, 2*last(check)/(between+after))

		before = hashes()
		n, err := town.wholeLogins(nidan, logins)
		if err != nil {
			return err
		}
		whole, hash = append(whole, n), append(hash, (before+hashes())/2)
		loginShare = append(loginShare, last(whole)/last(hash))
		fmt.Printf("round %d: bare %.0f, engine %.0f, hash %.1f; second steps %.0f, checks %.0f, whole log-ins %.1f\n",
			round+1, last(handler), last(engine), last(hash), last(second), last(check), last(whole))
	}
	p99, busy, err := town.whileHashing(nidan)
	if err != nil {
		return err
	}
	// Two steps of somebody's app may show the same digits; then the code was used.
	const coincidences = 3
	if nidan.failed() > coincidences {
		return fmt.Errorf("%d answers were not what they had to be", nidan.failed())
	}
	fmt.Printf("\n| what, a second (median of %d) | figure | in proportion |\n|---|---|---|\n", rounds)
	fmt.Printf("| bare handler | %.0f | |\n", handler.median())
	fmt.Printf("| commits by the engine alone, %d writers | %.0f | |\n", clients, engine.median())
	fmt.Printf("| Argon2id (19 MiB, t=2) alone | %.1f | |\n", hash.median())
	fmt.Printf("| second steps | %.0f | %.2f of the bare handler |\n", second.median(), stepShare.median())
	fmt.Printf("| session checks | %.0f | %.2f of the bare handler |\n", check.median(), checkShare.median())
	fmt.Printf("| whole log-ins | %.1f | %.2f of Argon2id alone |\n", whole.median(), loginShare.median())
	fmt.Printf("| second steps while passwords are hashed without a pause | p99 %.0f ms | %.1f hashes a second beside them |\n", p99.Seconds()*1000, busy)
	return nil
}

func last(f figures) float64 { return f[len(f)-1] }
