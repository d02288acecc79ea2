package web

import "slices"

// table is the only place where routes are declared. Pages that an application
// has mounted are the common ones: the first step is its own.
func table(mounted bool) []Route {
	if mounted {
		return commonRoutes()
	}
	return slices.Concat(commonRoutes(), ownRoutes(), doorRoutes())
}

// commonRoutes are about the second step of whoever's accounts.
func commonRoutes() []Route {
	return []Route{
		{"GET", "/{$}", Anonymous, anonymous(home)},
		{"GET", "/static/{file...}", Anonymous, anonymous(static)},

		{"GET", "/login/second", PendingSignIn, withPending(showSecond)},
		{"POST", "/login/second", PendingSignIn, withPending(postSecond)},
		{"POST", "/login/second/send", PendingSignIn, withPending(postSend)},
		{"GET", "/login/lost", PendingSignIn, withPending(showLost)},
		{"GET", "/login/recovery", PendingSignIn, withPending(showRecovery)},
		{"POST", "/login/recovery", PendingSignIn, withPending(postRecovery)},
		{"POST", "/login/recovery/link", PendingSignIn, withPending(postRecoveryLink)},
		{"GET", "/help", Anonymous, anonymous(showHelp)},
		{"GET", "/help/{entry}", Anonymous, anonymous(showHelpAnswer)},
		{"POST", "/language", Anonymous, anonymous(postLanguage)},

		{"GET", "/cancel/{ticket}", Anonymous, anonymous(cancelLink.show)},
		{"POST", "/cancel/{ticket}", Anonymous, anonymous(cancelLink.post)},
		{"GET", "/done/cancel", Anonymous, showAfterLink("canceldone")},
		{"GET", "/notme/{ticket}", Anonymous, anonymous(notMeLink.show)},
		{"POST", "/notme/{ticket}", Anonymous, anonymous(notMeLink.post)},
		{"GET", "/done/notme", Anonymous, showAfterLink("notmedone")},

		{"POST", "/back", AnySession, withSession(postBack)},

		{"GET", "/recovery/{ticket}", Anonymous, anonymous(showBind)},
		{"POST", "/recovery/{ticket}", Anonymous, anonymous(postBind)},
		{"GET", "/recover/method", RecoveryTicket, withTicket(showBindMethod)},
		{"POST", "/recover/method", RecoveryTicket, withTicket(postBindMethod)},
		{"GET", "/recover/scan", RecoveryTicket, alone(bindSteps.showScan)},
		{"POST", "/recover/scan", RecoveryTicket, alone(bindSteps.postScan)},
		{"GET", "/recover/mail", RecoveryTicket, alone(bindSteps.showMail)},
		{"POST", "/recover/mail", RecoveryTicket, alone(bindSteps.postMail)},
		{"GET", "/recover/codes", RecoveryTicket, alone(boundCodes.show)},
		{"POST", "/recover/codes", RecoveryTicket, alone(boundCodes.post)},
		{"GET", "/recover/codes/file", RecoveryTicket, alone(boundCodes.file)},
		{"GET", "/recover/done", Anonymous, anonymous(showBindDone)},

		{"GET", "/security", AnySession, withSession(showSecurity)},
		{"POST", "/security/recovery/cancel", AnySession, withSession(cancelRecovery)},
		{"GET", "/security/browsers", AnySession, withSession(showBrowsers)},
		{"POST", "/security/browsers/forget", AnySession, withSession(postForget)},
		{"POST", "/security/sessions/end", AnySession, withSession(postEndSession)},
		{"POST", "/security/sessions/end-all", AnySession, withSession(postEndAll)},
		{"GET", "/security/activity", AnySession, withSession(showActivity)},
		{"GET", "/security/notme", AnySession, withSession(showNotMe)},
		{"POST", "/security/notme", AnySession, withSession(postNotMe)},

		{"GET", "/security/on", AnySession, withSession(showOn)},
		{"POST", "/security/on", AnySession, withSession(postOn)},
		{"GET", scanPath, AnySession, inSession(setUpSteps.showScan)},
		{"POST", scanPath, AnySession, inSession(setUpSteps.postScan)},
		{"GET", onMailPath, AnySession, inSession(setUpSteps.showMail)},
		{"POST", onMailPath, AnySession, inSession(setUpSteps.postMail)},
		{"GET", "/security/on/codes", AnySession, inSession(setUpCodes.show)},
		{"POST", "/security/on/codes", AnySession, inSession(setUpCodes.post)},
		{"GET", "/security/on/codes/file", AnySession, inSession(setUpCodes.file)},
		{"GET", "/security/on/done", AnySession, withSession(showOnDone)},

		{"GET", "/security/methods", AnySession, withSession(showMethods)},
		{"GET", "/security/methods/{id}/name", AnySession, withSession(showRename)},
		{"POST", "/security/methods/{id}/name", AnySession, withSession(postRename)},
		{"POST", "/security/methods/{id}/first", AnySession, withSession(postFirst)},
		{"GET", "/security/methods/{id}/remove", AnySession, withSession(removeMethod.show)},
		{"POST", "/security/methods/{id}/remove", AnySession, withSession(removeMethod.post)},
		{"GET", "/security/methods/{id}/replace/{method}", AnySession, withSession(replaceMethod.show)},
		{"POST", "/security/methods/{id}/replace/{method}", AnySession, withSession(replaceMethod.post)},
		{"GET", addPath, AnySession, withSession(showAdd)},
		{"GET", addPath + "/{method}", AnySession, withSession(addMethod.show)},
		{"POST", addPath + "/{method}", AnySession, withSession(addMethod.post)},
		{"GET", "/security/methods/added", AnySession, showChanged(false)},
		{"GET", "/security/methods/replaced", AnySession, showChanged(true)},
		{"GET", resyncPath, AnySession, withSession(showResync)},
		{"POST", resyncPath, AnySession, withSession(postResync)},

		{"GET", "/security/codes", AnySession, withSession(beginReissue.show)},
		{"POST", "/security/codes", AnySession, withSession(beginReissue.post)},
		{"GET", "/security/codes/new", AnySession, inSession(newCodes.show)},
		{"POST", "/security/codes/new", AnySession, inSession(newCodes.post)},
		{"GET", "/security/codes/new/file", AnySession, inSession(newCodes.file)},
		{"GET", "/security/codes/done", AnySession, withSession(showReissueDone)},

		{"GET", "/security/code", AnySession, inSession(oneCode.show)},
		{"POST", "/security/code", AnySession, inSession(oneCode.post)},
		{"GET", "/security/code/file", AnySession, inSession(oneCode.file)},

		{"GET", offPath, AnySession, withSession(turnOff.show)},
		{"POST", offPath, AnySession, withSession(turnOff.post)},
		{"GET", offPath + "/done", AnySession, withSession(showOffDone)},

		{"GET", "/security/account", AnySession, withSession(showAccount)},
	}
}

// ownRoutes are about what an account has only where we keep it: its first step.
func ownRoutes() []Route {
	return []Route{
		{"GET", "/login", Anonymous, anonymous(showLogin)},
		{"POST", "/login", Anonymous, anonymous(postLogin)},
		{"GET", "/forgot", Anonymous, anonymous(forgot.show)},
		{"POST", "/forgot", Anonymous, anonymous(forgot.post)},
		{"GET", "/sent/reset", Anonymous, anonymous(forgot.showSent)},
		{"GET", "/register", Anonymous, anonymous(register.show)},
		{"POST", "/register", Anonymous, anonymous(register.post)},
		{"GET", "/sent/register", Anonymous, anonymous(register.showSent)},
		{"GET", "/browser", Anonymous, anonymous(meet.show)},
		{"POST", "/browser", Anonymous, anonymous(meet.post)},
		{"GET", "/sent/browser", Anonymous, anonymous(meet.showSent)},
		{"POST", "/logout", AnySession, withSession(postLogout)},
		{"GET", "/invite/{ticket}", Anonymous, anonymous(invite.show)},
		{"POST", "/invite/{ticket}", Anonymous, anonymous(invite.post)},
		{"GET", "/reset/{ticket}", Anonymous, anonymous(reset.show)},
		{"POST", "/reset/{ticket}", Anonymous, anonymous(reset.post)},
		{"GET", "/browser/{ticket}", Anonymous, anonymous(knowBrowser.show)},
		{"POST", "/browser/{ticket}", Anonymous, anonymous(knowBrowser.post)},
		{"GET", "/register/{ticket}", Anonymous, anonymous(registered.show)},
		{"POST", "/register/{ticket}", Anonymous, anonymous(registered.post)},
		{"GET", "/address/{ticket}", Anonymous, anonymous(addressLink.show)},
		{"POST", "/address/{ticket}", Anonymous, anonymous(addressLink.post)},
		{"GET", "/second/{ticket}", Anonymous, anonymous(secondLink.show)},
		{"POST", "/second/{ticket}", Anonymous, anonymous(secondLink.post)},
		{"GET", "/done/second", Anonymous, showAfter("addressadded")},
		{"GET", "/security/password", AnySession, own(changePassword.show)},
		{"POST", "/security/password", AnySession, own(changePassword.post)},
		{"GET", "/security/address", AnySession, own(changeAddress.show)},
		{"POST", "/security/address", AnySession, own(changeAddress.post)},
		{"GET", "/security/address/sent", AnySession, own(showLinkSent(false))},
		{"GET", "/security/second", AnySession, own(addSecond.show)},
		{"POST", "/security/second", AnySession, own(addSecond.post)},
		{"GET", "/security/second/sent", AnySession, own(showLinkSent(true))},
		{"GET", "/security/second/remove", AnySession, own(removeSecond.show)},
		{"POST", "/security/second/remove", AnySession, own(removeSecond.post)},
		{"GET", "/security/delete", AnySession, own(deleteAccount.show)},
		{"POST", "/security/delete", AnySession, own(deleteAccount.post)},
		{"GET", deletedPath, Anonymous, showAfter("deleted")},
	}
}

// doorRoutes are where products and proxied hosts lead to.
func doorRoutes() []Route {
	return []Route{
		{"GET", "/step/{ticket}", Anonymous, anonymous(showStep)},
		{"POST", "/step/{ticket}", Anonymous, anonymous(postStep)},
		{"GET", passPath, Anonymous, anonymous(showPass)},
		{"POST", passPath + "/again", AnySession, withSession(postPassAgain)},
	}
}
