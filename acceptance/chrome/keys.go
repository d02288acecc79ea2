package chrome

import (
	"context"
	"errors"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// furthest is how often Tab may have to be pressed to get anywhere on a page.
const furthest = 120

// reached tells where the focus is: on what is aimed at, on another choice of
// the same question, or elsewhere.
const reached = `(() => {
	const at = document.activeElement, aim = globalThis.aim;
	if (at === aim) return "there";
	return at.type === "radio" && aim.type === "radio" && at.name === aim.name ? "beside" : "";
})()`

// reach goes to what was found last: with Tab, and among choices with an arrow.
// The focus has to be seen there.
func (t *Tab) reach(ctx context.Context, tab *chromedp.Target) error {
	for range furthest {
		where, err := chromedp.Evaluate[string](reached)(ctx, tab)
		if err != nil {
			return err
		}
		if where == "there" {
			ring, err := chromedp.Evaluate[string](ring)(ctx, tab)
			if err == nil && ring == "none" {
				err = errors.New("nothing shows that the focus is on it")
			}
			return err
		}
		key := kb.Tab
		if where == "beside" {
			key = kb.ArrowDown
		}
		if _, err := chromedp.KeyEvent(key)(ctx, tab); err != nil {
			return err
		}
	}
	return errors.New("Tab does not get to it")
}

// key goes to a thing and presses the key that a person would.
func (t *Tab) key(th thing) chromedp.Action[chromedp.Void] {
	press := chromedp.KeyEvent(kb.Enter)
	switch th.Type {
	case "":
	case "checkbox":
		press = chromedp.KeyEvent(" ")
	default: // a field or a choice: to be there is enough
		return chromedp.Func(t.reach)
	}
	return chromedp.Steps(chromedp.Func(t.reach), press)
}
