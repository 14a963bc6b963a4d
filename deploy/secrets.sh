#!/bin/sh
# Makes every secret that docker-compose.yml names, in ./secrets (or in the folder given). Never changes one that is there.
# For servers elsewhere: DATABASE_HOST=db.example.org:5432 REDIS_HOST=... deploy/secrets.sh
set -eu
umask 077
folder=${1:-secrets}
mkdir -p "$folder"
cd "$folder"

# Containers run as users of their own, so the files are readable; the folder is not, and so nobody reaches them.
keep() {
    if [ ! -e "$1" ]; then
        cat >"$1.draft"
        chmod 0444 "$1.draft"
        mv "$1.draft" "$1"
        echo "made $1"
    fi
}

for name in secret_key database_superuser_password database_owner_password database_app_password \
    database_backup_password redis_password; do
    openssl rand -hex 32 | keep "$name"
done
echo "postgresql://intranet_owner:$(cat database_owner_password)@${DATABASE_HOST:-postgres}/intranet" | keep database_owner_url
echo "postgresql://intranet_app:$(cat database_app_password)@${DATABASE_HOST:-postgres}/intranet" | keep database_url
echo "requirepass $(cat redis_password)" | keep redis_conf
echo "redis://:$(cat redis_password)@${REDIS_HOST:-redis:6379}/0" | keep redis_url
keep email_password </dev/null

if [ ! -e backup_certificate ]; then
    openssl req -x509 -newkey rsa:4096 -nodes -days 36500 -subj "/CN=intranet backup" \
        -keyout backup_key.draft -out backup_certificate.draft 2>/dev/null
    keep backup_key <backup_key.draft
    keep backup_certificate <backup_certificate.draft
    rm backup_key.draft backup_certificate.draft
    echo "Store $folder/backup_key away from this machine, in two places: without it no backup can be read." >&2
    echo "Then delete it here: the nightly backup needs only the certificate." >&2
fi
