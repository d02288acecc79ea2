// Package api is the door for products: JSON over HTTP under /api/v1, described
// by OpenAPI 3.1.
//
// Every operation stands in the table of [operations], with the scopes that a
// key needs for it; an operation without any does not start. A call goes
//
//	wire → key and scope → the same verb of the Service as the pages → wire
//
// and nothing is decided here. An answer other than success is a problem (RFC
// 9457) with a reason from one closed list; no answer repeats what was sent.
package api
