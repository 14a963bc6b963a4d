"""docker-compose.yml, Dockerfile and .dockerignore, read as an engine would read them."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
SERVICES_OF_THE_IMAGE = ["migrate", "web", "worker-tick", "worker-heavy", "beat", "watchdog"]


def compose(settings: dict[str, str]) -> dict[str, Any]:
    """The compose file with anchors merged and ${NAME:-default} filled in from `settings`, as from .env."""
    return filled(yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text()), settings)


def filled(part: Any, settings: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: filled(value, settings) for name, value in part.items()}
    if isinstance(part, list):
        return [filled(value, settings) for value in part]
    if not isinstance(part, str):
        return part
    return re.sub(r"\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})", lambda found: fill(found, settings), part)


def fill(found: re.Match[str], settings: dict[str, str]) -> str:
    name, kind, word = found.groups()
    if name is None:
        return "$"
    if settings.get(name):
        return settings[name]
    if kind == "?":
        raise KeyError(f"{name}: {word}")
    return word or ""


def names_in(file: Path) -> set[str]:
    """The names of all ${NAME...} in a compose file."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", file.read_text()))


def example_settings() -> dict[str, str]:
    """What deploy/example.env says."""
    lines = (CHECKOUT / "deploy" / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def image_instructions(name: str) -> list[str]:
    """The arguments of each instruction of this name in the Dockerfile's last stage, continued lines joined."""
    text = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")
    stage = re.split(r"^FROM .*$", text, flags=re.MULTILINE)[-1]
    return re.findall(rf"^{name} +(.*)$", stage, flags=re.MULTILINE)


def image_environment() -> dict[str, str]:
    pairs = [pair for line in image_instructions("ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def image_files() -> list[Path]:
    """What COPY takes from the checkout, by .dockerignore: the last pattern that matches a path decides."""
    rules = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    roots = sorted({rule[1:].split("/")[0] for rule in rules if rule.startswith("!")})
    files = [file for root in roots for file in every_file(CHECKOUT / root)]
    return [file for file in (file.relative_to(CHECKOUT) for file in files) if not ignored(file, rules)]


def every_file(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def ignored(file: Path, rules: list[str]) -> bool:
    verdict = False
    ways = [str(file), *(str(parent) for parent in file.parents if parent != Path())]
    for rule in rules:
        pattern = rule.removeprefix("!")
        if any(fnmatch(way, pattern) or fnmatch(way, pattern.removeprefix("**/")) for way in ways):
            verdict = not rule.startswith("!")
    return verdict
