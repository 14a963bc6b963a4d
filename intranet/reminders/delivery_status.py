"""Delivery-status mails (RFC 3464), as servers send them back. What is read here may come from anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32

from intranet.reminders.bounces import Report, plain

LONGEST = 256 * 1024  # of what is read; the report stands before the returned mail
MOST_PARTS = 20  # of a message, and nested in each other
MOST_RECIPIENTS = 50

STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,190}>")
ADDRESS = re.compile(r"[^\s<>;]{1,250}@[^\s<>;]{1,250}")
STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
RETURNED_TYPES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}


class NotAReport(Exception):
    """A mail that says nothing about the delivery of another, or that cannot be read."""


def reports_of(content: bytes) -> list[Report]:
    """What a delivery-status mail says, one report for each recipient. Raises NotAReport."""
    content = content[:LONGEST]
    if content.lower().count(b"boundary=") > MOST_PARTS:
        raise NotAReport("Parts within parts within parts.")
    try:
        return list(_read(message_from_bytes(content, policy=compat32)))
    except NotAReport:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:  # email.parser on nonsense
        raise NotAReport(f"Not readable: {type(error).__name__}.") from error


def _read(mail: Message) -> Iterator[Report]:
    if mail.get_content_type() != "multipart/report" or not isinstance(mail.get_payload(), list):
        raise NotAReport("Not a delivery-status mail.")
    parts: list[Message] = [part for part in mail.get_payload() if isinstance(part, Message)][:MOST_PARTS]
    statuses = [part for part in parts if part.get_content_type() in STATUS_TYPES]
    if not statuses:
        raise NotAReport("Not a delivery-status mail.")
    message_id = _returned_message_id(parts)
    blocks = statuses[0].get_payload()
    if not isinstance(blocks, list):
        raise NotAReport("A status without fields.")
    for block in blocks[: MOST_RECIPIENTS + 1]:
        if isinstance(block, Message) and (report := _report_of(block, message_id)):
            yield report


def _report_of(block: Message, message_id: str) -> Report | None:
    """The fields about one recipient; None for the block about the message, and for what makes no sense."""
    action = _field(block, "Action").lower()
    address = _address(_field(block, "Final-Recipient")) or _address(_field(block, "Original-Recipient"))
    if action not in ACTIONS or not address:
        return None
    status = STATUS.match(_field(block, "Status"))
    diagnostic = _field(block, "Diagnostic-Code").partition(";")[2].strip()
    return Report(address, message_id, action, status[0] if status else "", diagnostic)


def _returned_message_id(parts: list[Message]) -> str:
    """The Message-ID of the mail that came back, if it was sent along."""
    for part in parts:
        if part.get_content_type() not in RETURNED_TYPES:
            continue
        payload = part.get_payload()
        returned = payload[0] if isinstance(payload, list) and payload else message_from_string(str(payload))
        found = MESSAGE_ID.search(_field(returned, "Message-ID")) if isinstance(returned, Message) else None
        if found:
            return found[0]
    return ""


def _address(text: str) -> str:
    """`rfc822; somebody@example.org`"""
    found = ADDRESS.search(text.partition(";")[2] or text)
    return found[0] if found else ""


def _field(message: Message, name: str) -> str:
    return plain(str(message.get(name, "")))[:1000]
