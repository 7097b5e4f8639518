-- Version 3. Which machine the file belongs to, as of when it was written last; and the store's secret.

ALTER TABLE store ADD COLUMN boot TEXT;     -- the boot id of its kernel
ALTER TABLE store ADD COLUMN machine TEXT;  -- its machine-id, if it has one
ALTER TABLE store ADD COLUMN secret TEXT;
