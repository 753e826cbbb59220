package projections

const (
	// applicationID marks a file as Muster's read models ("Mstr"), so that another
	// program's database is never taken for one.
	applicationID = 0x4d737472
	// schemaNumber counts the shapes that the tables have had. It must be raised
	// whenever the tables or the values in them change, built-in roles included. The
	// next start then rebuilds the read models.
	schemaNumber = 11
)

// tables are the tables and the indexes that are needed to apply events. Times are
// milliseconds since 1970, ids are the 16 bytes of a UUID or ULID, keys and positions
// are what [rowKey] returns, and lists are words with spaces between them.
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

-- A person is a user as one organization knows them, from their first mention on.
CREATE TABLE people (
	key          INTEGER PRIMARY KEY,
	organization INTEGER NOT NULL,
	user         BLOB    NOT NULL,

	-- The entry in the directory; null if there is none.
	email           TEXT,
	first_name      TEXT,
	last_name       TEXT,
	avatar_url      TEXT,
	profile_created INTEGER,
	profile_updated INTEGER,
	profile_version INTEGER,
	personal_key    BLOB,    -- the key that seals the profiles in the log; null: none does
	in_clear        INTEGER, -- 1: the log has a profile that is not sealed

	-- The erasure of the entry; null if there was none since the entry was last made.
	erasure_key     BLOB,    -- the key that sealed the profiles
	erasure_request BLOB,    -- the event that asked for it
	erasure_asked   INTEGER, -- when
	erasure_done    INTEGER, -- null: the key may not be destroyed yet
	erasure_version INTEGER,
	folded_email    TEXT NOT NULL DEFAULT '', -- domain.FoldEmail(email)
	folded_name     TEXT NOT NULL DEFAULT '', -- the whole name, see foldName
	folded_last     TEXT NOT NULL DEFAULT '', -- the last name, see foldLast

	-- The role in the organization; null if there never was one, '' if there is none
	-- now.
	role          TEXT,
	role_event    BLOB,       -- the event that last made the role give access
	role_position INTEGER,    -- the position of that event
	suspended_at  INTEGER,    -- null: not suspended
	role_created  INTEGER,
	role_updated  INTEGER,
	role_version  INTEGER,

	UNIQUE (organization, user)
);
CREATE INDEX people_owners ON people (organization) WHERE role = 'owner' AND suspended_at IS NULL;

-- Built-in roles belong to organization 0. Their keys count from 1, in the order of
-- domain.BuiltInRoles. So in the order of the keys the built-in roles come first, the
-- highest before the others, and then those that organizations have made.
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

-- The rows of a workspace are beside each other, so a page of its members is read from a few
-- pages of the file. As long as nothing has changed since the first event, what can be told
-- from the key and the creation is null.
CREATE TABLE memberships (
	workspace        INTEGER NOT NULL,
	key              INTEGER NOT NULL,
	id               BLOB    NOT NULL,
	person           INTEGER NOT NULL,
	role             INTEGER NOT NULL,
	state            TEXT    NOT NULL, -- as of the last event
	permissions      TEXT,             -- a list that replaces the role's; null: the role's
	expires_at       INTEGER,          -- null: never
	accepted         INTEGER NOT NULL,
	joined           INTEGER NOT NULL, -- whether it ever was accepted
	invitation       BLOB,             -- SHA-256 of the secret to accept with; null: never invited
	invitation_ends  INTEGER,
	granted_by       BLOB    NOT NULL, -- the event that last made the access what it is
	granted_position INTEGER,          -- the position of that event; null: the key
	turned           INTEGER,          -- the number of the last event that began or ended it; null: that of the key
	added_by         BLOB    NOT NULL, -- see actorValue
	ended_by         BLOB,             -- the event that ended it with others, until an event of its own records the end
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER,          -- null: when it was created
	version          INTEGER NOT NULL,
	-- When it ends by itself, or its invitation does; null if it does not, or is over.
	ends_at          INTEGER AS (CASE state
		WHEN 'removed' THEN NULL
		WHEN 'invited' THEN min(coalesce(expires_at, invitation_ends), invitation_ends)
		ELSE expires_at END) VIRTUAL,
	PRIMARY KEY (workspace, key),
	UNIQUE (workspace, person)
) WITHOUT ROWID;
CREATE INDEX memberships_role ON memberships (workspace, role);

CREATE TABLE tokens (
	key          INTEGER PRIMARY KEY,
	id           BLOB    NOT NULL UNIQUE,
	organization INTEGER NOT NULL,
	name         TEXT    NOT NULL,
	secret       BLOB    NOT NULL, -- SHA-256
	former       BLOB,             -- the secret before the last rotation
	former_until INTEGER,          -- from then on the former secret is not accepted
	scopes       TEXT    NOT NULL, -- a list
	workspace    BLOB,             -- null: every workspace
	user         BLOB,             -- null: bound to no person
	issuer       BLOB,             -- the user who issued it; null: a program or the operator
	expires_at   INTEGER,          -- null: never
	revoked_at   INTEGER,          -- null: not revoked
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	version      INTEGER NOT NULL
);

CREATE TABLE subscriptions (
	key          INTEGER PRIMARY KEY,
	id           BLOB    NOT NULL UNIQUE,
	organization INTEGER NOT NULL,
	kind         TEXT    NOT NULL,
	secret       BLOB    NOT NULL, -- SHA-256
	former       BLOB,             -- the secret before the last rotation
	former_until INTEGER,          -- from then on the former secret is not accepted
	generation   INTEGER NOT NULL, -- of the secret
	start        INTEGER NOT NULL, -- see domain.Subscription.Start
	cursor_set   INTEGER NOT NULL, -- see domain.Subscription.Set
	epoch        INTEGER NOT NULL, -- see domain.Subscription.Epoch
	resumed      INTEGER NOT NULL DEFAULT 0, -- the number of the event that resumed it last
	name         TEXT    NOT NULL,
	types        TEXT    NOT NULL, -- a list; empty: all
	workspace    BLOB,             -- null: every workspace
	url          TEXT    NOT NULL, -- of a webhook, or ''
	include      TEXT,             -- a list; null: nothing
	batch        INTEGER NOT NULL,
	paused_at    INTEGER,          -- null: not paused
	pause        TEXT    NOT NULL DEFAULT '',
	detail       TEXT    NOT NULL DEFAULT '', -- of the pause
	deleted_at   INTEGER,          -- null: not deleted
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	version      INTEGER NOT NULL
);

-- Who had access is not here: that follows from the history and never changes.
CREATE TABLE reviews (
	key          INTEGER PRIMARY KEY,
	id           BLOB    NOT NULL UNIQUE,
	organization INTEGER NOT NULL,
	workspace    BLOB,             -- null: all of them
	name         TEXT    NOT NULL,
	as_of        INTEGER NOT NULL, -- the number of an event of the organization's partition
	at           INTEGER NOT NULL, -- the moment that is reviewed
	rows         INTEGER NOT NULL,
	kept         INTEGER NOT NULL DEFAULT 0,
	revoked      INTEGER NOT NULL DEFAULT 0,
	due_at       INTEGER,          -- null: no such time
	opened_by    TEXT    NOT NULL, -- the id of a user or token, or '' for the system
	closed_at    INTEGER,          -- null: open
	closed_by    TEXT    NOT NULL DEFAULT '',
	why          TEXT    NOT NULL DEFAULT '', -- rows were left undecided
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	version      INTEGER NOT NULL
);

-- The rows of reviews that were decided.
CREATE TABLE review_rows (
	key        INTEGER PRIMARY KEY,
	review     BLOB    NOT NULL,
	workspace  BLOB    NOT NULL,
	user       BLOB    NOT NULL,
	decision   TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	reviewer   TEXT    NOT NULL,
	event      BLOB    NOT NULL, -- the last one that said so
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	UNIQUE (review, workspace, user)
);

-- The results of commands with an idempotency key. The row's key is that of the
-- command's last event.
CREATE TABLE done (
	key          INTEGER PRIMARY KEY,
	organization INTEGER NOT NULL,
	command      BLOB    NOT NULL,
	request      BLOB    NOT NULL, -- SHA-256
	types        TEXT    NOT NULL, -- a list
	after        BLOB    NOT NULL, -- see the table parts
	UNIQUE (organization, command)
);
`

// indexes are the indexes that only queries need. A rebuild makes them once all rows
// are there. For a million events that costs no more, and it avoids scattered writes to
// indexes that do not fit into the cache.
//
// The secrets of invitations are random and therefore unique, but memberships_invitation
// does not enforce that. An event with a repeated secret would stay in the log, and a
// unique index would stop the read models at it for ever.
//
// memberships_rare has no entries for active members, so it costs nothing when members
// are added.
const indexes = `
CREATE        INDEX organizations_created   ON organizations (created_at, key);
CREATE        INDEX people_email            ON people (organization, folded_email);
CREATE        INDEX people_name             ON people (organization, folded_name);
CREATE        INDEX people_last             ON people (organization, folded_last) WHERE folded_last > '';
CREATE        INDEX people_members          ON people (organization) WHERE role > '';
CREATE        INDEX people_members_email    ON people (organization, folded_email) WHERE role > '';
CREATE        INDEX people_members_name     ON people (organization, folded_name) WHERE role > '';
CREATE        INDEX people_admins           ON people (organization) WHERE role IN ('owner', 'admin');
CREATE        INDEX people_suspended        ON people (organization) WHERE suspended_at IS NOT NULL;
CREATE        INDEX people_erasing          ON people (erasure_asked) WHERE erasure_asked IS NOT NULL AND erasure_done IS NULL;
CREATE        INDEX people_profiles         ON people (organization) WHERE profile_version IS NOT NULL;
CREATE        INDEX roles_created           ON roles (organization);
CREATE        INDEX roles_id                ON roles (organization, id);
CREATE        INDEX workspaces_created      ON workspaces (organization);
CREATE UNIQUE INDEX memberships_id          ON memberships (id);
` + membershipsOfPeople + `
CREATE        INDEX memberships_invitation  ON memberships (invitation) WHERE invitation IS NOT NULL;
CREATE        INDEX memberships_ends        ON memberships (ends_at) WHERE ends_at IS NOT NULL;
CREATE        INDEX memberships_ending      ON memberships (ended_by, person) WHERE ended_by IS NOT NULL;
CREATE        INDEX memberships_rare        ON memberships (workspace, state) WHERE state <> 'active';
CREATE        INDEX memberships_permissions ON memberships (workspace, permissions) WHERE permissions IS NOT NULL AND state <> 'removed';
CREATE        INDEX reviews_created         ON reviews (organization);
CREATE        INDEX review_rows_decided     ON review_rows (review);
CREATE        INDEX subscriptions_created   ON subscriptions (organization);
CREATE        INDEX tokens_created          ON tokens (organization);
CREATE UNIQUE INDEX tokens_secret           ON tokens (secret);
CREATE        INDEX tokens_former           ON tokens (former) WHERE former IS NOT NULL;
`

const membershipsOfPeople = `CREATE INDEX IF NOT EXISTS memberships_workspaces ON memberships (person, workspace);`

// tableNames are the names of all tables, for [ReadModels.Fingerprint].
var tableNames = []string{"checkpoints", "organizations", "people", "roles", "workspaces", "memberships", "tokens", "subscriptions", "reviews", "review_rows", "done"}
