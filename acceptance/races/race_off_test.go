//go:build !race

package races

// rounds of turning off against answering.
const rounds = 100
