package rig

// Node starts a second program on the same data, with the same clock and the
// same address, as behind a load balancer. It stops before the first one does,
// and what it leaves behind is searched with the rest.
func (r *Rig) Node() *Rig {
	r.T.Helper()
	n := &Rig{T: r.T, Clock: r.Clock, Data: r.Data, config: r.config, log: r.log, secrets: make(map[string]string)}
	n.start()
	r.T.Cleanup(func() {
		n.Stop()
		for value, what := range n.secrets {
			r.Secret(what, value)
		}
		for _, body := range n.errors {
			r.erred(body)
		}
	})
	return n
}

// At is a browser with the same cookies that talks to another node.
func (b *Browser) At(n *Rig) *Browser {
	c := b.Clone()
	c.r = n
	return c
}

// AsBearer is the same browser, for pages that tell of an error and still have
// to show what the unfinished ticket holds to the one who carries it: the key
// after a wrong code, the codes while they are not saved. What it is shown is
// not searched; nothing else is different.
func (b *Browser) AsBearer() *Browser {
	unsearched := &Rig{T: b.r.T, URL: b.r.URL, Clock: b.r.Clock, config: b.r.config, secrets: make(map[string]string)}
	b.r.T.Cleanup(func() {
		for value, what := range unsearched.secrets {
			b.r.Secret(what, value)
		}
	})
	return &Browser{r: unsearched, Header: b.Header, cookies: b.cookies}
}
