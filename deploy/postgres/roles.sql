-- The roles and the database, on an empty server; run by its superuser. Running it again sets the passwords anew.
--   intranet_owner   owns the database; migrations and restores run as it
--   intranet_app     what web, workers and watchdog are: reads and writes rows, changes no table
--   intranet_backup  reads everything, writes nothing
\set ON_ERROR_STOP on
\set owner_password `cat "${SECRETS:-/run/secrets}/database_owner_password"`
\set app_password `cat "${SECRETS:-/run/secrets}/database_app_password"`
\set backup_password `cat "${SECRETS:-/run/secrets}/database_backup_password"`

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['intranet_owner', 'intranet_app', 'intranet_backup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE intranet_owner PASSWORD :'owner_password';
ALTER ROLE intranet_app PASSWORD :'app_password';
ALTER ROLE intranet_backup PASSWORD :'backup_password';
GRANT pg_read_all_data TO intranet_backup;

SELECT 'CREATE DATABASE intranet OWNER intranet_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'intranet')
\gexec
REVOKE ALL ON DATABASE intranet FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE intranet TO intranet_app;
GRANT CONNECT ON DATABASE intranet TO intranet_backup;

\connect intranet
ALTER SCHEMA public OWNER TO intranet_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO intranet_app;
ALTER DEFAULT PRIVILEGES FOR ROLE intranet_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO intranet_app;
ALTER DEFAULT PRIVILEGES FOR ROLE intranet_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO intranet_app;
