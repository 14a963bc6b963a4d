#!/usr/bin/env bash
# Healthcheck: ends with 0 when a complete backup of the last 26 hours is there.
set -euo pipefail
oldest=$(date -u -d "26 hours ago" +%Y-%m-%dT%H%M%SZ)
newest=$(find "$BACKUPS" -mindepth 1 -maxdepth 1 -type d -name '20??-??-??T??????Z' -printf '%f\n' | sort | tail --lines=1)
if [[ ! $newest > $oldest ]]; then
    echo "No backup in the last 26 hours. The newest is: ${newest:-none}." >&2
    exit 1
fi
