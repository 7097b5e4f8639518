-- Version 3. The machine that wrote the file last, and the store's secret. A lease has aliases,
-- link-local addresses, a rank for default routes, and the path of its namespace. A former address
-- is in no gap until its holder is forgotten.

ALTER TABLE store ADD COLUMN boot TEXT;     -- the boot id of its kernel
ALTER TABLE store ADD COLUMN machine TEXT;  -- its machine-id, if it has one
ALTER TABLE store ADD COLUMN secret TEXT;

ALTER TABLE lease ADD COLUMN aliases TEXT NOT NULL DEFAULT '';       -- separated by spaces
ALTER TABLE lease ADD COLUMN link_local TEXT NOT NULL DEFAULT '';    -- separated by spaces
ALTER TABLE lease ADD COLUMN gw_priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN netns_path TEXT;

CREATE TABLE alias (
    network  INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    alias    TEXT NOT NULL,
    endpoint TEXT NOT NULL REFERENCES lease (endpoint) ON DELETE CASCADE,
    PRIMARY KEY (network, alias, endpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_endpoint ON alias (endpoint);

-- 1 if the address is in no gap, and given to others when no gap is left; 0 if not.
ALTER TABLE memory ADD COLUMN rests INTEGER NOT NULL DEFAULT 1;
UPDATE memory SET rests = 0 WHERE until IS NULL;
CREATE INDEX memory_rests ON memory (network, until, released) WHERE rests = 1;
