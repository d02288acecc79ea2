// Package clock reads the machine's two times, which the rules hold against each
// other: the wall time, which somebody may set, and the time that has gone by.
package clock
