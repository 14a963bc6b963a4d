"""Template checks for `make check`: each compiles, and none breaks the house rules on script, style and escaping."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.template import TemplateSyntaxError, engines

from intranet.dev.folder import CHECKOUT

# What the content security policy would block, or what would let a stored text become markup.
MARKUP_RULES = {
    r"<[^>]*\sstyle\s*=": "an inline style",
    r"<style\b": "a style element",
    r"<script\b(?![^>]*\ssrc\s*=)(?![^>]*\snonce\s*=)": "an inline script",
    r"<[a-z][^>]*\son[a-z]+\s*=": "an inline event handler",
    r"javascript:": "a javascript: address",
}
TEMPLATE_RULES = {
    r"\|\s*(safe|safeseq)\b": "the safe filter",
    r"\{%\s*autoescape\s+off": "escaping switched off",
    r"""<form\b(?=[^>]*method=["']?post)(?:(?!</form>)(?!csrf_token).)*</form>""": "a POST form without csrf_token",
}
PYTHON_RULES = {r"\bmark_safe\b|\bSafe(?:String|Text)\(": "mark_safe"}
# The one module that makes trusted markup.
TRUSTED = {"intranet/core/richtext.py"}
PLAIN_TEXT = {".txt"}
# A mail has no policy and no file of styles beside it: what it looks like stands in its head.
OF_MAILS, STYLE = "email/", "a style element"
TOP = ("accounts", "intranet", "protocols", "scheduling")


def template_files(root: Path) -> list[Path]:
    """Every template below the product's packages."""
    return sorted(
        file for top in TOP for file in (root / top).glob("**/templates/**/*") if file.is_file() and file.suffix
    )


def faults_in_template(text: str) -> Iterator[tuple[int, str]]:
    """(line number, fault) of each breach. Comments are left out; a tag's words are no markup."""
    text = re.sub(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", _blanked, text, flags=re.DOTALL)
    yield from faults_in(text, TEMPLATE_RULES)
    yield from faults_in(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", _blanked, text, flags=re.DOTALL), MARKUP_RULES)


def faults_in(text: str, rules: dict[str, str]) -> Iterator[tuple[int, str]]:
    """(line number, fault) of each breach of the rules."""
    for pattern, fault in rules.items():
        for match in re.finditer(pattern, text, flags=re.IGNORECASE | re.DOTALL):
            yield text.count("\n", 0, match.start()) + 1, fault


def _blanked(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def may_be_in(name: str, fault: str) -> bool:
    return name.startswith(OF_MAILS) and fault == STYLE


def compile_fault(name: str) -> str | None:
    try:
        engines["django"].get_template(name)
    except TemplateSyntaxError as error:
        return f"does not compile: {error}"
    return None


def check(root: Path) -> list[str]:
    """One line for each fault."""
    found = []
    for file in template_files(root):
        shown = file.relative_to(root)
        name = str(file).rpartition("/templates/")[2]
        if fault := compile_fault(name):
            found.append(f"{shown}: {fault}")
        if file.suffix not in PLAIN_TEXT:
            faults = [fault for fault in faults_in_template(file.read_text()) if not may_be_in(name, fault[1])]
            found += [f"{shown}:{line}: {fault}" for line, fault in faults]
    for file in sorted(python for top in TOP for python in (root / top).glob("**/*.py")):
        shown = file.relative_to(root)
        if str(shown) not in TRUSTED and file != Path(__file__):
            found += [f"{shown}:{line}: {fault}" for line, fault in faults_in(file.read_text(), PYTHON_RULES)]
    return found


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")
    django.setup()
    faults = check(CHECKOUT)
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
