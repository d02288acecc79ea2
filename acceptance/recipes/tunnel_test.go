package recipes

import (
	"os"
	"strings"
)

// tunnels: no connection is handed over to the application, in which whoever may
// come in would say who they are, asked by nobody. Where WebSockets are let through,
// as the page says how, it is to nothing else.
func (p *proxy) tunnels(v *visitor) {
	p.t.Helper()
	pass := ours + "host=" + p.pass(v)
	ask := func(path, header string) string {
		p.t.Helper()
		got := p.says("GET "+path+" HTTP/1.1\r\nHost: "+p.guarded+"\r\n"+header, pass)
		if !strings.Contains(got, `"path": "`+path) {
			p.t.Errorf("with %q: %.300q", header, got)
		}
		return strings.ToLower(got)
	}
	for _, header := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
		"Connection: Upgrade\r\nUpgrade: h2c",
		"connection: upgrade\r\nUPGRADE: H2C",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c",
		"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket",
		"Upgrade: h2c, websocket\r\nConnection: keep-alive, Upgrade",
	} {
		if got := ask("/tunnel", header); strings.Contains(got, `"upgrade"`) || strings.Contains(got, " 101 ") {
			p.t.Errorf("with %q the application is asked to take the connection: %.900s", header, got)
		}
	}
	if strings.HasPrefix(p.line, "nginx ") {
		return // its page says what not to write, and shows nothing to put in
	}
	text, err := os.ReadFile(p.page)
	if err != nil {
		p.t.Fatal(err)
	}
	const drops = "\trequest_header -Upgrade\n"
	_, lets, found := strings.Cut(string(text), "```caddy\n\t@plain")
	lets, _, _ = strings.Cut("\t@plain"+lets, "```")
	config := p.here(p.example)
	if !found || strings.Count(config, drops) != 1 {
		p.t.Fatalf("the page lets WebSockets through by %q", lets)
	}
	p.end()
	p.startOn(strings.Replace(config, drops, lets, 1))
	defer func() { // what follows is done with the example as it stands
		p.end()
		p.startOn(p.here(p.example))
	}()
	for _, header := range []string{"Connection: Upgrade\r\nUpgrade: h2c", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket"} {
		if got := ask("/socket", header); !strings.Contains(got, `"upgrade": "websocket"`) || strings.Contains(got, "h2c") {
			p.t.Errorf("with %q the application is asked for %.900s", header, got)
		}
		if got := ask("/tunnel", header); strings.Contains(got, `"upgrade"`) {
			p.t.Errorf("with %q the application is asked to take the connection: %.900s", header, got)
		}
	}
	if got := ask("/socket", "Accept: */*"); strings.Contains(got, `"upgrade"`) {
		p.t.Errorf("who asks for no WebSocket is made to: %.900s", got)
	}
}
