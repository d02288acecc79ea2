package nidan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/method/mailcode"
	"github.com/nidan-auth/nidan/method/totp"
)

// A part is a group of commands. Every seed is explored with the commands of
// its own parts and the common ones; random sequences take all of them.
type part int

// The parts.
const (
	common  part = iota
	gates        // first steps, sign-ins, budgets, the operator
	setUp        // set-up, codes, turning off
	numbers      // the e-mail code
	several      // several authenticators, remembered browsers
	lost         // resets, recovery, "it wasn't me"
	account      // password, addresses, deletion, registration
	parts
)

// moves is every command of the small world, by everyone who can give it.
func moves() []move {
	in := func(list []move, parts ...part) []move {
		for i := range list {
			list[i].parts = parts
		}
		return list
	}
	return slices.Concat(
		in(commonMoves(), common),
		in(gateMoves(), gates), in(setUpMoves(), setUp), in(numberMoves(), numbers),
		in(severalMoves(), several), in(lostMoves(), lost), in(accountMoves(), account),
		in(wizardMoves(), setUp, numbers, several),
		in(mailMoves(), numbers, several, lost),
		in(operatorMoves(), gates, account),
		in([]move{
			{name: "wait 25 h", do: wait(25 * time.Hour)},
			{name: "anybody: asks for a reset", do: askLink(away, nidan.TicketReset, herself)},
			{name: "mailbox: resets", do: useMail(away, mailReset, false)},
			{name: "mailbox: it wasn't me", do: useMail(away, mailNotMe, false)},
		}, numbers, lost, account),
		in([]move{
			{name: "away: code of an app that is gone", do: takeSecondStep(away, goneApp)},
			{name: "home: turns it off", do: turnOff(home, true, anyWay)},
			{name: "home: removes the app", do: remove(home, wayApp, anyWay)},
			{name: "home: logs out everywhere", do: logOutEverywhere(home)},
		}, several, lost),
		in([]move{
			{name: "home: changes the password", do: changePassword(home, true, "a new password of alice", "", anyWay)},
			{name: "home: starts a recovery", do: startRecovery(home)},
		}, account, lost),
		in([]move{
			{name: "operator: unfreezes alice", do: unfreeze},
			{name: "home: posts from another tab", do: otherTab(home)},
		}, gates, setUp, lost),
	)
}

// wizardMoves are the steps that every wizard of a session has.
func wizardMoves() []move {
	return []move{
		{name: "home: confirms", do: confirm(home, 0)},
		{name: "home: confirms the number", do: confirmNumber(home, mailedCode)},
		{name: "home: completes", do: complete(home, nidan.TicketSetUp, true)},
	}
}

// mailMoves are sign-ins by the e-mail code.
func mailMoves() []move {
	return []move{
		{name: "home: number", do: takeSecondStep(home, mailedCode)},
		{name: "home: sends again", do: sendCode(home)},
		{name: "away: number", do: takeSecondStep(away, mailedCode)},
		{name: "away: sends again", do: sendCode(away)},
	}
}

func operatorMoves() []move {
	return []move{
		{name: "operator: reset link", do: printLink(nidan.TicketReset, herself)},
		{name: "operator: invitation for alice", do: printLink(nidan.TicketInvite, herself)},
		{name: "operator: logs alice out", do: operatorLogOut},
		{name: "home: uses the link, new password", do: useLink(home, "another long password")},
	}
}

func commonMoves() []move {
	return []move{
		{name: "wait 30 s", do: wait(30 * time.Second)},
		{name: "wait 6 min", do: wait(6 * time.Minute)},
		{name: "wait 61 min", do: wait(61 * time.Minute)},
		{name: "home: password", do: signIn(home, alice, true)},
		{name: "home: code", do: takeSecondStep(home, appCode(0))},
		{name: "home: backup code", do: takeSecondStep(home, backupCode(liveCodes, true))},
		{name: "home: logs out", do: logOut(home)},
		{name: "home: looks", do: look(home)},
		{name: "away: password", do: signIn(away, alice, true)},
		{name: "away: code", do: takeSecondStep(away, appCode(0))},
		{name: "away: looks", do: look(away)},
	}
}

func gateMoves() []move {
	m := []move{
		{name: "operator: browser link", do: printLink(nidan.TicketBrowser, herself)},
		{name: "operator: invitation", do: printLink(nidan.TicketInvite, called("carol@example.com"))},
		{name: "operator: link for nobody", do: printLink(nidan.TicketReset, called("nobody@example.com"))},
		{name: "operator: link for no address", do: printLink(nidan.TicketReset, called(noAddress))},
		{name: "anybody: tokens swapped", do: swapTokens},
		{name: "away: uses the link, same password", do: useLink(away, "alice has a long one")},
		{name: "away: uses the link, short", do: useLink(away, "short")},
		{name: "away: uses the link, common", do: useLink(away, "common")},
		{name: "away: uses the link, simple", do: useLink(away, "simple")},
		{name: "away: uses the link, personal", do: useLink(away, "personal "+names[alice])},
		{name: "away: uses the link, endless", do: useLink(away, strings.Repeat("long ", 60))},
		{name: "away: uses the link, no text", do: useLink(away, "not \x00 text")},
		{name: "away: bob's password", do: signIn(away, bob, true)},
	}
	for b, who := range []string{"home", "away"} {
		m = append(m,
			move{name: who + ": wrong password", do: signIn(b, alice, false)},
			move{name: who + ": code just before", do: takeSecondStep(b, appCode(-1))},
			move{name: who + ": used code", do: takeSecondStep(b, lastTaken)},
			move{name: who + ": wrong code", do: takeSecondStep(b, wrongCode)},
			move{name: who + ": wrong backup code", do: takeSecondStep(b, wrongBackup)},
		)
	}
	return append(m,
		move{name: "away: backup code", do: takeSecondStep(away, backupCode(liveCodes, true))},
		move{name: "away: logs out", do: logOut(away)},
		move{name: "away: code run out", do: takeSecondStep(away, appCode(-2))},
		move{name: "away: code of 4 minutes ago", do: takeSecondStep(away, appCode(-8))},
		move{name: "away: code of the future", do: takeSecondStep(away, appCode(2))},
		move{name: "away: a way there is not", do: takeSecondStep(away, noWay)},
		move{name: "away: nonsense", do: takeSecondStep(away, malformed)},
		move{name: "away: used backup code", do: takeSecondStep(away, backupCode(spentCodes, false))},
		move{name: "away: replaced backup code", do: takeSecondStep(away, backupCode(replacedCodes, false))},
		move{name: "away: bob's code", do: takeSecondStep(away, strangersCode)},
		move{name: "home: loses its known-browser cookie", do: forget(home)},
		move{name: "home: ends the other session", do: endOther(home)},
	)
}

func setUpMoves() []move {
	return []move{
		{name: "home: begins set-up", do: beginSetUp(home, totp.Name, "")},
		{name: "home: begins set-up with the password", do: beginSetUp(home, totp.Name, "right")},
		{name: "home: begins set-up with a wrong password", do: beginSetUp(home, totp.Name, "wrong")},
		{name: "home: confirms a late code", do: confirm(home, -2)},
		{name: "home: confirms a wrong code", do: confirm(home, 99)},
		{name: "home: confirms nonsense", do: confirm(home, 98)},
		{name: "home: confirms, clock behind", do: confirm(home, -12)},
		{name: "home: confirms, clock ahead", do: confirm(home, 12)},
		{name: "home: completes without saving", do: complete(home, nidan.TicketSetUp, false)},
		{name: "away: begins set-up", do: beginSetUp(away, totp.Name, "right")},
		{name: "away: confirms", do: confirm(away, 0)},
		{name: "away: completes", do: complete(away, nidan.TicketSetUp, true)},
		{name: "home: reissues", do: reissue(home, true, appCode(0))},
		{name: "home: reissues by a backup code", do: reissue(home, true, backupCode(liveCodes, true))},
		{name: "away: reissues, wrong code", do: reissue(away, true, wrongCode)},
		{name: "home: completes the reissue", do: complete(home, nidan.TicketReissue, true)},
		{name: "home: completes the replacement", do: complete(home, nidan.TicketRenew, true)},
		{name: "home: turns off", do: turnOff(home, true, appCode(0))},
		{name: "home: turns off, wrong password", do: turnOff(home, false, appCode(0))},
		{name: "home: turns off, wrong code", do: turnOff(home, true, wrongCode)},
		{name: "home: turns off, used code", do: turnOff(home, true, lastTaken)},
		{name: "away: turns off", do: turnOff(away, true, appCode(0))},
	}
}

func numberMoves() []move {
	m := []move{
		{name: "home: begins set-up by mail", do: beginSetUp(home, mailcode.Name, "right")},
		{name: "away: begins set-up by mail", do: beginSetUp(away, mailcode.Name, "right")},
		{name: "home: set-up: sends again", do: sendSetUpCode(home)},
		{name: "home: set-up: older number", do: confirmNumber(home, olderCode)},
		{name: "home: set-up: another's number", do: confirmNumber(home, anothersCode)},
		{name: "home: set-up: wrong number", do: confirmNumber(home, wrongNumber)},
		{name: "home: set-up: nonsense", do: confirmNumber(home, malformedNumber)},
		{name: "home: asks for a number here", do: sendHere(home)},
		{name: "home: turns off by a number", do: turnOff(home, true, mailedCode)},
		{name: "home: turns off by another's number", do: turnOff(home, true, anothersCode)},
		{name: "home: turns off by an older number", do: turnOff(home, true, olderCode)},
		{name: "away: asks for a number here", do: sendHere(away)},
		{name: "away: wrong password here", do: turnOff(away, false, mailedCode)},
		{name: "away: wrong number here", do: reissue(away, true, wrongNumber)},
	}
	for b, who := range []string{"home", "away"} {
		m = append(m,
			move{name: who + ": older number", do: takeSecondStep(b, olderCode)},
			move{name: who + ": another's number", do: takeSecondStep(b, anothersCode)},
			move{name: who + ": used number", do: takeSecondStep(b, usedCode)},
			move{name: who + ": wrong number", do: takeSecondStep(b, wrongNumber)},
		)
	}
	return append(m,
		move{name: "away: nonsense for a number", do: takeSecondStep(away, malformedNumber)},
	)
}

func severalMoves() []move {
	return []move{
		{name: "wait 31 days", do: wait(31 * 24 * time.Hour)},
		{name: "home: adds an app", do: add(home, totp.Name, wayNone, true, anyWay)},
		{name: "home: adds an app, wrong code", do: add(home, totp.Name, wayNone, true, wrongCode)},
		{name: "home: adds the e-mail code", do: add(home, mailcode.Name, wayNone, true, anyWay)},
		{name: "home: replaces the app", do: add(home, totp.Name, wayApp, true, anyWay)},
		{name: "home: replaces the app by the e-mail code", do: add(home, mailcode.Name, wayApp, true, anyWay)},
		{name: "home: replaces the e-mail code", do: add(home, totp.Name, wayMail, true, anyWay)},
		{name: "home: adds with a backup code", do: add(home, totp.Name, wayNone, true, backupCode(liveCodes, true))},
		{name: "away: adds an app", do: add(away, totp.Name, wayNone, true, anyWay)},
		{name: "away: adds without the password", do: add(away, totp.Name, wayNone, false, anyWay)},
		{name: "home: removes the app by the new one", do: remove(home, wayApp, newAppCode(0))},
		{name: "home: removes the e-mail code", do: remove(home, wayMail, anyWay)},
		{name: "home: removes the codes", do: remove(home, wayCode, anyWay)},
		{name: "home: removes the app, wrong code", do: remove(home, wayApp, wrongCode)},
		{name: "home: asks the e-mail code first", do: setFirst(home, wayMail)},
		{name: "home: asks the new app first", do: setFirst(home, wayNewApp)},
		{name: "home: names the app", do: rename(home, "work phone")},
		{name: "home: names the app at length", do: rename(home, strings.Repeat("phone ", 8))},
		{name: "home: shows the clock", do: resync(home, "right", -1, 0)},
		{name: "home: shows a clock a minute behind", do: resync(home, "", -3, -2)},
		{name: "home: shows a clock far behind", do: resync(home, "right", -10, -9)},
		{name: "home: shows a clock far ahead", do: resync(home, "right", 8, 9)},
		{name: "away: shows no clock", do: resync(away, "right", -1, 1)},
		{name: "away: shows the clock, wrong password", do: resync(away, "wrong", -1, 0)},
		{name: "home: code of the new app", do: takeSecondStep(home, newAppCode(0))},
		{name: "home: code, and remembers", do: secondStep(home, appCode(0), true)},
		{name: "away: number, and remembers", do: secondStep(away, mailedCode, true)},
		{name: "home: bob's password", do: signIn(home, bob, true)},
		{name: "away: as home's remembered browser", do: signInAsRemembered(away, alice, home)},
		{name: "away: as home's remembered browser, bob's password", do: signInAsRemembered(away, bob, home)},
		{name: "home: forgets browsers", do: forgetBrowsers(home)},
	}
}

func lostMoves() []move {
	return []move{
		{name: "wait 13 h", do: wait(13 * time.Hour)},
		{name: "wait 80 h", do: wait(80 * time.Hour)},
		{name: "wait 8 days", do: wait(8 * 24 * time.Hour)},
		{name: "the mail server takes what is due", do: postman},
		{name: "the program starts again", do: restart},
		{name: "away: starts a recovery", do: startRecovery(away)},
		{name: "away: asks for the recovery link", do: mailRecoveryLink(away, false)},
		{name: "home: asks for the recovery link", do: mailRecoveryLink(home, true)},
		{name: "home: opens the recovery", do: beginBinding(home, true, false)},
		{name: "home: opens the recovery by the older link", do: beginBinding(home, true, true)},
		{name: "away: opens the recovery", do: beginBinding(away, true, false)},
		{name: "away: opens the recovery, wrong password", do: beginBinding(away, false, false)},
		{name: "home: recovery: an app", do: bindWith(home, totp.Name)},
		{name: "home: recovery: the e-mail code", do: bindWith(home, mailcode.Name)},
		{name: "away: recovery: an app", do: bindWith(away, totp.Name)},
		{name: "home: recovery: code", do: confirmBinding(home, 0)},
		{name: "home: recovery: wrong code", do: confirmBinding(home, 99)},
		{name: "home: recovery: number", do: confirmBindingNumber(home, mailedCode)},
		{name: "home: recovery: older number", do: confirmBindingNumber(home, olderCode)},
		{name: "home: recovery: wrong number", do: confirmBindingNumber(home, wrongNumber)},
		{name: "home: recovery: sends again", do: sendBinding(home)},
		{name: "home: recovery: completes", do: completeBinding(home, true)},
		{name: "home: recovery: completes without saving", do: completeBinding(home, false)},
		{name: "home: cancels the recovery", do: cancelHere(home)},
		{name: "mailbox: cancels the recovery", do: useMail(away, mailCancel, false)},
		{name: "mailbox: cancels an older recovery", do: useMail(away, mailCancel, true)},
		{name: "home: it wasn't me", do: notMe(home)},
		{name: "mailbox: it wasn't me, older", do: useMail(away, mailNotMe, true)},
		{name: "mailbox: uses an older reset", do: useMail(away, mailReset, true)},
	}
}

func accountMoves() []move {
	return []move{
		{name: "home: changes the password, old one wrong", do: changePassword(home, false, "a new password of alice", "", anyWay)},
		{name: "home: changes the password, without a code", do: changePassword(home, true, "a new password of alice", "", wrongCode)},
		{name: "home: changes the password to a short one", do: changePassword(home, true, "short", nidan.PasswordShort, anyWay)},
		{name: "away: changes the password", do: changePassword(away, true, "alice has another one", "", anyWay)},
		{name: "home: asks to move", do: askAddress(home, other, anyWay)},
		{name: "home: asks to move to bob's address", do: askAddress(home, called(names[bob]), anyWay)},
		{name: "home: asks to move where she is", do: askAddress(home, herself, anyWay)},
		{name: "home: asks to move to the second address", do: askAddress(home, called(spare), anyWay)},
		{name: "away: asks to move, wrong code", do: askAddress(away, other, wrongCode)},
		{name: "new mailbox: moves", do: useMail(away, mailAddress, false)},
		{name: "new mailbox: moves by an older link", do: useMail(away, mailAddress, true)},
		{name: "home: asks for a second address", do: askSecond(home, spare, true, anyWay)},
		{name: "home: asks for another second address", do: askSecond(home, "third@example.com", false, anyWay)},
		{name: "second mailbox: accepts", do: useMail(away, mailSecond, false)},
		{name: "second mailbox: accepts an older link", do: useMail(away, mailSecond, true)},
		{name: "home: removes the second address", do: removeSecond(home, anyWay)},
		{name: "home: deletes the account", do: deleteAccount(home, true, anyWay)},
		{name: "home: deletes the account, wrong code", do: deleteAccount(home, true, wrongCode)},
		{name: "home: deletes the account, wrong password", do: deleteAccount(home, false, anyWay)},
		{name: "home: speaks Korean", do: language(home, "ko")},
		{name: "anybody: registers alice", do: askLink(away, nidan.TicketRegister, herself)},
		{name: "anybody: registers carol", do: askLink(away, nidan.TicketRegister, called("carol@example.com"))},
		{name: "anybody: registers alice's other address", do: askLink(away, nidan.TicketRegister, other)},
		{name: "mailbox: registers", do: useMail(home, mailRegister, false)},
		{name: "mailbox: registers by an older link", do: useMail(home, mailRegister, true)},
		{name: "anybody: wants a reset for nobody", do: askLink(away, nidan.TicketReset, called("nobody@example.com"))},
		{name: "anybody: wants a reset for no address", do: askLink(away, nidan.TicketReset, called(noAddress))},
		{name: "anybody: wants a browser known", do: askLink(away, nidan.TicketBrowser, herself)},
		{name: "mailbox: makes the browser known", do: useMail(away, mailBrowser, false)},
		{name: "home: old address", do: oldName(home)},
	}
}

// everyReason is what exploration has to meet at least once.
func everyReason() []nidan.Reason {
	return []nidan.Reason{
		nidan.AlreadyOn, nidan.ClockAhead, nidan.ClockBehind, nidan.Disabled, nidan.DoneElsewhere, nidan.Expired,
		nidan.FirstStepWait, nidan.Gone, nidan.LastOne, nidan.LateAnswer, nidan.LinkDead, nidan.MalformedAnswer,
		nidan.NameInvalid, nidan.NameTaken, nidan.NoAccount, nidan.NoCodeSent, nidan.NoRecovery, nidan.NoSuchWay,
		nidan.NotFrozen, nidan.NotProtected, nidan.NotSaved, nidan.OK, nidan.OtherTab, nidan.PasswordCommon,
		nidan.PasswordLong, nidan.PasswordPersonal, nidan.PasswordShort, nidan.PasswordSimple, nidan.PasswordUnreadable,
		nidan.RecoveryWaits, nidan.ReplacedAnswer, nidan.SameMailbox, nidan.SecondStep, nidan.SendWait, nidan.SendsUsedUp,
		nidan.SignInEnded, nidan.StepUp, nidan.UsedAnswer, nidan.Waiting, nidan.WrongAnswer, nidan.WrongFirstStep,
	}
}
