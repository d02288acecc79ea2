// Package source holds what can be told from the program's text and docs
// alone. Its tests take under a second and run with the unit tests.
package source
