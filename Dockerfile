# syntax=docker/dockerfile:1
# One image for every process of the intranet: web, workers, beats, watchdog and the release step.

FROM python:3.13-slim-trixie AS packages

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/production.txt /production.txt
RUN python -m venv /opt/packages \
    && /opt/packages/bin/pip install --require-hashes --only-binary=:all: -r /production.txt


FROM python:3.13-slim-trixie

ENV PATH=/opt/packages/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    INTRANET_MODE=production \
    DJANGO_SETTINGS_MODULE=intranet.settings \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/srv/media

RUN groupadd --gid 10001 intranet \
    && useradd --uid 10001 --gid intranet --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin intranet \
    && install --directory --owner intranet --group intranet --mode 0750 /srv/media

WORKDIR /srv/intranet
COPY --from=packages /opt/packages /opt/packages
COPY . .

# Static files need settings, and settings need secrets: these exist for this one command and reach nothing.
RUN random() { python -c "import secrets; print(secrets.token_hex(32))"; } \
    && python -c "import hashlib, pathlib; files = sorted(path for path in pathlib.Path().rglob('*') if path.is_file()); \
       print(hashlib.sha256(b''.join(path.read_bytes() for path in files)).hexdigest()[:12])" >BUILD \
    && chmod -R go=rX . \
    && python -m compileall -q accounts intranet protocols scheduling \
    && SECRET_KEY="$(random)" \
       DATABASE_URL="postgresql://build:$(random)@localhost/build" \
       REDIS_URL="redis://:$(random)@localhost/0" \
       SITE_ORIGIN=https://build.invalid \
       EMAIL_HOST=build.invalid \
       python manage.py collectstatic --no-input

USER 10001:10001
