-- Version 6. The parent that a lease's interface is on, as JSON; NULL in earlier leases.

ALTER TABLE lease ADD COLUMN parent TEXT;
