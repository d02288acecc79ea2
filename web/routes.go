package web

// table is the only place where routes are declared.
func table() []Route {
	return []Route{
		{"GET", "/{$}", Anonymous, anonymous(home)},
		{"GET", "/static/{file...}", Anonymous, anonymous(static)},

		{"GET", "/login", Anonymous, anonymous(showLogin)},
		{"POST", "/login", Anonymous, anonymous(postLogin)},
		{"GET", "/login/second", PendingSignIn, withPending(showSecond)},
		{"POST", "/login/second", PendingSignIn, withPending(postSecond)},
		{"GET", "/login/lost", PendingSignIn, withPending(showLost)},
		{"GET", "/forgot", Anonymous, anonymous(showForgot)},
		{"GET", "/help", Anonymous, anonymous(showHelp)},
		{"GET", "/help/{entry}", Anonymous, anonymous(showHelpAnswer)},
		{"POST", "/language", Anonymous, anonymous(postLanguage)},
		{"POST", "/logout", AnySession, withSession(postLogout)},

		{"GET", "/invite/{ticket}", Anonymous, anonymous(invite.show)},
		{"POST", "/invite/{ticket}", Anonymous, anonymous(invite.post)},
		{"GET", "/reset/{ticket}", Anonymous, anonymous(reset.show)},
		{"POST", "/reset/{ticket}", Anonymous, anonymous(reset.post)},
		{"GET", "/browser/{ticket}", Anonymous, anonymous(knowBrowser.show)},
		{"POST", "/browser/{ticket}", Anonymous, anonymous(knowBrowser.post)},

		{"GET", "/security", AnySession, withSession(showSecurity)},
		{"POST", "/security/sessions/end", AnySession, withSession(postEndSession)},
		{"POST", "/security/sessions/end-all", AnySession, withSession(postEndAll)},

		{"GET", "/security/on", AnySession, withSession(showOn)},
		{"POST", "/security/on", AnySession, withSession(postOn)},
		{"GET", "/security/on/scan", AnySession, withSession(showScan)},
		{"POST", "/security/on/scan", AnySession, withSession(postScan)},
		{"GET", "/security/on/codes", AnySession, withSession(setUpCodes.show)},
		{"POST", "/security/on/codes", AnySession, withSession(setUpCodes.post)},
		{"GET", "/security/on/codes/file", AnySession, withSession(setUpCodes.file)},
		{"GET", "/security/on/done", AnySession, withSession(showOnDone)},

		{"GET", "/security/codes", AnySession, withSession(showReissue)},
		{"POST", "/security/codes", AnySession, withSession(postReissue)},
		{"GET", "/security/codes/new", AnySession, withSession(newCodes.show)},
		{"POST", "/security/codes/new", AnySession, withSession(newCodes.post)},
		{"GET", "/security/codes/new/file", AnySession, withSession(newCodes.file)},
		{"GET", "/security/codes/done", AnySession, withSession(showReissueDone)},

		{"GET", "/security/code", AnySession, withSession(oneCode.show)},
		{"POST", "/security/code", AnySession, withSession(oneCode.post)},
		{"GET", "/security/code/file", AnySession, withSession(oneCode.file)},

		{"GET", "/security/off", AnySession, withSession(showOff)},
		{"POST", "/security/off", AnySession, withSession(postOff)},
		{"GET", "/security/off/done", AnySession, withSession(showOffDone)},
	}
}
