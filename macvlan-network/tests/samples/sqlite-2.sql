-- A file of version 2, as `.dump` prints it.
PRAGMA foreign_keys = OFF;
PRAGMA journal_mode = wal;
PRAGMA user_version = 2;
PRAGMA application_id = 0x6d766c6e;
BEGIN TRANSACTION;
CREATE TABLE address (
    network  INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address  BLOB NOT NULL,
    endpoint TEXT REFERENCES lease (endpoint) ON DELETE CASCADE,
    since    INTEGER NOT NULL,          -- seconds since 1970
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
INSERT INTO "address" VALUES(1,X'00000000000000000000FFFF0A010400','552f1fba3e1288a7c3bc457484ba6c337cc3de6b2dc4fbb1c0cddddf5054c9fd',1795959774);
INSERT INTO "address" VALUES(1,X'FD000001000000000000000000000001','552f1fba3e1288a7c3bc457484ba6c337cc3de6b2dc4fbb1c0cddddf5054c9fd',1795959774);
INSERT INTO "address" VALUES(2,X'00000000000000000000FFFF0A020002','6d87de730a660ee76d38fec9b18086280d9d064674deeb2f96f715128e5b5780',1795959774);
INSERT INTO "address" VALUES(2,X'00000000000000000000FFFF0A020003','07c5e238c75d76e2e900ea080e3aa7153a24ab3f840b8146705ed3b0138b6983',1795959774);
INSERT INTO "address" VALUES(2,X'00000000000000000000FFFF0A02004D',NULL,1795959774);
CREATE TABLE gap (
    network INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool    INTEGER NOT NULL,
    first   BLOB NOT NULL,
    last    BLOB NOT NULL,
    PRIMARY KEY (network, pool, first)
) STRICT, WITHOUT ROWID;
INSERT INTO "gap" VALUES(1,0,X'00000000000000000000FFFF0A010402',X'00000000000000000000FFFF0A010408');
INSERT INTO "gap" VALUES(1,0,X'00000000000000000000FFFF0A01040A',X'00000000000000000000FFFF0A0104FF');
INSERT INTO "gap" VALUES(1,1,X'FD000001000000000000000000000003',X'FD00000100000000FFFFFFFFFFFFFFFF');
INSERT INTO "gap" VALUES(2,0,X'00000000000000000000FFFF0A020004',X'00000000000000000000FFFF0A02004C');
INSERT INTO "gap" VALUES(2,0,X'00000000000000000000FFFF0A02004E',X'00000000000000000000FFFF0A0200FE');
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
INSERT INTO "lease" VALUES(1,'c1','552f1fba3e1288a7c3bc457484ba6c337cc3de6b2dc4fbb1c0cddddf5054c9fd','web','a','eth0','0a:12:2c:6e:19:ab','10.1.4.0/16 fd00:1::1/64',0,'5a1e2b8c-0000-0000-0000-000000000000',4026533156,131859);
INSERT INTO "lease" VALUES(2,'c1','6d87de730a660ee76d38fec9b18086280d9d064674deeb2f96f715128e5b5780','web','a','eth1','02:42:0a:02:00:02','10.2.0.2/24',1,'5a1e2b8c-0000-0000-0000-000000000000',4026533156,131859);
INSERT INTO "lease" VALUES(2,'c2','07c5e238c75d76e2e900ea080e3aa7153a24ab3f840b8146705ed3b0138b6983',NULL,'a','eth0','02:42:0a:02:00:03','10.2.0.3/24',1,'5a1e2b8c-0000-0000-0000-000000000000',4026533296,131860);
CREATE TABLE memory (
    network   INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    address   BLOB NOT NULL,
    container TEXT NOT NULL,
    released  INTEGER NOT NULL,
    until     INTEGER,
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;
INSERT INTO "memory" VALUES(1,X'00000000000000000000FFFF0A010401','c3',1795959774,4102444800);
INSERT INTO "memory" VALUES(1,X'FD000001000000000000000000000002','c3',1795959774,4102444800);
CREATE TABLE network (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    name    TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    config  TEXT NOT NULL               -- JSON
) STRICT;
INSERT INTO "network" VALUES(1,'7905d990ada6ae03d81513aa35f0a8f40ced2b76bd1c76fe4a628f35b08a34a8','full','2026-11-29T13:42:54Z','{"version":1,"name":"full","parent":"ens33","mode":"private","subnets":[{"net":"10.1.0.0/16","gateway":{"at":"10.1.0.254"},"range":"10.1.4.0/24","reserved":{"printer":"10.1.4.9"}},{"net":"fd00:1::/64","gateway":"none","range":null,"reserved":{}}],"internal":true,"mtu":1400,"order":"next","mac_from":"container","probe":false,"duplicate_detection":true,"share":64,"keep":{"secs":3600,"nanos":500000000},"options":{"o":"1"},"labels":{"l":"2"}}');
INSERT INTO "network" VALUES(2,'44b141c75e08b9a82856b6d47447e54cff4d45443986310d5cb18d7fe8cc497a','plain','2026-11-29T13:42:54Z','{"version":1,"name":"plain","parent":"ens33","mode":"bridge","subnets":[{"net":"10.2.0.0/24","gateway":"first","range":null,"reserved":{}}],"internal":false,"mtu":null,"order":"first","mac_from":"address","probe":false,"duplicate_detection":false,"share":null,"keep":{"secs":0,"nanos":0},"options":{},"labels":{}}');
CREATE TABLE pool (
    network    INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
    pool       INTEGER NOT NULL,        -- the subnet's place among the network's
    given_last BLOB,
    PRIMARY KEY (network, pool)
) STRICT, WITHOUT ROWID;
INSERT INTO "pool" VALUES(1,0,X'00000000000000000000FFFF0A010401');
INSERT INTO "pool" VALUES(1,1,X'FD000001000000000000000000000002');
INSERT INTO "pool" VALUES(2,0,X'00000000000000000000FFFF0A020003');
CREATE INDEX lease_container ON lease (container);
CREATE INDEX address_endpoint ON address (endpoint);
CREATE INDEX memory_container ON memory (network, container);
CREATE INDEX memory_until ON memory (network, until) WHERE until IS NOT NULL;
CREATE TABLE store (
    id TEXT NOT NULL
) STRICT;
INSERT INTO store VALUES('70563c2c');
COMMIT;
