-- Version 1. Addresses are 16 bytes, IPv4 ones as IPv4-mapped IPv6 ones, to sort as numbers.

CREATE TABLE network (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    config  TEXT NOT NULL               -- JSON
) STRICT;

-- The address of each subnet that was given last.
CREATE TABLE pool (
    network    INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool       INTEGER NOT NULL,        -- the subnet's place among the network's
    given_last BLOB,
    PRIMARY KEY (network, pool)
) STRICT, WITHOUT ROWID;

-- The gaps of free addresses, no two of which touch.
CREATE TABLE gap (
    network INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool    INTEGER NOT NULL,
    first   BLOB NOT NULL,
    last    BLOB NOT NULL,
    PRIMARY KEY (network, pool, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    network       INTEGER NOT NULL REFERENCES network,
    container     TEXT NOT NULL,
    endpoint      TEXT NOT NULL UNIQUE,
    name          TEXT,
    host          TEXT NOT NULL,
    interface     TEXT NOT NULL,
    mac           TEXT,
    addresses     TEXT NOT NULL,        -- with prefix lengths, separated by spaces
    default_route INTEGER NOT NULL,
    boot          TEXT NOT NULL,
    inode         INTEGER NOT NULL,
    cookie        INTEGER,
    PRIMARY KEY (network, container),
    UNIQUE (network, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_container ON lease (container);

-- The holder of an address: a lease, or a host outside of the network.
CREATE TABLE address (
    network  INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address  BLOB NOT NULL,
    endpoint TEXT REFERENCES lease (endpoint) ON DELETE CASCADE,
    since    INTEGER NOT NULL,          -- seconds since 1970
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_endpoint ON address (endpoint);

-- The former holder of an address. With `until` it is kept for that container, and in no gap.
CREATE TABLE memory (
    network   INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address   BLOB NOT NULL,
    container TEXT NOT NULL,
    released  INTEGER NOT NULL,
    until     INTEGER,
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_container ON memory (network, container);
CREATE INDEX memory_until ON memory (network, until) WHERE until IS NOT NULL;
