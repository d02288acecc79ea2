-- +goose Up

-- One text for SQLite and PostgreSQL, so no STRICT, no WITHOUT ROWID and no
-- type that only one of them knows. Forward only: an old table is changed by a
-- new file, never here.
--
-- Every name begins with nidan_, because Nidan may live in the database of the
-- application that embeds it. Where something belongs to an account, the
-- account's id is the first part of its key: no statement touches two
-- accounts, and the tables can be partitioned by it. Times are microseconds
-- since 1970 UTC, given by the caller, and 0 is "never". What is called sealed
-- is encrypted and authenticated under keys that are not in here.

-- The documents. All that a decision depends on is inside the seal. The
-- columns after it are projections for lists and are never decided on.
CREATE TABLE nidan_documents (
    id           TEXT    NOT NULL,                     -- of the account, or 'instance'
    kind         TEXT    NOT NULL,                     -- 'account', 'instance'
    format       BIGINT  NOT NULL,                     -- of the JSON inside the seal
    version      BIGINT  NOT NULL CHECK (version > 0), -- compared and set by every commit, and bound by the seal
    sealed       BYTEA   NOT NULL,
    name         TEXT    NOT NULL,                     -- login name
    protected    BOOLEAN NOT NULL,                     -- two-step verification is on
    methods      TEXT    NOT NULL,                     -- names of the methods enrolled, separated by commas
    last_sign_in BIGINT  NOT NULL,
    created      BIGINT  NOT NULL,
    PRIMARY KEY (id, kind)
);

-- The sessions. One that its account's document does not list is none, so
-- putting an old row back brings nothing back.
CREATE TABLE nidan_sessions (
    account TEXT   NOT NULL,
    id      TEXT   NOT NULL, -- part of the hash of the token, the token itself is nowhere
    sealed  BYTEA  NOT NULL,
    seen    BIGINT NOT NULL, -- last use, the only column that ever changes
    PRIMARY KEY (account, id)
);

-- The audit trails, one per account and one of the instance, each line chained
-- to the one before. They are inserted and never updated: a sequence number
-- that exists already is a sign of damage, not of a lost race. A commit is
-- looked up by its id along the owner's own trail, newest first, and so needs
-- no index that every commit would have to write.
CREATE TABLE nidan_events (
    owner     TEXT   NOT NULL,
    seq       BIGINT NOT NULL CHECK (seq > 0), -- 1, 2, 3 without a gap
    commit_id TEXT   NOT NULL,                 -- of the commit that appended it
    body      BYTEA  NOT NULL,                 -- canonical JSON, byte for byte what was hashed
    PRIMARY KEY (owner, seq)
);

-- The messages waiting to be sent. Recipient and text stand inside the seal.
CREATE TABLE nidan_outbox (
    account TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    sealed  BYTEA  NOT NULL,
    due     BIGINT NOT NULL, -- not to be sent before
    expires BIGINT NOT NULL, -- not to be sent after
    PRIMARY KEY (account, id)
);

-- What leads to an account: a hint that the opened document has to confirm.
CREATE TABLE nidan_lookups (
    kind    TEXT NOT NULL, -- 'login'
    key     TEXT NOT NULL, -- for 'login' the canonical login name
    account TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);

-- For the list of what leads to one account.
CREATE INDEX nidan_lookups_account ON nidan_lookups (account);

-- The accounts of which something was older than an artefact shown with it.
-- The row stands outside document and trail, whose word is in doubt, and is
-- inserted once: the first finding stays.
CREATE TABLE nidan_freezes (
    account TEXT   NOT NULL PRIMARY KEY,
    part    TEXT   NOT NULL, -- what was shown: 'session', 'browser', 'event' and so on
    shown   BIGINT NOT NULL, -- version that made it
    found   BIGINT NOT NULL, -- version of the document at that time
    at      BIGINT NOT NULL
);

-- The counts of first-step tries. The key is a keyed hash, so nobody's name is
-- shown. No row means never counted.
CREATE TABLE nidan_gates (
    key   TEXT   NOT NULL PRIMARY KEY,
    wrong BIGINT NOT NULL, -- in a row
    last  BIGINT NOT NULL  -- when the newest was counted
);

-- One row that opens under the right keyring only, so that a wrong one is found
-- at start and not in the first document.
CREATE TABLE nidan_canary (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed BYTEA  NOT NULL
);
