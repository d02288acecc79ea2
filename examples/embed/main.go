// Command embed is the site of a tea room that has people and passwords of its
// own, in one SQLite file. Nidan runs in its process and takes the second step;
// docs/recipes/embed.md goes through it.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"time"

	"golang.org/x/crypto/bcrypt"
	_ "modernc.org/sqlite"

	"github.com/nidan-auth/nidan"
	"github.com/nidan-auth/nidan/inside"
	"github.com/nidan-auth/nidan/mail"
	"github.com/nidan-auth/nidan/web"
)

//go:embed page.html
var files embed.FS

// Mina is there from the start; the password is "green tea at seven".
const tables = `
CREATE TABLE IF NOT EXISTS people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, password BLOB NOT NULL, changed BIGINT NOT NULL, told BOOLEAN NOT NULL DEFAULT FALSE);
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, person INTEGER NOT NULL, acr TEXT NOT NULL, epoch BIGINT NOT NULL, until BIGINT NOT NULL);
INSERT INTO people (name, password, changed) VALUES ('mina@example.com', '$2a$12$blmTxT9bLAvkTCV0/r9nJerEgznNB/ANJHlGQ8jmbDFvd74ScgChe', 1790000000000000) ON CONFLICT DO NOTHING;`

func sum(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id))) }

// A room is the site.
type room struct {
	db     *sql.DB
	second *inside.App
	page   *template.Template
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, cmp.Or(os.Getenv("DATA"), "."), cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:3000")); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, data, listen string) (err error) {
	s := &room{page: template.Must(template.ParseFS(files, "page.html"))}
	if s.db, err = sql.Open("sqlite", data+"/tea.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"); err != nil {
		return err
	}
	defer s.db.Close()
	if _, err := s.db.ExecContext(ctx, tables); err != nil {
		return err
	}
	// The second step, with its tables in the same file.
	c := inside.Config{
		Database: data + "/tea.db", Keyring: data + "-keys/keyring.json", ID: "tea-room", Name: "Tea Room",
		Public: cmp.Or(os.Getenv("PUBLIC"), "http://"+listen), LogIn: "/log-in", Home: "/", Host: s, Log: slog.Default(),
	}
	if at, err := netip.ParseAddrPort(os.Getenv("SMTP")); err == nil { // a mail server of this machine
		if c.Mail, err = mail.NewSMTP(mail.SMTPConfig{Host: at.Addr().String(), Port: int(at.Port()), Security: mail.Plain, From: "tea@example.com"}); err != nil {
			return err
		}
	}
	if s.second, err = inside.Open(ctx, c); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.second.Close()) }()

	mux := http.NewServeMux()
	mux.Handle(s.second.Base()+"/", s.second)
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /log-in", func(w http.ResponseWriter, r *http.Request) { s.show(w, 200, "Log in", "") })
	mux.HandleFunc("POST /log-in", s.logIn)
	mux.HandleFunc("POST /log-out", s.logOut)
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, r *http.Request) { s.show(w, 200, "Security", "") })
	mux.HandleFunc("POST /settings", s.settings)
	at, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(mux), ReadHeaderTimeout: 5 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }()
	fmt.Printf("Tea Room is listening on %s\n", listen)
	return server.Serve(at)
}

// logIn takes the first step, and hands over to the second.
func (s *room) logIn(w http.ResponseWriter, r *http.Request) {
	if who, right := s.right(r, r.PostFormValue("name"), r.PostFormValue("password")); right {
		s.second.SignIn(w, r, who)
		return
	}
	s.show(w, http.StatusForbidden, "Log in", "That name or password is not right.")
}

// settings asks for the password again: a session alone may be an old one.
func (s *room) settings(w http.ResponseWriter, r *http.Request) {
	name, _ := s.session(r)
	if who, right := s.right(r, name, r.PostFormValue("password")); right {
		s.second.Settings(w, r, who)
		return
	}
	s.show(w, http.StatusForbidden, "Security", "That password is not right, or you are logged out.")
}

// right is the person whose password this is. What else a log-in needs (a limit
// to wrong passwords, the same time for a name that nobody has) is left out here.
func (s *room) right(r *http.Request, name, password string) (who web.Person, right bool) {
	var hash []byte
	var changed int64
	err := s.db.QueryRowContext(r.Context(), "SELECT id, name, password, changed, told FROM people WHERE name = ?", name).Scan(&who.Ref, &name, &hash, &changed, &who.Known)
	if err != nil || bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil {
		return web.Person{}, false
	}
	who.About, who.PasswordChanged = nidan.Details{Label: name, Address: name}, time.UnixMicro(changed)
	return who, true
}

// SignedIn implements [web.Host].
func (s *room) SignedIn(w http.ResponseWriter, r *http.Request, a nidan.Assertion) (string, error) {
	var person int64
	if err := s.db.QueryRowContext(r.Context(), "UPDATE people SET told = TRUE WHERE id = ? RETURNING id", a.Account).Scan(&person); err != nil {
		return "", err // nobody has that id any more
	}
	id, until := rand.Text(), time.Now().Add(12*time.Hour)
	if _, err := s.db.ExecContext(r.Context(), "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", sum(id), person, a.Level.String(), a.Epoch, until.Unix()); err != nil {
		return "", err
	}
	http.SetCookie(w, &http.Cookie{Name: "__Host-tea", Value: id, Path: "/", Expires: until, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: true})
	return "/", nil
}

// SettingsLeft implements [web.Host].
func (s *room) SettingsLeft(w http.ResponseWriter, r *http.Request, a nidan.Assertion) (string, error) {
	if _, err := s.db.ExecContext(r.Context(), "DELETE FROM sessions WHERE person = ?", a.Account); err != nil {
		return "", err
	}
	return s.SignedIn(w, r, a)
}

// session is who is logged in in this browser, and with what; nobody is "".
func (s *room) session(r *http.Request) (name, acr string) {
	c, err := r.Cookie("__Host-tea")
	if err != nil {
		return "", ""
	}
	var person string
	var epoch int64
	row := s.db.QueryRowContext(r.Context(), "SELECT name, person, acr, epoch FROM sessions JOIN people ON people.id = person WHERE sessions.id = ? AND until > ?", sum(c.Value), time.Now().Unix())
	if row.Scan(&name, &person, &acr, &epoch) == nil {
		if holds, err := s.second.Holds(r.Context(), person, epoch); err == nil && holds {
			return name, acr
		}
	}
	return "", ""
}

func (s *room) logOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("__Host-tea"); err == nil {
		if _, err := s.db.ExecContext(r.Context(), "DELETE FROM sessions WHERE id = ?", sum(c.Value)); err != nil {
			http.Error(w, "You are still logged in. Try again.", http.StatusServiceUnavailable)
			return
		}
	}
	s.second.LogOut(w, r)
	http.Redirect(w, r, "/log-in", http.StatusSeeOther)
}

func (s *room) home(w http.ResponseWriter, r *http.Request) {
	switch name, acr := s.session(r); {
	case name == "":
		http.Redirect(w, r, "/log-in", http.StatusSeeOther)
	case acr == nidan.LevelPassword.String():
		s.show(w, http.StatusOK, "My account", name+", logged in with the password alone")
	default:
		s.show(w, http.StatusOK, "My account", name+", logged in with the second step")
	}
}

func (s *room) show(w http.ResponseWriter, status int, page, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = s.page.Execute(w, map[string]string{"Page": page, "Text": text})
}
