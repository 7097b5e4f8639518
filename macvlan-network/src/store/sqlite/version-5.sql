-- Version 5. The names and settings of a container that is gone, for when it returns.

CREATE TABLE former (
    network       INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    container     TEXT NOT NULL,
    interface     TEXT NOT NULL,
    name          TEXT,
    aliases       TEXT NOT NULL,        -- separated by spaces
    link_local    TEXT NOT NULL,        -- separated by spaces
    default_route INTEGER,              -- NULL: the default, with the default priority
    gw_priority   INTEGER,
    sequence      INTEGER NOT NULL,
    released      INTEGER NOT NULL,     -- seconds since 1970
    PRIMARY KEY (network, container, interface)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_released ON former (network, released);
