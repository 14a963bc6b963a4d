import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


def choose(client: Client, theme: str, **more: str):
    return client.post(reverse("core:theme"), {"theme": theme, **more})


def test_a_visitor_who_is_not_signed_in_may_choose_and_the_server_renders_it(client: Client) -> None:
    choose(client, "dark")
    assert '<html lang="en" data-theme="dark">' in client.get(reverse("account_login")).content.decode()
    choose(client, "light")
    assert '<html lang="en" data-theme="light">' in client.get(reverse("account_login")).content.decode()


def test_without_a_choice_the_system_decides(client: Client) -> None:
    assert '<html lang="en">' in client.get(reverse("account_login")).content.decode()


def test_anything_else_forgets_the_choice(client: Client) -> None:
    choose(client, "dark")
    choose(client, 'dark" onload="x')
    assert '<html lang="en">' in client.get(reverse("account_login")).content.decode()


def test_a_forged_cookie_is_not_rendered(client: Client) -> None:
    client.cookies["theme"] = "sepia"
    assert '<html lang="en">' in client.get(reverse("account_login")).content.decode()


def test_script_cannot_read_the_cookie(client: Client) -> None:
    cookie = choose(client, "dark").cookies["theme"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_the_person_comes_back_to_the_page_with_its_query(client: Client) -> None:
    assert choose(client, "dark", next="/protocols/?q=needle").headers["Location"] == "/protocols/?q=needle"


@pytest.mark.parametrize(
    "foreign",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "elsewhere",
        "",
    ],
)
def test_the_way_back_never_leaves_the_intranet(client: Client, foreign: str) -> None:
    assert choose(client, "dark", next=foreign).headers["Location"] == "/"


def test_script_gets_no_redirect(client: Client) -> None:
    response = client.post(reverse("core:theme"), {"theme": "dark"}, headers={"accept": "application/json"})
    assert (response.status_code, response.cookies["theme"].value) == (204, "dark")


def test_a_link_changes_nothing(client: Client) -> None:
    response = client.get(reverse("core:theme"), {"theme": "dark"})
    assert (response.status_code, "theme" in response.cookies) == (405, False)


def test_the_switch_offers_the_other_theme(therapist: User, sign_in) -> None:
    browser = sign_in(therapist)
    assert 'name="theme" value="dark"' in browser.get(reverse("core:more")).content.decode()
    choose(browser, "dark")
    assert 'name="theme" value="light"' in browser.get(reverse("core:more")).content.decode()
