#!/bin/sh
# Bring the database to this version: once per deployment, as the role that owns it, before anything else starts.
set -eu
python manage.py migrate --no-input
python manage.py createcachetable
python manage.py clearsessions
