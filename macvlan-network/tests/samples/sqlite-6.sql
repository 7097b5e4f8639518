-- A file of version 6, as `.dump` prints it.
PRAGMA foreign_keys = OFF;
PRAGMA journal_mode = wal;
PRAGMA user_version = 6;
PRAGMA application_id = 0x6d766c6e;
BEGIN TRANSACTION;
CREATE TABLE address (
    network  INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address  BLOB NOT NULL,
    endpoint TEXT REFERENCES lease (endpoint) ON DELETE CASCADE,
    since    INTEGER NOT NULL,          -- seconds since 1970
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010002','a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1',1795959774);
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010005','b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2',1795959774);
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010006','c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3',1795959774);
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010007','d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4',1795959774);
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010009','a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1',1795959774);
CREATE TABLE alias (
    network  INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    alias    TEXT NOT NULL,
    endpoint TEXT NOT NULL REFERENCES lease (endpoint) ON DELETE CASCADE,
    PRIMARY KEY (network, alias, endpoint)
) STRICT, WITHOUT ROWID;
INSERT INTO "alias" VALUES(1,'api','a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1');
INSERT INTO "alias" VALUES(1,'www','a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1');
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
INSERT INTO "former" VALUES(1,'c2','eth0','db','sql postgres','169.254.2.2',1,3,1,4102444800);
CREATE TABLE gap (
    network INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool    INTEGER NOT NULL,
    first   BLOB NOT NULL,
    last    BLOB NOT NULL,
    PRIMARY KEY (network, pool, first)
) STRICT, WITHOUT ROWID;
INSERT INTO "gap" VALUES(1,0,X'00000000000000000000FFFF0A010004',X'00000000000000000000FFFF0A010004');
INSERT INTO "gap" VALUES(1,0,X'00000000000000000000FFFF0A010008',X'00000000000000000000FFFF0A010008');
INSERT INTO "gap" VALUES(1,0,X'00000000000000000000FFFF0A01000A',X'00000000000000000000FFFF0A0100FE');
CREATE TABLE "lease" (
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
    link          TEXT, parent TEXT,            -- what its link is called on the host, before it is moved
    PRIMARY KEY (network, container, interface)
) STRICT, WITHOUT ROWID;
INSERT INTO "lease" VALUES(1,'c1','a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1','web','a','eth0','02:42:0a:01:00:02','10.1.0.2/24 10.1.0.9/24',1,'5a1e2b8c-0000-0000-0000-000000000000',4026532573,4103,'www api','169.254.1.1',5,2,'/run/netns/c1',NULL,NULL,NULL,'"ens33"');
INSERT INTO "lease" VALUES(1,'c1','b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2',NULL,'a','net1','02:42:0a:01:00:05','10.1.0.5/24',1,'5a1e2b8c-0000-0000-0000-000000000000',4026532573,4103,'','',0,3,'/run/netns/c1',NULL,NULL,NULL,'"ens33"');
INSERT INTO "lease" VALUES(1,'c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3','c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3',NULL,'a','eth0','02:42:0a:01:00:06','10.1.0.6/24',1,'5a1e2b8c-0000-0000-0000-000000000000',NULL,NULL,'','',0,0,NULL,1795969774,4711,NULL,'"ens33"');
INSERT INTO "lease" VALUES(1,'c4','d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4',NULL,'a','eth0','02:42:0a:01:00:07','10.1.0.7/24',0,'5a1e2b8c-0000-0000-0000-000000000000',NULL,NULL,'','',0,0,NULL,1795969774,4711,'mv-d4d4d4d4d4d4','"ens33"');
CREATE TABLE memory (
    network   INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address   BLOB NOT NULL,
    container TEXT NOT NULL,
    released  INTEGER NOT NULL,
    until     INTEGER, rests INTEGER NOT NULL DEFAULT 1, interface TEXT,
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
INSERT INTO "memory" VALUES(1,X'00000000000000000000FFFF0A010003','c2',4102444800,NULL,1,'eth0');
CREATE TABLE network (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    config  TEXT NOT NULL               -- JSON
) STRICT;
INSERT INTO "network" VALUES(1,'3f0c9d4e7a1b5c6d8e9f00112233445566778899aabbccddeeff001122334455','lan','2026-11-29T16:30:00Z','{"version":1,"name":"lan","parent":"ens33","mode":"bridge","subnets":[{"net":"10.1.0.0/24","gateway":"first","range":null,"reserved":{}}],"internal":false,"mtu":null,"order":"first","mac_from":"address","probe":false,"duplicate_detection":false,"share":null,"keep":{"secs":0,"nanos":0},"options":{},"labels":{}}');
CREATE TABLE pool (
    network    INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool       INTEGER NOT NULL,        -- the subnet's place among the network's
    given_last BLOB,
    PRIMARY KEY (network, pool)
) STRICT, WITHOUT ROWID;
INSERT INTO "pool" VALUES(1,0,X'00000000000000000000FFFF0A010003');
CREATE TABLE store (
    id TEXT NOT NULL
, boot TEXT, machine TEXT, secret TEXT) STRICT;
INSERT INTO "store" VALUES('5c2d9e10','5a1e2b8c-0000-0000-0000-000000000000',NULL,'8d2f6c01b7e4953a8d2f6c01b7e4953a8d2f6c01b7e4953a8d2f6c01b7e4953a');
CREATE INDEX address_endpoint ON address (endpoint);
CREATE INDEX memory_container ON memory (network, container);
CREATE INDEX memory_until ON memory (network, until) WHERE until IS NOT NULL;
CREATE INDEX alias_endpoint ON alias (endpoint);
CREATE INDEX memory_rests ON memory (network, until, released) WHERE rests = 1;
CREATE INDEX lease_container ON lease (container);
CREATE INDEX lease_name ON lease (network, name) WHERE name IS NOT NULL;
CREATE INDEX former_released ON former (network, released);
COMMIT;
