package projections

import "github.com/muster-dev/muster/events"

const (
	// applicationID marks a file as Muster's read models ("Mstr"), so that another
	// program's database is never taken for one.
	applicationID = 0x4d737472
	// schemaNumber counts the shapes that the tables have had. Whoever changes the
	// tables, or what is written into them (the built-in roles, too), raises it: the
	// read models are then made anew.
	schemaNumber = 3
)

// tables are made first, with the indexes that applying events looks things up
// in. Times are milliseconds since 1970, ids the 16 bytes of a UUID or ULID, keys
// are made by [rowKey], and lists are words with spaces between them.
const tables = `
CREATE TABLE checkpoints (
	partition INTEGER PRIMARY KEY,
	message   INTEGER NOT NULL,
	number    INTEGER NOT NULL,
	hash      BLOB    NOT NULL,
	time      INTEGER,          -- of the last event; null before the first
	id        BLOB    NOT NULL
);

CREATE TABLE organizations (
	key        INTEGER PRIMARY KEY,
	id         BLOB    NOT NULL UNIQUE,
	name       TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version    INTEGER NOT NULL
);

-- A person is a user as one organization knows them, from the first mention on.
CREATE TABLE people (
	key          INTEGER PRIMARY KEY,
	organization INTEGER NOT NULL,
	user         BLOB    NOT NULL,

	-- The entry in the directory; null when there is none.
	email           TEXT,
	first_name      TEXT,
	last_name       TEXT,
	avatar_url      TEXT,
	profile_created INTEGER,
	profile_updated INTEGER,
	profile_version INTEGER,
	folded_email    TEXT NOT NULL DEFAULT '', -- domain.FoldEmail(email)
	folded_name     TEXT NOT NULL DEFAULT '', -- see foldName
	search          TEXT NOT NULL DEFAULT '', -- see searchText

	-- The role in the organization; null when there never was one, '' when there is
	-- none now.
	role         TEXT,
	role_event   BLOB,       -- the event that last made the role give access
	suspended_at INTEGER,    -- null: not suspended
	role_created INTEGER,
	role_updated INTEGER,
	role_version INTEGER,

	UNIQUE (organization, user)
);
CREATE INDEX people_owners ON people (organization) WHERE role = 'owner' AND suspended_at IS NULL;

-- Built-in roles belong to organization 0, and their keys are their places among
-- domain.BuiltInRoles, from 1: so roles in the order of their keys are the
-- built-in ones from the highest to the lowest, then the others as they were made.
CREATE TABLE roles (
	key          INTEGER PRIMARY KEY,
	organization INTEGER NOT NULL,
	id           BLOB    NOT NULL,
	role         TEXT    NOT NULL, -- what the organization calls it
	name         TEXT    NOT NULL,
	level        INTEGER NOT NULL,
	permissions  TEXT    NOT NULL, -- a list
	archived_at  INTEGER,          -- null: not archived
	created_at   INTEGER,          -- null: built in
	updated_at   INTEGER,
	version      INTEGER,
	UNIQUE (organization, role)
);

CREATE TABLE workspaces (
	key          INTEGER PRIMARY KEY,
	id           BLOB    NOT NULL UNIQUE,
	organization INTEGER NOT NULL,
	name         TEXT    NOT NULL,
	archived_at  INTEGER,    -- null: not archived
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	version      INTEGER NOT NULL
);

CREATE TABLE memberships (
	key             INTEGER PRIMARY KEY,
	id              BLOB    NOT NULL,
	workspace       INTEGER NOT NULL,
	person          INTEGER NOT NULL,
	role            INTEGER NOT NULL,
	state           TEXT    NOT NULL, -- as of the last event
	permissions     TEXT,             -- a list that replaces the role's; null: the role's
	expires_at      INTEGER,          -- null: never
	accepted        INTEGER NOT NULL,
	joined          INTEGER NOT NULL, -- whether accepted ever was
	invitation      BLOB,             -- SHA-256 of the secret to accept with; null: never invited
	invitation_ends INTEGER,
	granted_by      BLOB    NOT NULL, -- the event that last made the access what it is
	turned          INTEGER NOT NULL, -- the number of the last event that began or ended it
	added_by        TEXT    NOT NULL,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	version         INTEGER NOT NULL,
	-- When it ends by itself, or its invitation does; null when it does not, or is over.
	ends_at         INTEGER AS (CASE state
		WHEN 'removed' THEN NULL
		WHEN 'invited' THEN min(coalesce(expires_at, invitation_ends), invitation_ends)
		ELSE expires_at END) VIRTUAL,
	UNIQUE (workspace, person)
);
CREATE INDEX memberships_role ON memberships (workspace, role);

CREATE TABLE tokens (
	key          INTEGER PRIMARY KEY,
	id           BLOB    NOT NULL UNIQUE,
	organization INTEGER NOT NULL,
	name         TEXT    NOT NULL,
	secret       BLOB    NOT NULL, -- SHA-256
	former       BLOB,             -- the secret before the last rotation
	former_until INTEGER,          -- from then on it opens nothing
	scopes       TEXT    NOT NULL, -- a list
	workspace    BLOB,             -- null: every workspace
	user         BLOB,             -- null: bound to no person
	expires_at   INTEGER,          -- null: never
	revoked_at   INTEGER,          -- null: not revoked
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	version      INTEGER NOT NULL
);

-- What commands with an idempotency key answered; the key is that of their last event.
CREATE TABLE done (
	key          INTEGER PRIMARY KEY,
	organization INTEGER NOT NULL,
	command      BLOB    NOT NULL,
	request      BLOB    NOT NULL, -- SHA-256
	types        TEXT    NOT NULL, -- a list
	after        BLOB    NOT NULL, -- see afterParts
	UNIQUE (organization, command)
);
`

// indexes serve queries only. A rebuild makes them when all rows are there: no
// dearer for a million events, and it spares the writing here and there of indexes
// that have outgrown the cache.
//
// What an invitation is accepted with is random, and so unique; an index that
// demanded it would turn one bad command, which is in the log for good, into read
// models that can never go on.
const indexes = `
CREATE        INDEX organizations_created   ON organizations (created_at, key);
CREATE        INDEX people_email            ON people (organization, folded_email);
CREATE        INDEX people_name             ON people (organization, folded_name);
CREATE        INDEX people_members          ON people (organization) WHERE role > '';
CREATE        INDEX people_members_email    ON people (organization, folded_email) WHERE role > '';
CREATE        INDEX people_members_name     ON people (organization, folded_name) WHERE role > '';
CREATE        INDEX people_admins           ON people (organization) WHERE role IN ('owner', 'admin');
CREATE        INDEX people_profiles         ON people (organization) WHERE profile_version IS NOT NULL;
CREATE        INDEX roles_created           ON roles (organization);
CREATE        INDEX roles_id                ON roles (organization, id);
CREATE        INDEX workspaces_created      ON workspaces (organization);
CREATE UNIQUE INDEX memberships_id          ON memberships (id);
CREATE        INDEX memberships_created     ON memberships (workspace);
CREATE        INDEX memberships_workspaces  ON memberships (person, workspace);
CREATE        INDEX memberships_invitation  ON memberships (invitation) WHERE invitation IS NOT NULL;
CREATE        INDEX memberships_ends        ON memberships (ends_at) WHERE ends_at IS NOT NULL;
CREATE        INDEX memberships_permissions ON memberships (workspace, permissions) WHERE permissions IS NOT NULL AND state <> 'removed';
CREATE        INDEX tokens_created          ON tokens (organization);
CREATE UNIQUE INDEX tokens_secret           ON tokens (secret);
CREATE        INDEX tokens_former           ON tokens (former) WHERE former IS NOT NULL;
`

// tableNames are the tables that [ReadModels.Fingerprint] looks at: all.
var tableNames = []string{"checkpoints", "organizations", "people", "roles", "workspaces", "memberships", "tokens", "done"}

// MaxPartitions is how many partitions the keys have room for.
const MaxPartitions = 1 << partitionBits

const partitionBits = 10

// rowKey is the key of the row that an event brings into being: the event's
// position as one integer. An event makes at most one row of a table, so keys are
// unique; they follow from the log alone, however its partitions are interleaved,
// so every rebuild makes the same; and within an organization their order is the
// order in which things came into being. None is below [MaxPartitions].
func rowKey(p events.Position) int64 {
	return int64(p.Number)<<partitionBits | int64(p.Partition) //nolint:gosec // a log of 2^53 events is out of reach
}

// partitionOf answers the partition of the event that made the row.
func partitionOf(key int64) int { return int(key & (MaxPartitions - 1)) }
