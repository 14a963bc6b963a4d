#!/usr/bin/env bash
# Runs rights.sql as the role and on the database that the PG* variables name.
set -euo pipefail
PGPASSWORD=$(cat "$PASSWORD_FILE")
export PGPASSWORD
exec psql --no-psqlrc --quiet --file="$(dirname "$0")/rights.sql"
