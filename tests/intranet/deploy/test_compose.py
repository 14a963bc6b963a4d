"""What docker-compose.yml promises about every container."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.intranet.deploy import plan

SERVICES: dict[str, Any] = plan.compose(plan.example_settings())["services"]
ONE_SHOTS = {"migrate", "rights", "restore"}
PROGRAMS = Path(sys.executable).parent


def test_the_compose_file_follows_the_published_schema() -> None:
    command = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    done = subprocess.run(command, cwd=plan.CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok -- validation done")


def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    done = subprocess.run([PROGRAMS / "hadolint", "Dockerfile"], cwd=plan.CHECKOUT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_process_of_the_product_is_there() -> None:
    assert sorted(SERVICES) == [
        "backup",
        "beat",
        "mail-catcher",
        "migrate",
        "postgres",
        "proxy",
        "redis",
        "restore",
        "rights",
        "watchdog",
        "web",
        "worker-heavy",
        "worker-tick",
    ]
    assert SERVICES["beat"]["deploy"]["replicas"] == 2
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "mail-catcher": ["mail-catcher"],
        "restore": ["restore"],
    }


def test_only_the_proxy_publishes_ports() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_does_not_run_as_root(name: str) -> None:
    user = str(SERVICES[name].get("user") or plan.image_instructions("USER")[-1])
    assert int(user.split(":")[0]) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_images_carry_a_version(name: str) -> None:
    assert SERVICES[name]["image"].rpartition(":")[2] not in {"", "latest"}


def test_what_serves_others_says_whether_it_is_well() -> None:
    asked = {name for name, service in SERVICES.items() if "healthcheck" in service}
    assert asked == {"postgres", "redis", "web", "worker-tick", "worker-heavy", "proxy", "backup"}


def test_databases_cannot_be_reached_from_outside_nor_reach_it() -> None:
    compose = plan.compose(plan.example_settings())
    inner = {name for name, network in compose["networks"].items() if network.get("internal")}
    assert inner == {"data", "inside"}
    for name in ("postgres", "redis", "worker-heavy", "beat", "backup", "restore", "migrate", "rights"):
        assert SERVICES[name]["networks"] == ["data"]
    assert "data" not in SERVICES["proxy"]["networks"]


def test_secrets_come_as_files_and_only_to_those_who_need_them() -> None:
    granted = {name: sorted(service["secrets"]) for name, service in SERVICES.items() if "secrets" in service}
    application = ["database_url", "email_password", "redis_url", "secret_key"]
    ticking = ["bounce_imap_password", *application]
    assert granted == {
        "postgres": [
            "database_app_password",
            "database_backup_password",
            "database_owner_password",
            "database_superuser_password",
        ],
        "redis": ["redis_conf"],
        "migrate": ["database_owner_url", "email_password", "redis_url", "secret_key"],
        "rights": ["database_owner_password"],
        "web": sorted([*application, "mail_webhook_secret", "metrics_token"]),
        "worker-tick": ticking,
        "worker-heavy": application,
        "beat": application,
        "watchdog": ticking,
        "backup": ["backup_certificate", "database_backup_password"],
        "restore": ["backup_key", "database_owner_password"],
    }
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("SECRET", "PASSWORD", "DATABASE_URL", "REDIS_URL")):
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")


def test_only_the_web_server_keeps_a_pool_of_connections() -> None:
    without = {name for name, service in SERVICES.items() if service.get("environment", {}).get("DATABASE_POOL") == "0"}
    assert without == {"migrate", "worker-tick", "worker-heavy", "beat", "watchdog"}


def test_the_watchdog_needs_no_broker() -> None:
    assert set(SERVICES["watchdog"]["depends_on"]) == {"rights"}
    assert set(SERVICES["worker-tick"]["depends_on"]) == {"rights", "redis"}


def test_settings_without_a_sensible_default_must_be_given() -> None:
    for name in ("SITE_HOST", "EMAIL_HOST", "TLS"):
        settings = plan.example_settings()
        del settings[name]
        with pytest.raises(KeyError, match=name):
            plan.compose(settings)


def test_the_example_of_settings_names_every_setting() -> None:
    used = plan.names_in(plan.CHECKOUT / "docker-compose.yml")
    optional = {"HTTP_PORT", "HTTPS_PORT", "INTRANET_VERSION", "LOG_LEVEL"}
    assert used - optional == set(plan.example_settings())
