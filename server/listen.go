package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// ErrExposed: the program was told to listen where others reach it without
// TLS in between.
var ErrExposed = errors.New("refusing to listen beyond this machine")

// mayListen decides where passwords may arrive. Beyond loopback they would
// come in clear text unless a TLS proxy is in front, so both the proxy and an
// https address have to be declared.
func (s *settings) mayListen(a net.Addr) error {
	if isLoopback(a) {
		return nil
	}
	switch {
	case s.public.Scheme != "https":
		return fmt.Errorf("%w (%s): --public-url is not an https address. Give --public-url https://… and --tls-proxy with the address of the proxy that terminates TLS, or listen on %s", ErrExposed, a, defaultListen)
	case len(s.proxies) == 0:
		return fmt.Errorf("%w (%s): no TLS proxy is declared. Give --tls-proxy with the address of the proxy that terminates TLS, or listen on %s", ErrExposed, a, defaultListen)
	}
	return nil
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return false
	}
	ip, ok := netip.AddrFromSlice(t.IP)
	return ok && ip.Unmap().IsLoopback()
}

// listen opens the port. It refuses before opening one that it may not serve.
func (s *settings) listen() (net.Listener, error) {
	a, err := net.ResolveTCPAddr("tcp", s.Listen)
	if err != nil {
		return nil, err
	}
	if err := s.mayListen(a); err != nil {
		return nil, err
	}
	return net.ListenTCP("tcp", a)
}
