// Package mypage walks journey 1: a VPN subscriber's account, in a real
// browser, with other people's authenticators on the other side.
package mypage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nidan-auth/nidan"
)

func TestMyPage(t *testing.T) {
	w := register(t)
	w.logInWithPassword()
	w.chooseMethod()
	w.scanAndConfirm()
	w.saveCodes()
	w.logInWithCode()
	w.logInWithBackupCode()
	w.runLow()
	w.reissue()
	w.turnOff()
}

func (w *walk) logInWithPassword() {
	w.step("1", "log in; the security settings show that it is off")
	w.Go("/")
	w.Expect(hLogIn, "Example VPN", "support@vpn.example")
	w.Has("Forgot the password?")
	w.Fill(address, w.p.Name)
	w.Fill(password, "not the password at all")
	w.Press("Log in")
	w.Refused(hLogIn, "That address or password is not right. Check both, or reset the password. A reset is also needed after many wrong codes.", password)
	if got := w.Field(address); got != w.p.Name {
		w.T.Errorf("the address was cleared to %q", got)
	}
	w.Fill(password, w.p.Password)
	w.Press("Log in")
	w.Expect(hSecurity, w.p.Name, "Two-step verification off", "It takes about 3 minutes.")
	if to := w.Link("My Page"); to != home {
		w.T.Errorf("My Page leads to %q", to)
	}
	w.Press("Security settings") // the menu
	w.Expect(hSecurity)
	w.told()
}

func (w *walk) chooseMethod() {
	w.step("2", "choose a method; it says what it needs")
	w.Press("Turn on")
	w.Expect(hChoose, "Nothing is changed until the last step.",
		"You need An app that shows codes: any authenticator app on a phone, a password manager, or a program on the computer.",
		"At log-in After your password you enter the 6 digits that the app shows.")
	w.Tick("Authenticator app right for most")
	w.Press("Get started")
	w.Expect(hScan)
}

func (w *walk) scanAndConfirm() {
	w.step("3", "scan the QR code, or take the key by hand; enter the code")
	w.app = w.Scan()
	if w.app.Issuer != "Example VPN" || w.app.Account != w.p.Name {
		w.T.Errorf("the entry in the app is called %q, %q", w.app.Issuer, w.app.Account)
	}
	groups := w.List("key")
	if len(groups) != 8 || slices.ContainsFunc(groups, func(g string) bool { return len(g) != 4 }) || strings.Join(groups, "") != w.app.Key {
		w.T.Errorf("the key to type is %q, not the one in the QR code", groups)
	}
	w.Sees("Name in the app: Example VPN, "+w.p.Name, "Kind: time-based, 6 digits")
	w.AwaitAfter(func() { w.Touch("Copy the key") }, "Copied")
	if w.Clipboard() != w.app.Key {
		w.T.Error("what was copied is not the key")
	}
	if w.Link("Open the app on this device") != w.app.URI {
		w.T.Error("the link does not hold what the QR code holds")
	}
	issuer, account, second := w.app.Second()
	if issuer != "Example VPN" || account != w.p.Name || second != w.app.Code() {
		w.T.Errorf("a second authenticator shows %q, %q and not the same code", issuer, account)
	}

	w.unchanged(func() {
		w.Fill(digits, w.app.Wrong())
		w.Press("Continue")
		w.Refused(hScan, "That code did not match. Enter the code of the entry that you have just added.", digits)
		if w.Field(digits) != "" {
			w.T.Error("the field still holds the wrong code")
		}
		w.Top()
		if w.Scan().Key != w.app.Key {
			w.T.Error("the key changed after a wrong code")
		}
		w.Fill(digits, "12345")
		w.Press("Continue")
		w.Refused(hScan, "A code from the app has 6 digits. Enter the one it shows now.", digits)
		w.Paste(digits, "Your code is "+w.app.Code()[:3]+" "+w.app.Code()[3:])
		w.Press("Continue")
		w.Expect(hCodes)
	})
}

func (w *walk) saveCodes() {
	w.step("5", "save the backup codes: copy, download, print; complete")
	w.codes = w.sheet()
	if len(w.codes) != 10 {
		w.T.Fatalf("%d backup codes", len(w.codes))
	}
	for i, c := range w.codes {
		if !strings.HasPrefix(c, fmt.Sprintf("%02d-", i+1)) {
			w.T.Errorf("code %d is numbered %s", i+1, c[:3])
		}
	}
	facts := []string{"Example VPN", w.p.Name, "Issued 22 November 2026 · 10 codes"}
	w.Sees(append(facts, "They get you in without your phone. Each works once. After “Complete” they are not shown again.")...)
	w.unchanged(func() {
		w.AwaitAfter(func() { w.Touch("Copy") }, "Copied")
		if got := w.Clipboard(); got != strings.Join(w.codes, "\n") {
			w.T.Error("what was copied is not the codes")
		}
		file := w.Download("Download")
		for _, s := range append(slices.Clone(w.codes), facts[:2]...) {
			if strings.Count(file, s) == 0 {
				w.T.Errorf("the file lacks %s", s)
			}
		}
		if got := code10.FindAllString(file, -1); !slices.Equal(got, w.codes) {
			w.T.Error("the codes in the file are not those on the page")
		}
		w.Has("Print")
		paper := w.Printed()
		for _, s := range append(slices.Clone(w.codes), facts...) {
			if !strings.Contains(paper, s) {
				w.T.Errorf("on paper there is no %s", s)
			}
		}
		if strings.Contains(paper, "Complete ") || strings.Contains(paper, "Log out") {
			w.T.Errorf("buttons are printed: %s", paper)
		}

		if w.Ticked(saved) {
			w.T.Error("the box is ticked beforehand")
		}
		w.Touch("Complete")
		if got := w.Complaint(saved); got != notSaved {
			w.T.Errorf("without the tick it says %q", got)
		}
		w.Forgive(saved)
		w.Press("Complete")
		w.Refused(hCodes, notSaved, saved)
		if !slices.Equal(w.sheet(), w.codes) {
			w.T.Error("the codes changed")
		}
	})
	w.told()
	w.complete()
	w.Expect(hDone, "Two-step verification is on. From the next log-in you enter a code after your password.",
		"On since 22 November 2026, 18:00 JST.", "Without your phone, choose “Use a backup code” at log-in.")
	if to := w.Link("Go to My Page"); to != home {
		w.T.Errorf("the way home leads to %q", to)
	}
	w.told(nidan.NoticeOn)
	w.Press("Security settings")
	w.Expect(hSecurity, "Two-step verification has been on since 22 November 2026.", "Authenticator app asked first", "Backup codes 10 of 10 left")
}

// notSaved is sentence 20.
const notSaved = "To finish, tick “I have saved them in a safe place”."

var code10 = regexp.MustCompile(`\b\d\d(?:-[0-9A-Z]{4}){4}\b`)

func (w *walk) logInWithCode() {
	w.step("6", "each log-in asks for the code after the password")
	at := w.r.Clock.Wall()
	w.logOut()
	w.first()
	w.Expect(hSecond, "Open your authenticator app and find “Example VPN”.", "Another way",
		"Use a backup code Needs the codes that you printed or saved.", "I have lost my phone", "Do not ask in this browser for 30 days")
	refused := func(code, sentence string) {
		w.T.Helper()
		w.Fill(digits, code)
		w.Press("Continue")
		w.Refused(hSecond, sentence, digits)
	}
	refused(w.app.At(at), "That code has been used. Wait for the next one in your app, then enter it.")
	refused(w.app.Wrong(), "That code did not match. Enter the code your app shows now.")
	w.r.Clock.Advance(2 * time.Minute)
	refused(w.app.At(w.r.Clock.Wall().Add(-time.Minute)), "That code has run out; codes change every 30 seconds. Enter the one shown now.")
	w.Sees("Use a backup code")
	w.r.Clock.Advance(4 * time.Minute)
	refused(w.app.At(w.r.Clock.Wall().Add(-4*time.Minute)), "Your phone's clock is about 4 minutes behind. Set its time to automatic, then enter the code shown.")
	w.Fill(digits, w.app.Code())
	w.Press("Continue")
	w.Expect(hSecurity, "Logged in with the app")
	w.told(nidan.NoticeOn)

	w.logOut()
	w.first()
	w.second()
}

func (w *walk) logInWithBackupCode() {
	w.step("10", "a backup code gets in, once; the next page offers its replacement")
	w.logOut()
	w.first()
	w.Press("Use a backup code")
	w.Expect(hBackup, "Use the authenticator app")
	w.Fill("Backup code", "03-0000-0000-0000-0000")
	w.Press("Continue")
	w.Refused(hBackup, "That backup code did not match. Type one whole code, its number included. Spaces and hyphens do not matter.", "Backup code")
	third := strings.ToLower(strings.ReplaceAll(w.codes[2], "-", " "))
	w.Fill("Backup code", third)
	w.Press("Continue")
	const hOne = "Replace backup code 03"
	w.Expect(hOne, "You logged in with backup code 03. It no longer works.", "Is the old phone gone?")
	if got := w.Struck(); !slices.Equal(got, []string{"Code 03"}) {
		w.T.Errorf("crossed out: %q", got)
	}
	offered := w.sheet()
	if len(offered) != 1 || !strings.HasPrefix(offered[0], "03-") || offered[0] == w.codes[2] {
		w.T.Fatalf("%d codes are offered for one", len(offered))
	}
	w.told(nidan.NoticeOn, nidan.NoticeBackupUsed)

	w.Press("Not now")
	w.Expect(hSecurity, "You used backup code 03. A new one is ready for you to save.", "Backup codes 9 of 10 left", "Used: 03", "Logged in with backup code 03")
	w.Press("Show the new code")
	if again := w.sheet(); !slices.Equal(again, offered) {
		w.T.Error("another code is offered the second time")
	}

	// Neither the used one nor the one that was not saved gets in. The next
	// one does, and its replacement is saved.
	w.logOut()
	w.first()
	w.Press("Use a backup code")
	refused := func(code, sentence string) {
		w.T.Helper()
		w.Paste("Backup code", code)
		w.Press("Continue")
		w.Refused(hBackup, sentence, "Backup code")
	}
	refused(w.codes[2], "That backup code has been used. Cross it out, and enter another one.")
	refused(offered[0], "That backup code did not match.")
	w.Paste("Backup code", w.codes[3])
	w.Press("Continue")
	const hFour = "Replace backup code 04"
	w.Expect(hFour)
	offered = w.sheet()
	w.unchanged(func() {
		w.Forgive(saved)
		w.Press("Complete")
		w.Refused(hFour, notSaved, saved)
	})
	w.complete()
	w.Expect(hSecurity, "Backup codes 9 of 10 left", "Used: 03", "Backup code 04 was replaced")
	w.told(nidan.NoticeOn, nidan.NoticeBackupUsed, nidan.NoticeBackupUsed, nidan.NoticeCodeReplaced)

	w.logOut()
	w.first()
	w.Press("Use a backup code")
	refused(w.codes[3], "That backup code")
	w.Paste("Backup code", offered[0])
	w.Press("Continue")
	w.Expect(hFour)
	w.codes = slices.Delete(w.codes, 2, 4) // used, and so is the replacement
}

func (w *walk) runLow() {
	w.step("10", "a warning when three are left")
	for range 5 {
		b := w.r.Browser()
		w.p.First(b)
		if w.p.Backup(b, w.codes[0]); b.Cookie("session") == "" {
			w.T.Fatal("a backup code did not get in")
		}
		w.codes = w.codes[1:]
	}
	w.Press("Not now")
	w.Expect(hSecurity, "Backup codes 3 of 10 left", "3 backup codes left. Issue new ones before they run out.")
}

func (w *walk) reissue() {
	w.step("10", "issue new codes; the old ones stop working with “Complete” and not before")
	const heading = "Issue new backup codes"
	w.Press("Issue new ones")
	w.Expect(heading, "3 of your 10 codes are left.", "They work until the new ones are saved.")
	w.r.Clock.Advance(time.Minute)
	w.Fill(password, "not the password at all")
	w.Fill(digits, w.app.Code())
	w.Press("Next")
	w.Refused(heading, "That password is not right. Check it and enter it again.", password)
	w.Fill(password, w.p.Password)
	w.Fill(digits, w.app.Code())
	w.Press("Next")
	w.Expect(hCodes, "Your old codes work until you press “Complete”, and not after.")
	old := w.codes
	w.codes = w.sheet()
	if len(w.codes) != 10 || slices.Contains(w.codes, old[0]) {
		w.T.Fatal("these are not ten new codes")
	}
	b := w.r.Browser()
	w.p.First(b)
	if w.p.Backup(b, old[0]); b.Cookie("session") == "" {
		w.T.Fatal("an old code does not work before the new ones are saved")
	}
	w.complete()
	w.Expect("Your new codes work", "10 new backup codes work since 22 November 2026, 18:")
	w.toldLast(nidan.NoticeCodesIssued)
	w.Press("Security settings")
	w.Sees("Backup codes 10 of 10 left", "New backup codes were issued")

	w.logOut()
	w.first()
	w.Press("Use a backup code")
	w.Paste("Backup code", old[1])
	w.Press("Continue")
	w.Refused(hBackup, "That code is from a set replaced on 22 November 2026. Use the newer set, or try another way.", "Backup code")
	w.Paste("Backup code", w.codes[9])
	w.Press("Continue")
	w.Press("Not now")
	w.Expect(hSecurity)
}

func (w *walk) turnOff() {
	w.step("9", "turning off asks for the password and a second step")
	const heading = "Turn off two-step verification"
	w.r.Clock.Advance(time.Minute)
	w.unchanged(func() {
		w.Press("Turn off")
		w.Expect(heading, "Anyone with your password will be able to log in. Your backup codes stop working.")
		w.Press("Keep it on")
		w.Expect(hSecurity, "Two-step verification has been on since")
	})
	w.Press("Turn off")
	w.Fill(password, "not the password at all")
	w.Fill(digits, w.app.Code())
	w.Press("Turn off")
	w.Refused(heading, "That password is not right. Check it and enter it again.", password)
	w.Fill(password, w.p.Password)
	w.Fill(digits, w.app.Wrong())
	w.Press("Turn off")
	w.Refused(heading, "That code did not match. Enter the code your app shows now.", digits)
	w.Fill(password, w.p.Password)
	w.Fill(digits, w.app.Code())
	w.Press("Turn off")
	w.Expect("Two-step verification is off", "Your password alone opens this account now.", "Your backup codes no longer work.")
	w.toldLast(nidan.NoticeOff)
	w.Press("Security settings")
	w.Expect(hSecurity, "Two-step verification off", "Two-step verification was turned off")
	w.logOut()
	w.first()
	w.Expect(hSecurity)
}
