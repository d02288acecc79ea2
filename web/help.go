package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// A helpBook is the help in one language, with what is offered here.
type helpBook struct {
	Frame  helpFrame
	Groups []helpShelf

	answers map[string]*helpAnswer // by slug
}

// A helpShelf is a heading and the questions below it.
type helpShelf struct {
	Title   string
	Answers []*helpAnswer
}

// A helpAnswer is one page of the help.
type helpAnswer struct {
	Slug   string
	Title  string
	Answer template.HTML
	Steps  []template.HTML
	Points []template.HTML
	Text   []template.HTML
	Page   string // may be empty
	See    []*helpAnswer

	sought helpSought
}

// Label says where Page leads.
func (a *helpAnswer) Label() *message { return helpPages[a.Page] }

// openHelp gives every language its book. What is not offered stands in none.
func (ls *locales) openHelp(b brand, offered []Feature) error {
	texts := make([]helpTexts, len(ls.all))
	for i, l := range ls.all {
		var err error
		if texts[i], err = readHelp(l.Tag()); err != nil {
			return err
		}
	}
	for i, l := range ls.all {
		support := b.support
		if support == "" {
			var err error
			if support, err = l.HTML("support.unnamed"); err != nil {
				return err
			}
		}
		l.offered = offered
		l.help = newHelpBook(texts[i], owner, helpValues(b, support), offered)
		l.helpLed = newHelpBook(texts[i], guest, helpValues(b, support), offered)
		for _, other := range texts {
			l.help.findBy(other)
			l.helpLed.findBy(other)
		}
	}
	return nil
}

// helpValues puts in what the texts leave open. They are escaped by then.
func helpValues(b brand, support template.HTML) *strings.Replacer {
	return strings.NewReplacer(
		"{brand}", template.HTMLEscapeString(b.Name), "{sender}", template.HTMLEscapeString(b.sender), "{support}", string(support),
	)
}

func newHelpBook(texts helpTexts, to reader, fill *strings.Replacer, offered []Feature) *helpBook {
	book := &helpBook{Frame: texts.Frame, answers: map[string]*helpAnswer{}}
	lines := func(all []helpLine) []template.HTML {
		var out []template.HTML
		for _, l := range all {
			if l.said(to, offered) {
				out = append(out, template.HTML(fill.Replace(template.HTMLEscapeString(l.Text))))
			}
		}
		return out
	}
	for _, g := range helpIndex {
		shelf := helpShelf{Title: texts.Groups[g.name]}
		for _, e := range g.entries {
			if e.needs != "" && !slices.Contains(offered, e.needs) {
				continue
			}
			t := texts.Entries[e.slug]
			if to == guest {
				t.Answer, e.page = cmp.Or(t.Led, t.Answer), pageForLed(e.page)
			}
			a := &helpAnswer{
				Slug: e.slug, Title: t.Title, Answer: lines([]helpLine{{Text: t.Answer}})[0],
				Steps: lines(t.Steps), Points: lines(t.Points), Text: lines(t.Text), Page: e.page,
				sought: helpSought{title: fold(t.Title), answer: fold(t.Answer)},
			}
			book.answers[e.slug] = a
			shelf.Answers = append(shelf.Answers, a)
		}
		if shelf.Answers != nil {
			book.Groups = append(book.Groups, shelf)
		}
	}
	for _, g := range helpIndex {
		for _, e := range g.entries {
			for _, slug := range e.see {
				if a, ok := book.answers[e.slug]; ok && book.answers[slug] != nil {
					a.See = append(a.See, book.answers[slug])
				}
			}
		}
	}
	return book
}

// pageForLed is where an answer is carried out by somebody who has no password
// here: not where one is asked for.
func pageForLed(page string) string {
	if page == "/login" || page == "/forgot" {
		return ""
	}
	return page
}

// findBy lets questions be found by the words of a language, which need not be
// the book's.
func (b *helpBook) findBy(texts helpTexts) {
	for slug, a := range b.answers {
		a.sought.words = append(a.sought.words, folded(texts.Entries[slug].Words)...)
	}
}

// helpLinks lists the questions that a page raises: {{help "lost-phone"}}. One
// that is not offered here is left out. {{help}} leads to all of them.
func (l *locale) helpLinks(slugs ...string) (template.HTML, error) {
	if len(slugs) == 0 {
		return template.HTML(`<a href="` + l.base + `/help">` + template.HTMLEscapeString(l.help.Frame.All) + `</a>`), nil
	}
	var b strings.Builder
	for _, slug := range slugs {
		if a, ok := l.help.answers[slug]; ok {
			b.WriteString(`<li><a href="` + l.base + `/help/` + slug + `">` + template.HTMLEscapeString(a.Title) + `</a></li>`)
		} else if !declared(slug) {
			return "", fmt.Errorf("web: the help has no entry %q; see helpindex.go", slug)
		}
	}
	if b.Len() == 0 {
		return "", nil
	}
	return template.HTML(`<ul class="help">` + b.String() + `</ul>`), nil
}

func declared(slug string) bool {
	return slices.ContainsFunc(helpIndex, func(g helpGroup) bool {
		return slices.ContainsFunc(g.entries, func(e helpEntry) bool { return e.slug == slug })
	})
}

// A helpListView is the list of questions, or what a search found of them.
type helpListView struct {
	*helpBook
	Query  string // as it was typed; empty: no search
	Result template.HTML
	Found  []*helpAnswer
}

// helpBook is the help for whoever asks. It says nothing of a product but that
// one led here.
func (v *visit) helpBook() *helpBook {
	if v.led() {
		return v.locale.helpLed
	}
	return v.locale.help
}

// showHelp answers every search with the same status, whatever was asked for.
func showHelp(v *visit) error {
	return v.show(http.StatusOK, "help", v.helpBook().list(v.r.URL.Query().Get("q")))
}

func (b *helpBook) list(q string) helpListView {
	view := helpListView{helpBook: b, Query: typed(q)}
	if view.Query == "" {
		return view
	}
	view.Found = b.find(view.Query)
	text := b.Frame.Found
	if view.Found == nil {
		text = b.Frame.None
	}
	// Isolated: what was typed may run from right to left.
	query := "<bdi>" + template.HTMLEscapeString(view.Query) + "</bdi>"
	view.Result = template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "{query}", query))
	return view
}

type helpAnswerView struct {
	*helpAnswer
	Frame helpFrame
}

func showHelpAnswer(v *visit) error {
	book := v.helpBook()
	a, ok := book.answers[v.r.PathValue("entry")]
	if !ok {
		return v.show(http.StatusNotFound, "helpnone", book)
	}
	return v.show(http.StatusOK, "helpanswer", helpAnswerView{a, book.Frame})
}
