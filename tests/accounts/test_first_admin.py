from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.defaults import TYPES
from accounts.models import CredentialType, User
from accounts.roles import Role
from intranet.audit.models import Entry

pytestmark = pytest.mark.django_db
PASSWORD = "horses like quiet evenings"


def run(email: str, name: str = "Ada Nonesuch") -> str:
    """The address that the command prints, without the site."""
    said = StringIO()
    call_command("first_admin", email, name, stdout=said)
    words, _, address = said.getvalue().strip().rpartition(settings.SITE_ORIGIN)
    assert words == "Choose a password within 72 hours: "
    return address


def choose_password(address: str) -> int:
    """Open the link in a fresh browser and choose a password; the status of the page with the form."""
    browser = Client()
    page = browser.get(address, follow=True)
    browser.post(page.wsgi_request.path, {"password1": PASSWORD, "password2": PASSWORD})
    return page.status_code


def test_the_link_lets_the_first_administrator_in_once(client: Client) -> None:
    address = run("Ada@Clinic.example")
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == ("ada@clinic.example", "Ada Nonesuch", False)
    assert user.standing.roles == {Role.ADMINISTRATOR}
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == ["person.hired", "role.given"]

    assert choose_password(address) == 200
    response = client.post("/accounts/login/", {"login": "ada@clinic.example", "password": PASSWORD})
    assert response.status_code == 302

    page = Client().get(address, follow=True)
    assert b"password1" not in page.content


def test_an_installation_begins_with_the_usual_credential_types() -> None:
    run("ada@clinic.example")
    assert set(CredentialType.objects.values_list("code", flat=True)) == {type["code"] for type in TYPES}


def test_a_lost_link_is_replaced_until_a_password_is_chosen() -> None:
    run("ada@clinic.example")
    assert choose_password(run("ada@clinic.example")) == 200
    assert User.objects.count() == 1
    with pytest.raises(CommandError, match="There is an administrator already"):
        run("ada@clinic.example")


def test_nobody_else_gets_in_this_way(administrator: User) -> None:
    with pytest.raises(CommandError) as refusal:
        run("mallory@clinic.example")
    assert (str(refusal.value), refusal.value.returncode) == (
        "There is an administrator already. They let further people in.",
        2,
    )
    assert User.objects.count() == 1


@pytest.mark.parametrize(("email", "name"), [("not an address", "Ada Nonesuch"), ("ada@clinic.example", "")])
def test_a_slip_is_one_sentence_and_stores_nothing(email: str, name: str) -> None:
    with pytest.raises(CommandError) as refusal:
        run(email, name)
    assert refusal.value.returncode == 2
    assert User.objects.count() == 0
