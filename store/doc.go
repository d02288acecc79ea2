// Package store keeps Nidan's documents, sessions, events and messages in a
// database. It is the only place with SQL.
//
// It owns the tables, all of which begin with nidan_, their migrations, and
// when a write is durable. It must not know any rule: what is sealed it cannot
// open, and no statement decides anything but whether a version is still the
// one decided on. An engine implements [nidan.Store], [nidan.Archive] and
// [nidan.Post] and has to pass package storetest; SQLite is the first.
//
// # How SQLite is written
//
// One goroutine, the writer, holds the only connection that writes. Requests
// wait in a bounded queue; whatever waits there when the writer comes back
// shares one transaction, and so one fsync (group commit). A request that is
// refused leaves nothing and does not disturb the others: either its first
// statement is a guard that refuses before anything is written, or it runs inside
// a savepoint. Anything else ends the whole transaction, and its requests are run
// again one by one. Nobody is answered before the log is on the disk: it is
// brought there beside the next transaction, which others join meanwhile, and loads
// of an account that is still on its way wait. What the log holds is moved into the
// database beside the writer.
//
// # The map
//
//   - migrations/: the tables, explained in place
//   - sql.go: every statement, one text for all engines where that is possible
//   - change.go: what every engine does alike
//   - sqlite.go, migrate.go: opening, creating, closing
//   - writer.go, batch.go, conn.go: the queue, the shared transaction, the connection
//   - flight.go: the log, and how it gets to the disk before anybody is answered
//   - checkpoint.go: how it gets into the database
//   - commit.go, gate.go, seen.go, freeze.go, canary.go: what is written
//   - post.go: the messages, from the queue to their end
//   - reader.go: loads that share a transaction
//   - load.go, archive.go: what is read
//
// # To change a table
//
// Add a file to migrations/ with the next number and an Up part only; the old
// code must be able to run on the new tables until it is replaced, so columns
// are added with a default and dropped one release later. Name no table
// without nidan_, and put the account's id first in the key of what belongs to
// an account. The conformance suite finds new tables by itself.
package store
