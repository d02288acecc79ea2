//go:build race

package races

// rounds: under the race detector a slow hash takes ten times as long.
const rounds = 20
