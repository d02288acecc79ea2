package store

// The statements, in the SQL that SQLite and PostgreSQL share: numbered
// placeholders, ON CONFLICT, no function that only one of them has.

const (
	// The statement of every request: each column costs it a hundredth.
	sqlLoad = `
SELECT d.format, d.version, d.sealed, d.last_sign_in,
       f.part || ' ' || CAST(f.shown AS TEXT) || ' ' || CAST(f.found AS TEXT) || ' ' || CAST(f.at AS TEXT),
       s.sealed, s.seen,
       COALESCE((SELECT e.seq FROM nidan_events e WHERE e.owner = d.id ORDER BY e.seq DESC LIMIT 1), 0) AS trail
  FROM nidan_documents d
  LEFT JOIN nidan_freezes  f ON f.account = d.id
  LEFT JOIN nidan_sessions s ON s.account = d.id AND s.id = $3
 WHERE d.id = $1 AND d.kind = $2`

	sqlLookup = `SELECT account FROM nidan_lookups WHERE kind = $1 AND key = $2`
)

// Writing a document. The statements match no row where the stored version is
// not the one decided on, the updates also where the account has been frozen
// meanwhile ($12: unless this is what ends it); that is the guard of the whole
// commit.
const (
	sqlInsertDocument = `
INSERT INTO nidan_documents (id, kind, format, version, sealed, name, protected, methods, last_sign_in, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id, kind) DO NOTHING`

	sqlUpdateDocument = `
UPDATE nidan_documents
   SET format = $3, version = $4, sealed = $5, name = $6, protected = $7, methods = $8, last_sign_in = $9, created = $10
 WHERE id = $1 AND kind = $2 AND version = $11
   AND ($12 OR NOT EXISTS (SELECT 1 FROM nidan_freezes WHERE account = $1))`

	// The same where the document was not read before it was decided on: this is
	// what reads it.
	sqlUpdateUnread = sqlUpdateDocument + ` AND format = $13 AND sealed = $14
   AND NOT EXISTS (SELECT 1 FROM nidan_events WHERE owner = $1 AND seq > $15)`

	sqlDocumentVersion = `SELECT version, sealed FROM nidan_documents WHERE id = $1 AND kind = $2`
)

const (
	sqlInsertEvent = `INSERT INTO nidan_events (owner, seq, commit_id, body) VALUES ($1, $2, $3, $4)`

	sqlFindCommit = `SELECT seq FROM nidan_events WHERE owner = $1 AND commit_id = $2 ORDER BY seq DESC LIMIT 1`

	sqlInsertSession  = `INSERT INTO nidan_sessions (account, id, sealed, seen) VALUES ($1, $2, $3, $4)`
	sqlDeleteSession  = `DELETE FROM nidan_sessions WHERE account = $1 AND id = $2`
	sqlDeleteSessions = `DELETE FROM nidan_sessions WHERE account = $1`
	sqlTouchSession   = `UPDATE nidan_sessions SET seen = $3 WHERE account = $1 AND id = $2 AND seen <= $4`

	sqlInsertMessage = `INSERT INTO nidan_outbox (account, id, sealed, due, expires) VALUES ($1, $2, $3, $4, $5)`
	sqlDeleteMessage = `DELETE FROM nidan_outbox WHERE account = $1 AND id = $2`
	sqlDelayMessage  = `UPDATE nidan_outbox SET due = $3 WHERE account = $1 AND id = $2`
	sqlBuryMessage   = `UPDATE nidan_outbox SET sealed = $3, cause = $4 WHERE account = $1 AND id = $2 AND cause = ''`

	// Matches one row if the key was free or is this account's already, and
	// none if it is another's.
	sqlClaimLookup = `
INSERT INTO nidan_lookups (kind, key, account) VALUES ($1, $2, $3)
ON CONFLICT (kind, key) DO UPDATE SET account = excluded.account WHERE nidan_lookups.account = excluded.account`
	sqlReleaseLookup = `DELETE FROM nidan_lookups WHERE kind = $1 AND key = $2 AND account = $3`

	sqlInsertFreeze = `
INSERT INTO nidan_freezes (account, part, shown, found, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account) DO NOTHING`
	sqlDeleteFreeze = `DELETE FROM nidan_freezes WHERE account = $1`
)

const (
	sqlGate    = `SELECT wrong, last FROM nidan_gates WHERE key = $1`
	sqlPutGate = `
INSERT INTO nidan_gates (key, wrong, last) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET wrong = excluded.wrong, last = excluded.last`
	sqlDeleteGate = `DELETE FROM nidan_gates WHERE key = $1`

	sqlTidyGates  = `DELETE FROM nidan_gates WHERE last < $1`
	sqlTidyOutbox = `DELETE FROM nidan_outbox WHERE expires <= $1`
)

// Sending. What takes a message looks at due and cause again: where it had to
// wait for a row that somebody else was changing, what was taken or given up
// meanwhile is left.
const (
	messageColumns = `account, id, sealed, due, expires, tries, cause`

	sqlUrgent = `
SELECT account, id FROM nidan_outbox
 WHERE expires > $1 AND expires <= $2 AND due <= $1 AND cause = ''
 ORDER BY expires, due LIMIT $3`
	sqlDue = `SELECT account, id FROM nidan_outbox WHERE due <= $1 AND expires > $2 AND cause = '' ORDER BY due LIMIT $3`

	sqlTake = `
UPDATE nidan_outbox SET due = $4, tries = tries + 1
 WHERE account = $1 AND id = $2 AND due <= $3 AND cause = ''
RETURNING ` + messageColumns
)

const (
	sqlCanary    = `SELECT sealed FROM nidan_canary WHERE id = 1`
	sqlPutCanary = `INSERT INTO nidan_canary (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`
)

const (
	sqlAccounts = `
SELECT format, version, sealed, name, protected, methods, last_sign_in, created, id
  FROM nidan_documents
 WHERE id > $1 AND kind = $2
 ORDER BY id LIMIT $3`

	sqlRecord = `
SELECT format, version, sealed, name, protected, methods, last_sign_in, created, id
  FROM nidan_documents
 WHERE id = $1 AND kind = $2`

	sqlEvents      = `SELECT seq, commit_id, body FROM nidan_events WHERE owner = $1 AND seq >= $2 ORDER BY seq LIMIT $3`
	sqlEventOwners = `SELECT DISTINCT owner FROM nidan_events WHERE owner > $1 ORDER BY owner LIMIT $2`
	sqlSessions    = `SELECT id, sealed, seen FROM nidan_sessions WHERE account = $1 ORDER BY id`
	sqlLookups     = `SELECT kind, key FROM nidan_lookups WHERE account = $1 ORDER BY kind, key`
	sqlOutbox      = `SELECT ` + messageColumns + ` FROM nidan_outbox WHERE account = $1 ORDER BY due, id`
)
