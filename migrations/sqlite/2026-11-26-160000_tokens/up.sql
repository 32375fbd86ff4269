-- What programs act with in a person's name. Of the secret itself only the digest is kept. `scopes` are words between commas.
CREATE TABLE api_tokens (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    label TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER,
    revoked_by TEXT,
    CONSTRAINT api_tokens_hash UNIQUE (token_hash),
    CONSTRAINT api_tokens_user FOREIGN KEY (user_id) REFERENCES users (id)
) STRICT;
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

-- What was answered to a request that a client may repeat under the same key: kept for some days, blank while it is being worked on.
CREATE TABLE api_requests (
    actor TEXT NOT NULL,
    request_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    holder TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body TEXT,
    CONSTRAINT api_requests_pk PRIMARY KEY (actor, request_key)
) STRICT;
CREATE INDEX api_requests_by_time ON api_requests (begun_at);
