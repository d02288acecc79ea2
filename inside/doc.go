// Package inside puts Nidan together for an application that has people and
// passwords of its own, and takes their second step in its own process: keyring,
// database, rules, mail and pages. docs/recipes/embed.md goes through an example.
//
//	second, err := inside.Open(ctx, inside.Config{Database: "shop.db", …, Host: shop})
//	mux.Handle(second.Base()+"/", second)
//
// and, where the log-in form was posted and the password was right,
//
//	second.SignIn(w, r, web.Person{Ref: "17", About: nidan.Details{Label: "mina@example.com"}})
//
// The tables are Nidan's own, all called nidan_…, in the application's database
// or in another; Nidan has its own connections to it and never joins the
// application's transactions. Who wants it otherwise puts [nidan.New] and
// [web.New] together as Open does.
package inside
