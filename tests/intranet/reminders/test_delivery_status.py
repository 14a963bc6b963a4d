"""Delivery-status mails, honest and hostile."""

from __future__ import annotations

import pytest

from intranet.reminders.bounces import Report
from intranet.reminders.delivery_status import LONGEST, NotAReport, reports_of
from tests.intranet.reminders.returned_mail import report

ID = "<abc123@clinic.example>"


@pytest.mark.parametrize("headers_only", [False, True])
def test_it_names_recipient_message_status_and_words(headers_only):
    assert reports_of(report("avery@clinic.example", message_id=ID, headers_only=headers_only)) == [
        Report("avery@clinic.example", ID, "failed", "5.1.1", "550 5.1.1 No such user here")
    ]


def test_several_recipients_are_several_reports():
    second = b"\r\nFinal-Recipient: RFC822;theo@clinic.example\r\nAction: Delayed\r\nStatus: 4.4.1\r\n"
    content = report("avery@clinic.example").replace(b"user here\r\n", b"user here\r\n" + second)
    assert [(found.recipient, found.action, found.status) for found in reports_of(content)] == [
        ("avery@clinic.example", "failed", "5.1.1"),
        ("theo@clinic.example", "delayed", "4.4.1"),
    ]


def test_a_huge_mail_is_read_as_far_as_the_report():
    content = report("avery@clinic.example", message_id=ID, extra=b"x" * 5_000_000)
    assert len(content) > 10 * LONGEST
    assert [found.message_id for found in reports_of(content)] == [ID]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"Subject: Hello\r\n\r\nI am on holiday.\r\n",
        b"Content-Type: multipart/report; boundary=x\r\n\r\nno parts at all",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno boundary",
    ],
)
def test_what_is_no_report_says_nothing(content):
    with pytest.raises(NotAReport):
        reports_of(content)


@pytest.mark.parametrize("depth", [50, 5000])
def test_parts_within_parts_are_not_followed(depth):
    layers = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    with pytest.raises(NotAReport):
        reports_of(layers)


@pytest.mark.parametrize("depth", [50, 20_000])
def test_mails_within_mails_are_not_followed(depth):
    try:
        found = reports_of(b"Content-Type: message/rfc822\r\n\r\n" * depth)
    except NotAReport:
        found = []
    assert found == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"No such user here", b"=?nonsense-8?q?=FF=FE?= \xff\xfe \x00 gone"),
        (b"Content-Type: message/delivery-status", b"Content-Type: message/delivery-status; charset=klingon-8"),
        (b"Content-Type: text/plain", b"Content-Type: text/plain; charset=\xff\xff"),
        (b"Subject: Something", b"Subject: =?utf-7?b?AAAA?="),
    ],
)
def test_wrong_charsets_are_no_obstacle(before, after):
    [found] = reports_of(report("avery@clinic.example", message_id=ID).replace(before, after))
    assert (found.recipient, found.status) == ("avery@clinic.example", "5.1.1")
    assert "\x00" not in found.words
    assert found.words.encode("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"rfc822; avery@clinic.example", b"rfc822; "),
        (b"rfc822; avery@clinic.example", b"x" * 5000 + b"@clinic.example"),
        (b"Action: failed", b"Action: explode"),
        (b"Action: failed\r\n", b""),
    ],
)
def test_a_recipient_without_sense_is_left_out(before, after):
    content = report("avery@clinic.example")
    assert before in content
    assert reports_of(content.replace(before, after)) == []


def test_only_so_many_recipients_are_read():
    block = b"\r\nFinal-Recipient: rfc822; theo@clinic.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    content = report("avery@clinic.example").replace(b"user here\r\n", b"user here\r\n" + block * 500)
    assert len(reports_of(content)) == 50
