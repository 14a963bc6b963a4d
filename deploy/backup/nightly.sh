#!/usr/bin/env bash
# A backup every night at BACKUP_AT_UTC, and one at once when there is none of today. Ends at SIGTERM.
set -uo pipefail
here=$(dirname "$0")
trap 'exit 0' TERM INT

rest() {
    sleep "$1" &
    wait $! # unlike sleep itself, wait lets a signal in
}

attempt() {
    until bash "$here/backup.sh"; do
        echo "The backup failed; the next attempt is in 15 minutes." >&2
        rest 900
    done
}

bash "$here/recent.sh" || attempt
while true; do
    now=$(date +%s)
    next=$(date -u -d "today $BACKUP_AT_UTC" +%s)
    rest $((next > now ? next - now : next + 86400 - now))
    attempt
done
