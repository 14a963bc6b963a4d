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
        printf '%s\n' "$2" >"$1.draft"
        chmod 0444 "$1.draft"
        mv "$1.draft" "$1"
        echo "made $1"
    fi
}

for name in secret_key database_superuser_password database_owner_password database_app_password \
    database_backup_password redis_password; do
    value=$(openssl rand -hex 32)
    keep "$name" "$value"
done
keep database_owner_url \
    "postgresql://intranet_owner:$(cat database_owner_password)@${DATABASE_HOST:-postgres}/intranet"
keep database_url "postgresql://intranet_app:$(cat database_app_password)@${DATABASE_HOST:-postgres}/intranet"
keep redis_conf "requirepass $(cat redis_password)"
keep redis_url "redis://:$(cat redis_password)@${REDIS_HOST:-redis:6379}/0"
keep email_password ""
# Empty: there is no bounce mailbox, no address for the mail provider, and no /metrics. docs/operations.md says how to have them.
for name in bounce_imap_password mail_webhook_secret metrics_token; do
    keep "$name" ""
done

if [ ! -e backup_certificate ]; then
    value=$(openssl genrsa 4096 2>/dev/null)
    keep backup_key "$value"
    value=$(openssl req -x509 -new -key backup_key -days 36500 -subj "/CN=intranet backup")
    keep backup_certificate "$value"
    echo "Store $folder/backup_key away from this machine, in two places: without it no backup can be read." >&2
    echo "Then delete it here: the nightly backup needs only the certificate." >&2
fi
