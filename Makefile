# GNU make and a POSIX shell. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
# Without these, commands would start three times slower, or find foreign modules.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH

PYTHON ?=
PORT ?=
export PORT
VENV := .venv/bin/python
LOCAL := $(VENV) -m intranet.dev

# Have a requirements set in .venv: find a Python that is new enough and, if possible, has all of venv (Debian leaves
# a part out); prepare.py does the rest.
ASK := import sys, importlib.util as u; new = sys.version_info >= (3, 11); \
	print(sys.version.split()[0], "old" if not new else "whole" if u.find_spec("ensurepip") else "bare")
define prepare
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
		found=$$($$python -c '$(ASK)' 2>/dev/null) || continue; \
		case "$$found" in \
			*whole) exec $$python -m intranet.dev.prepare $(1);; \
			*bare) bare=$${bare:-$$python};; \
			*) old="$$old $$python is $${found% *}.";; \
		esac; \
	done; \
	test -z "$$bare" || exec $$bare -m intranet.dev.prepare $(1); \
	echo "Python 3.11 or newer with its venv module is needed.$${old:- None was found.} Install one" \
		"(Debian, Ubuntu: apt install python3 python3-venv), or name yours: PYTHON=/path/to/python3.11 make $(MAKECMDGOALS)" >&2; \
	exit 2
endef

# Settings that reach no server, for checks that need none.
DETACHED := INTRANET_MODE=local SECRET_KEY=checks-only-checks-only-checks-only-checks-only-checks-only \
	SITE_ORIGIN=http://localhost EMAIL_HOST=127.0.0.1 REDIS_URL=redis://127.0.0.1:1/0 \
	DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing
random = $$($(VENV) -c 'import secrets; print(secrets.token_hex($(1)))')
# Settings as production has them, with secrets that are thrown away.
PRODUCTION = INTRANET_MODE=production DEBUG=0 DEMO=0 SITE_ORIGIN=https://intranet.example.org EMAIL_HOST=mail.example.org \
	SECRET_KEY="$(call random,60)" REDIS_URL="redis://:$(call random,16)@redis.example.org:6379/0" \
	DATABASE_URL="postgresql://intranet:$(call random,16)@postgres.example.org/intranet"

.PHONY: run test bench soak check fix demo lock backup restore stop clean help setup setup-local
.PHONY: check-style check-types check-imports check-migrations check-production check-templates check-api check-deployment

run: setup-local ## start the intranet on this machine (PORT=8123 make run)
	@exec $(LOCAL) run --end-with-parent

test: setup ## run every test, with real servers and a real browser
	@$(VENV) -m tests.browser
	@exec $(LOCAL) exec --test --end-with-parent -- $(VENV) -m pytest -n 2 --dist loadscope

check: setup check-style check-types check-imports check-migrations check-production check-templates check-api check-deployment ## everything that is checked without running the product
	@echo "All checks passed."

check-style:
	@echo "Style ..."
	@$(VENV) -m ruff check --quiet
	@$(VENV) -m ruff format --check --quiet

check-types:
	@echo "Types ..."
	@$(DETACHED) $(VENV) -m mypy

check-imports:
	@echo "Import contracts ..."
	@.venv/bin/lint-imports --no-logo

check-migrations:
	@echo "Migrations ..."
	@$(LOCAL) exec --test --end-with-parent -- $(VENV) manage.py makemigrations --check --dry-run

check-production:
	@echo "Production settings ..."
	@$(PRODUCTION) $(VENV) manage.py check --deploy --fail-level WARNING

check-templates:
	@echo "Templates ..."
	@$(DETACHED) $(VENV) -m intranet.dev.templates

check-api:
	@echo "API document ..."
	@$(DETACHED) $(VENV) manage.py spectacular --validate --fail-on-warn --file /dev/null

check-deployment:
	@echo "Deployment files ..."
	@$(VENV) -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@.venv/bin/hadolint Dockerfile

fix: setup ## put style and format right where a program can
	@$(VENV) -m ruff check --fix --quiet || true
	@$(VENV) -m ruff format

demo: setup-local ## build the demo anew; everything in the local database is replaced
	@exec $(LOCAL) exec --end-with-parent -- $(VENV) manage.py demo --reset

lock: setup ## compile requirements/*.txt anew (UPGRADE=1 takes newer versions)
	@for name in production local development; do \
		case $$name in \
			production) extras= ;; \
			local) extras="--extra local" ;; \
			development) extras="--extra local --extra development" ;; \
		esac; \
		echo "Compiling requirements/$$name.txt ..."; \
		$(VENV) -m uv pip compile pyproject.toml $$extras --universal --generate-hashes --no-header \
			--no-emit-index-url --no-emit-find-links --python-version 3.11 --quiet \
			$(if $(UPGRADE),--upgrade) --output-file requirements/$$name.txt || exit 2; \
	done

bench: setup ## measure search by labelled queries, pages about very much, and a flood of reminders
	@$(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m benchmarks.search
	@$(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m benchmarks.people
	@$(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m benchmarks.protocols
	@$(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m benchmarks.roster
	@exec $(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m benchmarks.reminders

soak: setup ## every fault from many seeds, a table at the end (SEEDS=20 SEED=1 FAULTS=name,name QUICK=1 WRITE=docs/faults.md)
	@exec $(LOCAL) exec --test --end-with-parent -- env DJANGO_SETTINGS_MODULE=tests.settings $(VENV) -m tests.faults.soak \
		--seeds $(or $(SEEDS),20) --seed $(or $(SEED),1) $(if $(FAULTS),--faults $(FAULTS)) $(if $(QUICK),--quick) \
		$(if $(WRITE),--write $(WRITE))

backup: setup-local ## write the database and the documents into backups/
	@exec $(LOCAL) backup

restore: setup-local ## replace the database by a backup: make restore FILE=backups/NAME.dump
	@test -n "$(FILE)" || { echo "Name the backup: make restore FILE=backups/NAME.dump" >&2; exit 2; }
	@exec $(LOCAL) restore "$(FILE)"

stop: ## stop what runs in this checkout
	@test ! -d .local || $(or $(PYTHON),python3) -m intranet.dev.stopping

clean: stop ## remove .venv and .local with all local data
	rm -rf .venv .venv.lock .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup-local:
	$(call prepare,local)

setup:
	$(call prepare,development)
