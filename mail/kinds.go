package mail

import (
	"time"

	"github.com/nidan-auth/nidan"
)

// A form is how a kind of message is built.
type form int

const (
	told      form = iota + 1 // what was done, or tried, with an account
	number                    // a number until a time
	link                      // a link until a time
	recovery                  // told, with a time at which something begins or ends
	elsewhere                 // a link, to an address that nobody has shown to be theirs yet
	final                     // told, where "it wasn't me" would do nothing more
)

// forms is every kind of message. Its sentences stand in locale/ under its name:
//
//	NAME.subject  what the subject line says, after the brand
//	NAME.lead     the first line: the fact, the number or the time
//	NAME.item     what Item is, where it is an address
//	NAME.what     what it means, and what to do
//	NAME.was      to do if it was you; without it: nothing
//	NAME.not      what it means if it was not you
//	NAME.help     to do if it was not you, where the notice has no link for it
//
// Each may have a variant for one method, NAME.lead.totp, or for when it comes
// without its link, NAME.lead.linkless; and each of these, and of the common
// sentences, one for an account that a product keeps, NAME.lead.kept. {service}
// is where the account is: at that product, or with us.
var forms = map[nidan.NoticeKind]form{
	nidan.NoticeOn:              told,
	nidan.NoticeOff:             told,
	nidan.NoticeAdded:           told,
	nidan.NoticeReplaced:        told,
	nidan.NoticeRemoved:         told,
	nidan.NoticeBackupUsed:      told,
	nidan.NoticeCodesIssued:     told,
	nidan.NoticeCodeReplaced:    told,
	nidan.NoticeStranger:        told,
	nidan.NoticePasswordStopped: told,
	nidan.NoticeDisabled:        told,
	nidan.NoticePasswordReset:   told,
	nidan.NoticePasswordChanged: told,
	nidan.NoticeAddressAsked:    told,
	nidan.NoticeAddressChanged:  told,
	nidan.NoticeSecondAdded:     told,
	nidan.NoticeSecondRecovers:  told,
	nidan.NoticeSecondRemoved:   told,
	nidan.NoticeNotMe:           final,
	nidan.NoticeRecoveryStarted: recovery,
	nidan.NoticeRecoveryHalf:    recovery,
	nidan.NoticeRecoveryReady:   recovery,
	nidan.NoticeRecoveryGone:    told,
	nidan.NoticeRecovered:       told,
	nidan.NoticeDeleted:         final,

	nidan.NoticeSignInCode:  number,
	nidan.NoticeConfirmCode: number,
	nidan.NoticeSetUpCode:   number,
	nidan.NoticeAddressCode: number,

	nidan.NoticeInvite:       link,
	nidan.NoticeRegister:     link,
	nidan.NoticeHasAccount:   link,
	nidan.NoticeResetLink:    link,
	nidan.NoticeBrowserLink:  link,
	nidan.NoticeAddressLink:  elsewhere,
	nidan.NoticeSecondLink:   elsewhere,
	nidan.NoticeRecoveryLink: link,
}

// dies reports whether a message is worth nothing once its time is over.
func (f form) dies() bool { return f == number || f == link || f == elsewhere }

// deadAt reports whether what a message was for has run out.
func deadAt(n nidan.Notice, now time.Time) bool {
	return (n.Code != "" || n.Link.Purpose != "") && !now.Before(n.Until)
}

// few is how many backup codes are worth a reminder (DESIGN §5).
const few = 3
