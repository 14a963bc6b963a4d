#!/usr/bin/env bash
# One backup: the database and the media, encrypted, in a folder of BACKUPS that is named by the moment (UTC).
# Needs PGHOST, PGUSER, PGDATABASE, PASSWORD_FILE, CERTIFICATE_FILE, BACKUPS, MEDIA, KEEP_DAYS. Prints the folder's name.
set -euo pipefail
umask 027
PGPASSWORD=$(cat "$PASSWORD_FILE")
export PGPASSWORD CERTIFICATE_FILE

# Pieces, because decrypting takes memory of three times a piece. Each piece says when a single bit of it is wrong.
encrypt() {
    # shellcheck disable=SC2016  # FILE is set by split
    split --bytes="${PIECE:-256M}" --numeric-suffixes --suffix-length=4 --additional-suffix=.cms --filter='
        openssl cms -encrypt -binary -stream -aes-256-gcm -outform DER \
            -recip "$CERTIFICATE_FILE" -keyopt rsa_padding_mode:oaep -out "$FILE"' - "$1."
}

until name=$(date -u +%Y-%m-%dT%H%M%SZ) && [[ ! -e $BACKUPS/$name ]]; do sleep 1; done
rm -rf "$BACKUPS"/.*.draft # of a run that was killed
draft=$BACKUPS/.$name.draft
trap 'rm -rf "$draft"' EXIT
mkdir "$draft"

# The database first: a file that is added meanwhile is then too many, never missing. Sessions must not come back.
pg_dump --format=custom --no-password \
    --exclude-table-data=public.django_session \
    --exclude-table-data=public.usersessions_usersession \
    --exclude-table-data=public.cache | encrypt "$draft/database.dump"
tar --create --directory="$MEDIA" . | encrypt "$draft/media.tar"
(cd "$draft" && sha256sum -- *.cms >SHA256SUMS)
sync "$draft"/*
mv "$draft" "$BACKUPS/$name"
echo "$name"

# Only now, and never the newest seven: a backup that has been failing for weeks must not eat the good ones.
oldest=$(date -u -d "$KEEP_DAYS days ago" +%Y-%m-%dT%H%M%SZ)
cd "$BACKUPS"
find . -mindepth 1 -maxdepth 1 -type d -name '20??-??-??T??????Z' -printf '%f\n' | sort | head --lines=-7 |
    while read -r old; do
        if [[ $old < $oldest ]]; then rm -rf -- "$old"; fi
    done
