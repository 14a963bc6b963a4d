-- After each migration, as intranet_owner. A trigger could be switched off or ignored; a right that a role does not have
-- cannot. So the rows of every table that refuses UPDATE and DELETE by a trigger are the owner's alone. Such a trigger runs
-- for each row, before UPDATE and DELETE, and the name of its function says "refuse".
\set ON_ERROR_STOP on
SELECT format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM intranet_app', tgrelid::regclass)
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE proname LIKE '%refuse%' AND tgtype & 31 = 1 + 2 + 8 + 16 -- row, before, delete, update; not insert
\gexec
-- Which migrations have run is the owner's business as well.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM intranet_app;
