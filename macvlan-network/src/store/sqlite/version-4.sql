-- Version 4. A container may have several interfaces in a network, which share its names. A lease
-- may be pending: it has no namespace yet, and `boot` is the boot in which it was made.

CREATE TABLE lease_4 (
    network       INTEGER NOT NULL REFERENCES network,
    container     TEXT NOT NULL,
    endpoint      TEXT NOT NULL UNIQUE,
    name          TEXT,
    host          TEXT NOT NULL,
    interface     TEXT NOT NULL,
    mac           TEXT,
    addresses     TEXT NOT NULL,                -- with prefix lengths, separated by spaces
    default_route INTEGER NOT NULL,
    boot          TEXT NOT NULL,
    inode         INTEGER,                      -- NULL: it is pending
    cookie        INTEGER,
    aliases       TEXT NOT NULL DEFAULT '',     -- separated by spaces
    link_local    TEXT NOT NULL DEFAULT '',     -- separated by spaces
    gw_priority   INTEGER NOT NULL DEFAULT 0,
    sequence      INTEGER NOT NULL DEFAULT 0,
    netns_path    TEXT,
    since         INTEGER,                      -- seconds since 1970; of a pending one
    uptime        INTEGER,                      -- the same since that boot
    link          TEXT,                         -- what its link is called on the host, before it is moved
    PRIMARY KEY (network, container, interface)
) STRICT, WITHOUT ROWID;
INSERT INTO lease_4 (network, container, endpoint, name, host, interface, mac, addresses, default_route,
                     boot, inode, cookie, aliases, link_local, gw_priority, sequence, netns_path)
    SELECT network, container, endpoint, name, host, interface, mac, addresses, default_route,
           boot, inode, cookie, aliases, link_local, gw_priority, sequence, netns_path FROM lease;
DROP TABLE lease;
ALTER TABLE lease_4 RENAME TO lease;
CREATE INDEX lease_container ON lease (container);
CREATE INDEX lease_name ON lease (network, name) WHERE name IS NOT NULL;

-- The interface that had the address.
ALTER TABLE memory ADD COLUMN interface TEXT;
