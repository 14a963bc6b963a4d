#!/usr/bin/env bash
# Restores the backup NAME into an empty database: restore.sh NAME
# Needs PGHOST, PGUSER (the database's owner), PGDATABASE, PASSWORD_FILE, KEY_FILE (private key), BACKUPS, MEDIA.
set -euo pipefail
umask 027
PGPASSWORD=$(cat "$PASSWORD_FILE")
export PGPASSWORD

refuse() {
    echo "$1" >&2
    exit 2
}

[[ $# -eq 1 ]] || refuse "Say which backup: one of $(find "$BACKUPS" -mindepth 1 -maxdepth 1 -name '20*Z' -printf '%f ')"
backup=$BACKUPS/$1
[[ -f $backup/SHA256SUMS ]] || refuse "There is no complete backup $backup."
(cd "$backup" && sha256sum --check --quiet --strict SHA256SUMS) || refuse "$1 is damaged; nothing was restored."
[[ -w $MEDIA ]] || refuse "The folder for uploads cannot be written. First: docker compose create web"
tables=$(psql --no-psqlrc --quiet --tuples-only --no-align --no-password \
    --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
[[ $tables == 0 ]] || refuse "The database has $tables tables. Restore into an empty one; nothing was changed."

work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT

# To a file first: a piece whose seal is broken must be noticed before anything is read from it.
decrypt() {
    local piece
    for piece in "$backup/$1".*.cms; do
        openssl cms -decrypt -binary -inform DER -inkey "$KEY_FILE" -in "$piece" -out "$work/piece" ||
            return 1
        cat "$work/piece"
    done
    rm -f "$work/piece"
}

decrypt database.dump >"$work/database.dump" || refuse "$1 cannot be decrypted with this key; nothing was restored."
pg_restore --exit-on-error --single-transaction --no-owner --no-acl --no-password \
    --dbname="$PGDATABASE" "$work/database.dump"
rm -f "$work/database.dump"
psql --no-psqlrc --quiet --no-password --command="SET client_min_messages = error" --command=ANALYZE
decrypt media.tar | tar --extract --directory="$MEDIA" --no-same-owner
echo "Restored $1. Start the intranet: docker compose up --detach"
