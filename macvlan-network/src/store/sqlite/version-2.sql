-- Version 2. The file's `application_id` marks a store, and the store's id has a table.

CREATE TABLE store (
    id TEXT NOT NULL
) STRICT;
