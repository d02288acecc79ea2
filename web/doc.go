// Package web is the pages: server-rendered, complete without JavaScript.
//
// It owns what is said and shown, the cookies that carry what a person holds,
// and the defences that belong to a browser (content security policy, origin
// and host checks, strict forms). It owns no rule: a handler parses a form,
// calls one verb of [nidan.Service] and shows the outcome.
//
// # A new screen
//
//  1. x.go: the view, and its handlers. A handler's type says what it needs:
//     anonymous, withPending, withTicket or withSession.
//  2. x.html: {{define "title"}} (title and h1) and {{define "main"}}. Where its
//     GET reads a query, {{define "asked"}} writes it, so that a change of the
//     language comes back to the same.
//  3. One line per method in routes.go.
//  4. Its sentences in every file of locale/. The tests find one that is
//     missing, unused, or has other placeholders than English.
//  5. Its states in samples_test.go, so that it is executed in each language.
//
// # A page that asks for both steps
//
// One value of type both, whose show and post stand in routes.go, and a template
// with the parts "both", "send-first" and "both-ways". A way that has to be
// mailed a number first, the throttles and the fields are its business.
//
// # Somebody whom a product led here
//
// Every page is told of the product by page.Product. A session that it led to
// ends by going back; it knows of no password, and the pages about one are not
// its own, see own. What cannot go on is not led to the log-in page, see
// loginAgain.
//
// # Somebody whom a proxied host sent here
//
// Its name and the hash of its cookie wait in passCookie, see pass.go. A page
// whose form completes a log-in calls leadOn and has the part "pass"; what comes
// after it is where onward says.
//
// # A new language
//
// One file in locale/, named by its BCP 47 tag, and what package catalogue says.
// No code changes here.
//
// # A new method of the second step
//
// One line in methods.go and its sentences, "method.NAME.…".
package web
