-- After each migration, as intranet_owner. A trigger that refuses changes could be switched off by a session setting;
-- a right that the role does not have cannot. So the rows of every table with such a trigger are the owner's alone.
\set ON_ERROR_STOP on
SELECT format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM intranet_app', tgrelid::regclass)
FROM pg_trigger
WHERE tgname LIKE 'pgtrigger\_refuse\_update\_and\_delete\_%'
\gexec
-- Which migrations have run is the owner's business as well.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM intranet_app;
