package mail

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/catalogue"
)

// A blockKind is what a block is for.
type blockKind string

const (
	blockLead  blockKind = "lead"  // the first line
	blockFact  blockKind = "fact"  // a label and what it is for
	blockText  blockKind = "text"  // a paragraph
	blockLink  blockKind = "link"  // where a page is
	blockSmall blockKind = "small" // whom the mail is for, and who sent it
	blockBound blockKind = "bound" // a number bound to its host, for browsers
)

// A block is a part of a mail. Both its forms are made of the same ones.
type block struct {
	Kind  blockKind
	Text  string // of a fact: label and value
	Label string // of a fact: the label; of a link: what its button says
	Value string // of a fact; of a link: where it leads
	URL   string // of a link
}

// A letter is a mail being written. The first thing that goes wrong stays in
// err, and what is said afterwards is empty.
type letter struct {
	base     base
	form     form
	variant  string // of the kind's sentences: the method, or linkless
	notice   nidan.Notice
	language *catalogue.Language
	blocks   []block
	err      error
}

// check reports what a notice of this form has to have and has not.
func (w *letter) check() error {
	n := w.notice
	if err := checkAddress(n.To); err != nil {
		return err
	}
	switch {
	case n.At.IsZero():
		return errors.New("it has no time")
	case (w.form.dies() || w.form == recovery) && n.Until.IsZero():
		return errors.New("it does not say until when")
	case w.form == number && (len(n.Code) != 8 || strings.Trim(n.Code, "0123456789") != ""):
		return errors.New("its number is not eight digits")
	case (w.form == link || w.form == elsewhere) && n.Link.Purpose == "" && w.variant != linkless:
		return errors.New("it has no link")
	}
	return nil
}

// variantOf chooses among a kind's sentences.
func variantOf(n nidan.Notice) string {
	if n.Link.Purpose == "" && (n.Kind == nidan.NoticeHasAccount || n.Kind == nidan.NoticeNotMe) {
		return linkless
	}
	return string(n.Method)
}

// linkless is the variant of what usually comes with a link, and this time does
// not.
const linkless = "linkless"

// write puts the blocks in their order. What belongs to one form only is left
// out of the others: a number and a link never stand in one mail, whatever the
// notice has.
func (w *letter) write(support string) {
	w.add(block{Kind: blockLead, Text: w.say("lead")})
	switch w.form {
	case number:
		w.paragraph(w.say("what"), w.sayWith("newest"))
		w.paragraph(w.sayWith("secret"))
		w.facts("asked")
		w.paragraph(w.say("not"))
	case link, elsewhere:
		if w.variant == linkless {
			w.paragraph(w.say("what"))
		} else {
			w.paragraph(w.say("what"), w.sayWith("once"))
			w.link(w.notice.Link)
		}
		w.facts("asked")
		if w.notice.Undo.Purpose != "" {
			w.undo(w.say("not"))
		} else {
			w.paragraph(w.say("not"))
		}
	default:
		if w.form == recovery {
			w.facts("asked") // it may be told days later
		} else {
			w.facts("when")
		}
		w.paragraph(w.say("what"), w.backupCodes())
		w.paragraph(w.first("was", "was_you"))
		if w.notice.Link.Purpose != "" {
			w.link(w.notice.Link)
		}
		w.notYou()
	}
	w.footer(support)
	if w.form == number {
		w.add(block{Kind: blockBound, Text: "@" + w.base.host + " #" + w.notice.Code})
	}
}

// notYou says what to do about a notice that its reader did not cause.
func (w *letter) notYou() {
	switch {
	case w.form == final:
		w.paragraph(w.say("help"))
	case w.notice.Undo.Purpose != "":
		w.undo(w.first("not", "not"))
	case w.form == recovery:
		w.paragraph(w.say("not"), w.sayWith("recovery.help"))
	default:
		w.paragraph(w.first("not", "not"), w.sayWith("not_you"))
	}
}

// undo says why there is a way back, what its page does, and where it is.
func (w *letter) undo(why string) {
	does := "undo." + string(w.notice.Undo.Purpose)
	w.paragraph(why, w.sayWith(does))
	w.link(w.notice.Undo)
	if w.notice.Undo.Purpose == nidan.TicketCancel {
		w.paragraph(w.sayWith(does + ".then"))
	}
}

// backupCodes says what to do about how many backup codes are left.
func (w *letter) backupCodes() string {
	switch {
	case w.notice.Kind != nidan.NoticeBackupUsed || w.notice.Count > few:
		return ""
	case w.notice.Count == 0:
		return w.say("none")
	}
	return w.say("few")
}

// facts says when it was, from where, and what it was about.
func (w *letter) facts(when string) {
	w.fact(w.sayWith(when), w.language.Moment(w.notice.At))
	if from := w.origin(); from != "" {
		w.fact(w.sayWith("from"), from)
	}
	if label := w.optional("item"); label != "" {
		// It comes masked, and the mask is no part of an address.
		if err := checkAddress(strings.Replace(w.notice.Item, masked, "x", 1)); err != nil {
			w.fail(err)
		}
		w.fact(label, w.notice.Item)
	}
}

// unaccounted are messages about no account of their reader's, or none that its
// name may be told of.
var unaccounted = map[nidan.NoticeKind]bool{nidan.NoticeInvite: true, nidan.NoticeRegister: true, nidan.NoticeHasAccount: true}

// footer says whom the mail is for, and whom to ask instead of answering it.
func (w *letter) footer(support string) {
	to, account := w.notice.To, w.notice.Name
	switch {
	case checkAddress(account) != nil, unaccounted[w.notice.Kind]:
		w.small(w.sayWith("footer.to", "to", to))
	case account == to:
		w.small(w.sayWith("footer.same", "to", to))
	default:
		w.small(w.sayWith("footer.to", "to", to))
		if w.form == elsewhere { // whoever reads this may not know the account
			account = nidan.Mask(account)
		}
		w.small(w.sayWith("footer.account", "account", account))
	}
	if w.notice.Kept != "" {
		w.small(w.sayWith("footer.service"))
	}
	w.small(w.sayWith("footer.sender"))
	switch {
	case support == "":
	case w.form == number && isURL(support): // a number and a link never stand in one mail
	case isURL(support):
		w.small(w.sayWith("footer.help.link"))
		w.small(support)
	default:
		w.small(w.sayWith("footer.help", "support", support))
	}
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != ""
}

func (w *letter) add(b block) { w.blocks = append(w.blocks, b) }

// paragraph puts sentences in one paragraph, leaving out empty ones.
func (w *letter) paragraph(texts ...string) {
	between := " "
	if w.language.Tag() == "ja" {
		between = ""
	}
	var said []string
	for _, t := range texts {
		if t != "" {
			said = append(said, t)
		}
	}
	if len(said) > 0 {
		w.add(block{Kind: blockText, Text: strings.Join(said, between)})
	}
}

func (w *letter) fact(label, value string) {
	w.add(block{Kind: blockFact, Text: w.sayWith("fact", "label", label, "value", value), Label: label, Value: value})
}

func (w *letter) small(text string) { w.add(block{Kind: blockSmall, Text: text}) }

func (w *letter) link(l nidan.MailedLink) {
	to, err := w.base.link(l)
	if err != nil {
		w.fail(err)
		return
	}
	w.add(block{
		Kind: blockLink, URL: to,
		Label: w.sayWith("button." + paths[l.Purpose]), Value: w.sayWith("host", "host", w.base.host),
	})
}

func (w *letter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// first says the kind's own sentence, or the common one.
func (w *letter) first(part, common string) string {
	if s := w.optional(part); s != "" {
		return s
	}
	return w.sayWith(common)
}

// optional says the kind's sentence for a part, if it has one.
func (w *letter) optional(part string) string {
	if _, ok := w.language.Sentence(w.key(part)); !ok {
		return ""
	}
	return w.say(part)
}

// key is where the kind's sentence for a part stands: that of the variant, if
// it has one of its own.
func (w *letter) key(part string) string {
	key := string(w.notice.Kind) + "." + part
	if of := key + "." + w.variant; w.variant != "" {
		if _, ok := w.language.Sentence(of); ok {
			key = of
		}
	}
	return w.kept(key)
}

// kept is where a sentence stands for the account at hand: where a product keeps
// it, that of such accounts, if there is one.
func (w *letter) kept(key string) string {
	if _, ok := w.language.Sentence(key + ".kept"); ok && w.notice.Kept != "" {
		return key + ".kept"
	}
	return key
}

// say says the kind's sentence for a part, with those facts of the notice that
// it has places for.
func (w *letter) say(part string) string {
	key := w.key(part)
	s, _ := w.language.Sentence(key)
	n := w.notice
	facts := map[string]any{"n": n.Count, "code": n.Code, "until": w.until()}
	if n.Item != "" && strings.Trim(n.Item, "0123456789") == "" {
		facts["item"] = n.Item
	}
	places := append(catalogue.Places(s.Other), "n")
	var args []any
	for name, v := range facts {
		if slices.Contains(places, name) {
			args = append(args, name, v)
		}
	}
	return w.sayWith(key, args...)
}

// sayWith says a sentence with the values given.
func (w *letter) sayWith(key string, args ...any) string {
	text, err := w.language.Text(w.kept(key), args...)
	if err != nil {
		w.fail(err)
	}
	return text
}

// until is a time of day where it is near, and a date where it is not.
func (w *letter) until() any {
	n := w.notice
	if w.form != recovery && n.Until.Sub(n.At) <= 12*time.Hour {
		return catalogue.Clock(n.Until)
	}
	return n.Until
}
