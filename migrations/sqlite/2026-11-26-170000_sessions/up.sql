-- From which address a login came, and its last request; blank where that was before it was noted.
ALTER TABLE sessions ADD COLUMN opened_from TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_from TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_login_at INTEGER;
UPDATE users SET last_login_at = (SELECT MAX(created_at) FROM sessions WHERE user_id = users.id);
