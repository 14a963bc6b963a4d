"""A staff list: a verdict on every line, and everybody on it is invited, or nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import staff_list
from accounts.inviting import found_by, give_link
from accounts.models import Clinic, Invitation, User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Refused
from tests import factories
from tests.conftest import CAST, link_in
from tests.races import outcomes, somebody_waits

pytestmark = pytest.mark.django_db
PAGE = "/people/invitations/import/"
HEADER = "name,email,role,clinic,profession"
NINA = "Nina Newcomer,nina@clinic.example,Therapist,Mt. Prospect,PT"
OTTO = "Otto Startmann,otto@clinic.example,front_desk,mt-prospect,desk"
GOOD = f"{HEADER}\n{NINA}\n{OTTO}\n"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def said(text: str, by: User) -> dict[int, list[str]]:
    """What speaks against each line, by its number."""
    return {line.number: [str(reason) for reason in line.verdict.reasons] for line in staff_list.check(text, by=by)}


def against(line: str, by: User) -> list[str]:
    return said(f"{HEADER}\n{line}", by)[2]


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            GOOD,
            "\ufeff" + GOOD,
            GOOD.replace(",", ";"),
            GOOD.replace(",", "\t"),
            GOOD.replace("\n", "\r\n"),
            GOOD.replace("\n", "\r"),
            GOOD.upper(),
            f"{HEADER},,\n{NINA},,\n{OTTO}\n,,,,,,\n",
            '"profession";"clinic";"role";"email";"name"\n'
            '"PT";"Mt. Prospect";"Therapist";"nina@clinic.example";"Nina\n Newcomer"\n'
            "Front desk; Mt. Prospect ; Front Desk ;otto@clinic.example;  Otto   Startmann",
        ],
        ids=["plain", "mark", "semicolon", "tab", "windows", "old-mac", "capitals", "empty-cells", "quoted"],
    )
    def test_every_way_in_which_spreadsheets_write(self, manager: User, text: str):
        lines = staff_list.check(text, by=manager)
        assert [(line.name.title(), line.email, line.what_happens) for line in lines] == [
            ("Nina Newcomer", "nina@clinic.example", "Therapist at Mt. Prospect, PT"),
            ("Otto Startmann", "otto@clinic.example", "Front desk at Mt. Prospect, Front desk"),
        ]

    def test_lines_count_as_in_an_editor(self, manager: User):
        name_on_two_lines = '"Nina\nNewcomer",nina@clinic.example,Therapist,Mt. Prospect,PT'
        assert said(f"\n{HEADER}\n\n{name_on_two_lines}\n\n{OTTO}\n", manager) == {4: [], 7: []}

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "The list is empty."),
            (" \n,,\n", "The list is empty."),
            (HEADER, "There is nobody below the line with the columns."),
            (NINA, "The first line has to name the columns: name, email, role, clinic, profession."),
            (f"{HEADER},phone\n{NINA},1", "No column is called “phone”. Use name, email, role, clinic, profession."),
            (f"{HEADER},,x\n{NINA}", "No column is called “”. Use name, email, role, clinic, profession."),
            (f"{HEADER},Name\n{NINA},N", "The column “name” is there twice."),
            ("name,email,clinic\nN,n@x.example,M", "The first line lacks the column role and profession."),
            (f'{HEADER}\n{OTTO}\n"Nina,x', "From line 3 on, a quotation mark is missing or stands where none belongs."),
            (f'{HEADER}\n"N"ina,x', "From line 2 on, a quotation mark is missing or stands where none belongs."),
            (f"{HEADER}\n" + f"{NINA}\n" * 501, "A list has at most 500 people; this one has 501."),
            (f"{HEADER}\n" + "é" * 131_072, "The list is larger than 256 KB."),
        ],
        ids=range(12),
    )
    def test_what_is_no_list_is_one_sentence(self, manager: User, text: str, sentence: str):
        with pytest.raises(Refused) as refusal:
            staff_list.check(text, by=manager)
        assert str(refusal.value) == sentence

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("Renée".encode("latin-1"), "not in UTF-8"),
            (GOOD.encode("utf-16"), "not in UTF-8"),
            (b"PK\x03\x04\x14\x00\x06\x00", "no text file"),
            (b"x" * (256 * 1024 + 1), "larger than 256 KB"),
        ],
    )
    def test_bytes_that_are_no_text(self, content: bytes, sentence: str):
        with pytest.raises(Refused, match=sentence):
            staff_list.decode(content)


class TestVerdicts:
    @pytest.mark.parametrize(
        ("line", "sentences"),
        [
            ("Nina", ["Email is missing.", "Role is missing.", "Clinic is missing.", "Profession is missing."]),
            (",n@clinic.example,Therapist,Mt. Prospect,PT", ["Name is missing."]),
            ("N,nobody,Therapist,Mt. Prospect,PT", ["Email “nobody” is no address."]),
            (f"{'N' * 121},n@clinic.example,Therapist,Mt. Prospect,PT", ["Name has more than 120 characters."]),
            (
                "N\u202eN,n@clinic.example,Therapist,Mt. Prospect,PT",
                ["Name has a character that nobody can see. Type it anew."],
            ),
            (f"{NINA},more", ["There are more cells than columns."]),
            (
                "N,n@clinic.example,Boss,Mt. Prospect,Wizard",
                [
                    "Role “Boss” is not known. Use Therapist, Assistant or aide, Front desk, Clinic manager, Clinical lead "
                    "or Administrator.",
                    "Profession “Wizard” is not known. Use PT, PTA, OT, COTA, AT, Aide, Front desk or Other.",
                ],
            ),
            (
                f"N,n@clinic.example,Therapist,{'C' * 70},PT",
                [f"Clinic “{'C' * 60}…” is not known. Use Mt. Prospect or Oakbrook Terrace."],
            ),
            (
                "N,n@clinic.example,Therapist,Oakbrook Terrace,PT",
                ["Clinic: you may not give roles at Oakbrook Terrace."],
            ),
            (
                "N,n@clinic.example,Clinic manager,Mt. Prospect,PT",
                ["Role: only an administrator makes somebody clinic manager."],
            ),
            ("N,n@clinic.example,Administrator,,PT", ["Clinic: you may not give roles at the whole organisation."]),
            (
                "N,n@clinic.example,Administrator,Mt. Prospect,PT",
                ["Clinic has to be empty: administrator is a role in the whole organisation."],
            ),
        ],
        ids=range(12),
    )
    def test_everything_that_is_wrong_with_a_line(
        self, manager: User, oakbrook: Clinic, line: str, sentences: list[str]
    ):
        assert against(line, manager) == sentences

    def test_an_administrator_gives_every_role(self, administrator: User, oakbrook: Clinic):
        lines = ["A,a@clinic.example,Clinical lead,,PT", "B,b@clinic.example,manager,oakbrook-terrace,other"]
        [first, second] = staff_list.check("\n".join([HEADER, *lines]), by=administrator)
        assert first.what_happens == "Clinical lead at the whole organisation, PT"
        assert second.what_happens == "Clinic manager at Oakbrook Terrace, Other"

    def test_approval_is_delegated_to_people_who_are_here(self, administrator: User, mt_prospect: Clinic):
        assert against("A,a@clinic.example,Delegated approver,,PT", administrator) == [
            "Role: approval is delegated to a therapist who is here, until a day."
        ]

    def test_addresses_that_are_taken(self, manager: User, therapist: User, at: datetime):
        staff_list.invite_everybody(staff_list.check(f"{HEADER}\n{OTTO}", by=manager), by=manager, at=at)
        here = f"A,{therapist.email.upper()},Therapist,Mt. Prospect,PT"
        again = OTTO.replace("otto@", "OTTO@")
        assert said(f"{HEADER}\n{here}\n{again}\n{NINA}\n{NINA.replace('nina@', 'Nina@')}", manager) == {
            2: ["Email: somebody with this address has an account here already."],
            3: ["Email: an invitation to this address is waiting already. Send it again, or take it back."],
            4: [],
            5: ["Email is the same as in line 4."],
        }

    def test_a_check_costs_the_same_for_1_and_for_100_lines(self, manager: User):
        costs = []
        for number in (1, 100):
            person = User.objects.get(pk=manager.pk)
            lines = [NINA.replace("nina", f"nina{one}") for one in range(number)]
            with CaptureQueriesContext(connection) as captured:
                staff_list.check("\n".join([HEADER, *lines]), by=person)
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestInviting:
    def test_everybody_gets_a_link_that_works(self, manager: User, at: datetime):
        sent = staff_list.invite_everybody(staff_list.check(GOOD, by=manager), by=manager, at=at)
        assert [found_by(give_link(one, at=at), at) for one in sent] == sent
        assert {(one.name, one.role, one.profession) for one in sent} == {
            ("Nina Newcomer", "therapist", "pt"),
            ("Otto Startmann", "front_desk", "desk"),
        }
        assert list(Entry.objects.values_list("verb", flat=True)) == ["invitation.sent"] * 2

    def test_a_wrong_line_stops_all(self, manager: User, at: datetime):
        lines = staff_list.check(f"{GOOD}X,nobody,Boss,Mt. Prospect,PT", by=manager)
        with pytest.raises(Refused, match=r"Line 4: Email “nobody” is no address\. Line 4: Role “Boss”"):
            staff_list.invite_everybody(lines, by=manager, at=at)
        assert (Invitation.objects.count(), Entry.objects.count()) == (0, 0)

    def test_what_has_changed_since_the_check_stops_all(self, manager: User, at: datetime):
        lines = staff_list.check(GOOD, by=manager)
        staff_list.invite_everybody(staff_list.check(f"{HEADER}\n{OTTO}", by=manager), by=manager, at=at)
        with pytest.raises(Conflict, match="Line 3: An invitation to this address is waiting already"):
            staff_list.invite_everybody(lines, by=manager, at=at)
        assert [one.name for one in Invitation.objects.all()] == ["Otto Startmann"]

    def test_power_that_has_ended_since_the_check_stops_all(self, manager: User, at: datetime):
        lines = staff_list.check(GOOD, by=manager)
        factories.as_if_never(manager.memberships.all())
        with pytest.raises(Refused, match="You may not give roles"):
            staff_list.invite_everybody(lines, by=User.objects.get(pk=manager.pk), at=at)
        assert Invitation.objects.count() == 0

    @pytest.mark.django_db(transaction=True)
    def test_of_8_at_once_one_list_is_stored(self, manager: User, at: datetime):
        """The same people in another order, so that lists which wait for each other would do so crosswise."""
        people = [NINA.replace("nina", f"nina{number}") for number in range(6)]
        lists = [staff_list.check("\n".join([HEADER, *people[::order]]), by=manager) for order in (1, -1) * 4]
        came = outcomes(lambda lines=lines: staff_list.invite_everybody(lines, by=manager, at=at) for lines in lists)
        assert sorted(came) == ["changed"] * 7 + ["done"]
        assert (Invitation.objects.count(), Entry.objects.filter(verb="invitation.sent").count()) == (6, 6)


def chosen(content: str | bytes, **more: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("staff.csv", content if isinstance(content, bytes) else content.encode())} | more


class TestPage:
    @pytest.mark.parametrize("who", CAST)
    def test_who_imports(self, cast: dict[str, User], sign_in: Callable[..., Client], who: str):
        expected = 200 if who in {"manager", "manager_oakbrook", "administrator"} else 403
        browser = sign_in(cast[who])
        assert [browser.get(PAGE).status_code, browser.get(f"{PAGE}example/").status_code] == [expected, expected]
        assert browser.post(PAGE, {"text": GOOD, "do": "invite"}).status_code in {302, 403, 422}
        assert Invitation.objects.exists() is (who in {"manager", "administrator"})

    def test_from_the_file_through_the_check_to_the_mailboxes(self, manager: User, sign_in, letters):
        browser = sign_in(manager)
        checked = browser.post(PAGE, chosen("\ufeff" + GOOD, do="check"))
        body = checked.content.decode()
        assert (checked.status_code, body.count("Will be invited"), "Invite 2 people" in body) == (200, 2, True)
        assert (Invitation.objects.count(), letters()) == (0, [])
        travelled = checked.context["form"]["text"].value()
        done = browser.post(PAGE, {"text": travelled.replace("\n", "\r\n"), "do": "invite"}, follow=True)
        assert done.redirect_chain == [("/people/invitations/", 302)]
        assert "2 people were invited: a link goes to each address within minutes." in done.content.decode()
        mails = letters()
        assert {mail["To"] for mail in mails} == {"nina@clinic.example", "otto@clinic.example"}
        addresses = {link_in(mail) for mail in mails}
        assert len(addresses) == 2
        assert all(address.rsplit("/", 2)[-2] not in done.content.decode() for address in addresses)

    def test_a_wrong_line_is_shown_and_nothing_is_offered_or_done(self, manager: User, sign_in, letters):
        text = f"{HEADER}\n{NINA}\nX,nobody,Therapist,Mt. Prospect,PT"
        browser = sign_in(manager)
        checked, pressed = browser.post(PAGE, {"text": text}), browser.post(PAGE, {"text": text, "do": "invite"})
        assert [checked.status_code, pressed.status_code] == [200, 422]
        for answer in (checked, pressed):
            body = answer.content.decode()
            assert "Email “nobody” is no address." in body
            assert ("1 of 2 lines to mend" in body, 'value="invite"' in body, f">\n{HEADER}" in body) == (
                True,
                False,
                True,
            )
        assert (Invitation.objects.count(), letters()) == (0, [])

    @pytest.mark.django_db(transaction=True)
    def test_who_was_invited_in_the_same_moment_is_named(self, manager: User, sign_in, at: datetime):
        """The other invitation is not committed when the list is checked, and is when the list is written."""
        browser, [otto] = sign_in(manager), staff_list.check(f"{HEADER}\n{OTTO}", by=manager)
        written, waited = threading.Event(), []

        def be_quicker() -> None:
            with transaction.atomic():
                staff_list.invite_everybody([otto], by=manager, at=at)
                written.set()
                waited.append(somebody_waits())
            connection.close()

        other = threading.Thread(target=be_quicker)
        other.start()
        written.wait()
        answer = browser.post(PAGE, {"text": GOOD, "do": "invite"})
        other.join()
        assert (waited, answer.status_code) == ([True], 422)
        assert "Email: an invitation to this address is waiting already." in answer.content.decode()
        assert [one.name for one in Invitation.objects.all()] == ["Otto Startmann"]

    @pytest.mark.parametrize(
        ("posted", "sentence"),
        [
            ({}, "Choose a file, or paste the list below."),
            ({"text": " \n"}, "Choose a file, or paste the list below."),
            ({"text": "hello"}, "The first line has to name the columns"),
            ({"text": "x" * (256 * 1024 + 1)}, "The list is larger than 256 KB."),
            (chosen(b""), "The list is empty."),
            (chosen("Renée".encode("latin-1"), text="what was typed"), "The file is not in UTF-8."),
            (chosen(b"PK\x03\x04\x00", text="what was typed"), "This is no text file."),
            (chosen(b"x" * (256 * 1024 + 1), text="what was typed"), "The list is larger than 256 KB."),
            ({"text": "name\x00,email"}, "Null characters are not allowed."),
        ],
        ids=range(9),
    )
    def test_what_is_no_list_is_said_at_the_field(self, manager: User, sign_in, posted, sentence: str):
        answer = sign_in(manager).post(PAGE, posted)
        body = answer.content.decode()
        assert (answer.status_code, sentence in body) == (422, True)
        if posted.get("text", "").strip() and "\x00" not in posted["text"]:
            assert f">\n{posted['text']}</textarea>" in body

    def test_a_file_that_is_wrong_can_be_mended_in_the_text_area(self, manager: User, sign_in):
        answer = sign_in(manager).post(PAGE, chosen("name,email\nNina,n@clinic.example", text="old"))
        assert ">\nname,email\nNina,n@clinic.example</textarea>" in answer.content.decode()

    def test_what_stands_in_cells_is_text(self, manager: User, sign_in):
        line = '<script>alert(1)</script>,"a""><b>@clinic.example",<i>,<u>,=1+1'
        body = sign_in(manager).post(PAGE, {"text": f"{HEADER}\n{line}"}).content.decode()
        assert ("<script>alert" in body, "<i>" in body, "&lt;script&gt;alert(1)" in body) == (False, False, True)

    @pytest.mark.parametrize("who", ["manager", "administrator"])
    def test_the_example_is_a_list(self, request, sign_in, mt_prospect: Clinic, who: str):
        person = request.getfixturevalue(who)
        text = staff_list.decode(sign_in(person).get(f"{PAGE}example/").getvalue())
        assert said(text, person) == {2: [], 3: []}

    def test_the_page_costs_the_same_for_1_and_for_3_lines(self, manager: User, sign_in):
        browser, costs = sign_in(manager), []
        for text in (f"{HEADER}\n{NINA}", f"{GOOD}{NINA.replace('nina', 'nora')}"):
            with CaptureQueriesContext(connection) as captured:
                browser.post(PAGE, {"text": text})
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "staff.csv"
        path.write_text(GOOD, encoding="utf-8-sig")
        return path

    def run(self, file: Path, by: str, *options: str) -> list[str]:
        out = StringIO()
        call_command("import_staff", str(file), "--by", by, *options, stdout=out)
        return out.getvalue().splitlines()

    def test_a_dry_run_tells_each_line_and_stores_nothing(self, file: Path, manager: User, letters):
        assert self.run(file, manager.email.upper(), "--dry-run") == [
            "Line 2: Nina Newcomer: Therapist at Mt. Prospect, PT",
            "Line 3: Otto Startmann: Front desk at Mt. Prospect, Front desk",
            "2 people would be invited. Nothing was stored.",
        ]
        assert (Invitation.objects.count(), letters()) == (0, [])

    def test_everybody_is_invited_and_gets_a_mail(self, file: Path, manager: User, letters):
        assert self.run(file, manager.email)[-1] == "2 people invited. The links leave with the next ticks."
        assert {one.invited_by for one in Invitation.objects.all()} == {manager}
        assert {mail["To"] for mail in letters()} == {"nina@clinic.example", "otto@clinic.example"}

    @pytest.mark.parametrize("options", [[], ["--dry-run"]])
    def test_a_wrong_line_ends_with_2(self, file: Path, manager: User, letters, options: list[str], capsys):
        file.write_text(f"{GOOD},,Boss,Mt. Prospect,PT")
        with pytest.raises(CommandError) as refusal:
            self.run(file, manager.email, *options)
        assert (str(refusal.value), refusal.value.returncode) == ("Nobody was invited. 1 of 3 lines to mend.", 2)
        assert (Invitation.objects.count(), letters()) == (0, [])

    @pytest.mark.parametrize(
        ("by", "content", "sentence"),
        [
            ("nobody@clinic.example", GOOD.encode(), "Nobody works here with the address nobody@clinic.example."),
            ("avery.testwell@clinic.example", GOOD.encode(), "Clinic managers and administrators invite people."),
            ("dana.mockridge@clinic.example", b"\xff\xff", "The file is not in UTF-8."),
            ("dana.mockridge@clinic.example", b"", "The list is empty."),
            ("dana.mockridge@clinic.example", None, "cannot be read: No such file or directory."),
        ],
    )
    def test_a_slip_ends_with_2(self, file: Path, manager: User, therapist: User, by: str, content, sentence: str):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(CommandError) as refusal:
            self.run(file, by)
        assert (sentence in str(refusal.value), refusal.value.returncode) == (True, 2)
        assert Invitation.objects.count() == 0
