"""What holds for every template: strict CSP, one icon sprite, no unsafe output, small files."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.template.loader import get_template

from intranet.core import navigation

ROOT = Path(settings.BASE_DIR)
OURS = {"accounts", "intranet", "protocols", "scheduling"}
FOLDERS = [
    ROOT / "intranet" / "templates",
    *(Path(app.path) / "templates" for app in apps.get_app_configs() if app.name.split(".")[0] in OURS),
]
TEMPLATES = {
    str(path.relative_to(folder)): path for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.is_file()
}
PAGES = {name: path for name, path in TEMPLATES.items() if path.suffix == ".html"}
MAILS = {name for name in PAGES if "email/" in name}
LONGEST = 150

SPRITE = set(re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "intranet/templates/_icons.html").read_text()))
SCRIPTS = sorted((ROOT / "intranet" / "static" / "js").glob("*.js"))

# Pages of the sign-in library that nobody can reach here, each with its reason.
UNREACHABLE = {
    "account/base_confirm_code.html": "no codes by e-mail",
    "account/base_entrance.html": "a frame of the library's own pages",
    "account/base_manage.html": "a frame of the library's own pages",
    "account/base_manage_email.html": "a frame of the library's own pages",
    "account/base_manage_password.html": "a frame of the library's own pages",
    "account/base_manage_phone.html": "a frame of the library's own pages",
    "account/confirm_email_verification_code.html": "no codes by e-mail",
    "account/confirm_login_code.html": "no codes by e-mail",
    "account/confirm_password_reset_code.html": "no codes by e-mail",
    "account/confirm_phone_verification_code.html": "nobody signs in with a phone number",
    "account/email.html": "one address a person: the page to change it replaces the list",
    "account/phone_change.html": "nobody signs in with a phone number",
    "account/request_login_code.html": "no codes by e-mail",
    "account/signup.html": "sign-up is closed",
    "account/signup_by_passkey.html": "sign-up is closed",
    "account/snippets/already_logged_in.html": "part of the library's own pages",
    "account/snippets/warn_no_email.html": "part of the library's own pages",
    "mfa/base_entrance.html": "a frame of the library's own pages",
    "mfa/base_manage.html": "a frame of the library's own pages",
    "mfa/recovery_codes/base.html": "a frame of the library's own pages",
    "mfa/totp/base.html": "a frame of the library's own pages",
    "mfa/webauthn/base.html": "a frame of the library's own pages",
    "mfa/webauthn/signup_form.html": "sign-up is closed",
    "mfa/webauthn/snippets/login_script.html": "our passkey module replaces it",
    "mfa/webauthn/snippets/scripts.html": "our passkey module replaces it",
    "usersessions/base_manage.html": "a frame of the library's own pages",
}


def faults(pattern: str, text: str) -> list[str]:
    return [found.group(0) for found in re.finditer(pattern, text, re.IGNORECASE)]


def test_the_templates_are_found() -> None:
    assert {"base.html", "_field.html", "account/login.html"} <= set(PAGES)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_it_compiles_and_is_the_one_that_wins(name: str) -> None:
    assert Path(get_template(name).origin.name) == TEMPLATES[name]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_inline_style_or_script(name: str) -> None:
    text = TEMPLATES[name].read_text()
    assert faults(r"\sstyle\s*=", text) == []
    if name not in MAILS:  # which have no other place for theirs
        assert faults(r"<style\b", text) == []
    assert faults(r"<script\b(?![^>]*\bsrc=)[^>]*>", text) == []
    assert faults(r"""\son[a-z]+\s*=\s*["']""", text) == []
    assert faults(r"javascript:", text) == []
    assert faults(r"\bhx-on\b|hx-vals=.js:|hx-trigger=\"[^\"]*\[", text) == []


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_output_is_escaped(name: str) -> None:
    text = TEMPLATES[name].read_text()
    assert faults(r"\|\s*safe(seq)?\b", text) == []
    if name in PAGES:
        assert faults(r"autoescape\s+off", text) == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_icon_is_in_the_sprite(name: str) -> None:
    text = TEMPLATES[name].read_text()
    named = set(re.findall(r"""{%\s*icon\s+["']([\w-]+)["']""", text))
    named |= set(re.findall(r"""{%\s*badge\s+\S+\s+(?:"[^"]*"|\S+)\s+["']([\w-]+)["']""", text))
    named |= set(re.findall(r"""_empty\.html["']\s+with[^%]*\bicon=["']([\w-]+)["']""", text))
    named |= set(re.findall(r"""href=["']#i-([\w-]+)["']""", text))
    assert named - SPRITE == set()


def test_the_icons_of_the_navigation_are_in_the_sprite() -> None:
    assert {item.icon for item in navigation.registered()} - SPRITE == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stay_inside_the_policy(path: Path) -> None:
    text = path.read_text()
    assert (
        faults(r"\beval\(|new Function\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b", text) == []
    )
    assert faults(r"https?://(?!www\.w3\.org)", text) == []


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"_icons.html"}))
def test_a_template_stays_small(name: str) -> None:
    assert len(TEMPLATES[name].read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("name", sorted(set(PAGES) - MAILS))
def test_pictures_have_words_and_new_tabs_are_closed_off(name: str) -> None:
    text = TEMPLATES[name].read_text()
    assert faults(r"<img\b(?![^>]*\balt=)[^>]*>", text) == []
    assert faults(r"""<a\b(?![^>]*noopener)[^>]*target=["']_blank[^>]*>""", text) == []


def test_every_form_that_changes_something_carries_its_token() -> None:
    bare = [
        name
        for name in PAGES
        for form in re.findall(r"<form\b.*?</form>", TEMPLATES[name].read_text(), re.DOTALL | re.IGNORECASE)
        if re.search(r"""method=["']post""", form, re.IGNORECASE) and "csrf_token" not in form
    ]
    assert bare == []


def test_every_page_of_the_sign_in_library_that_can_be_reached_is_ours() -> None:
    library = Path(apps.get_app_config("account").path).parent / "templates"
    theirs = {
        str(path.relative_to(library))
        for part in ("account", "mfa", "usersessions")
        for path in (library / part).rglob("*.html")
    }
    assert theirs - set(PAGES) == set(UNREACHABLE)
