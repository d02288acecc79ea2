package web

import (
	"net/http"
	"time"

	"github.com/nidan-auth/nidan"
)

// An asking is a page on which anybody asks for a link by mail. What it answers
// is one page, the same for every address (SECURITY P1): it stands at an address
// of its own and knows nothing of the request.
type asking struct {
	purpose nidan.TicketPurpose
	needs   Feature
	at      string
	page    string
	without string // the page where it is not offered; empty: there is none
}

var (
	forgot   = asking{nidan.TicketReset, FeatureReset, "/forgot", "forgotmail", "forgot"}
	register = asking{nidan.TicketRegister, FeatureRegistration, "/register", "register", ""}
	meet     = asking{nidan.TicketBrowser, FeatureMail, "/browser", "meet", "forgot"}
)

// An askView is a form with one field, the address, and the page that follows
// it.
type askView struct {
	At    string
	Login field
	Hours int // of the wait without a second step, where the mailbox is all there is
}

func (a asking) show(v *visit) error {
	if !v.offers(a.needs) {
		return a.absent(v)
	}
	return v.show(http.StatusOK, a.page, a.view(field{Focus: true}))
}

func (a asking) post(v *visit) error {
	if !v.offers(a.needs) {
		return a.absent(v)
	}
	login := v.form.text("login")
	out, err := v.p.svc.AskLink(v.r.Context(), a.purpose, login, v.from())
	if err != nil {
		return err
	}
	why := v.reason(out, "")
	switch out.Reason {
	case nidan.OK:
		return v.to("/sent/" + string(a.purpose))
	case nidan.FirstStepWait:
		why = &message{Key: "ask.wait", Args: wait(out, v.p.svc.Now())}
	}
	return v.refuse(out, a.page, a.view(wrong(why, login)))
}

func (a asking) showSent(v *visit) error {
	if !v.offers(a.needs) {
		return a.absent(v)
	}
	return v.show(http.StatusOK, a.page+"sent", a.view(field{}))
}

func (a asking) view(login field) askView {
	return askView{At: a.at, Login: login, Hours: int(nidan.HoldMailbox / time.Hour)}
}

// absent answers where nothing is mailed: support has the link, or nobody.
func (a asking) absent(v *visit) error {
	if a.without == "" {
		return &fault{status: http.StatusNotFound}
	}
	return v.show(http.StatusOK, a.without, nil)
}

func (v *visit) offers(f Feature) bool {
	there, err := v.locale.offers(f)
	return there && err == nil
}
