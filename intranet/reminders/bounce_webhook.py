"""POST /mail/bounces/: the mail provider, or a script before it, tells what did not arrive. docs/operations.md has the format.

Signed with a secret that both know; without that setting there is no such address.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from intranet.reminders import bounces
from intranet.reminders.bounces import Report, plain
from intranet.reminders.delivery_status import ADDRESS, MESSAGE_ID, STATUS, NotAReport, reports_of

log = logging.getLogger(__name__)

OLDEST = timedelta(minutes=5)
MOST = 1000
# What the type of an entry means in the words of RFC 3464.
TYPES = {"bounce": "failed", "delayed": "delayed", "delivered": "delivered", "complaint": "complained"}


class Malformed(Exception):
    """Signed, and yet not what was agreed."""


@csrf_exempt  # its signature is the proof; no browser's session is looked at
@login_not_required
@never_cache
@require_POST
def receive(request: HttpRequest) -> JsonResponse:
    """Note what the body says, and answer with how many entries came to what."""
    if not settings.MAIL_WEBHOOK_SECRET:
        raise Http404
    now = timezone.now()
    try:
        body = request.body
    except RequestDataTooBig:
        return _problem(413, "Too much at once. Send fewer entries.")
    if not is_signed(body, request.headers, now):
        return _problem(403, "The signature does not fit, or is too old.")
    try:
        reports = entries_of(body, request.content_type or "")
    except Malformed as error:
        return _problem(400, str(error))
    came = bounces.take_all(reports, now)
    log.info("Bounces were told: %s", dict(came))
    return JsonResponse({name.value: came[name] for name in bounces.Came})


def is_signed(body: bytes, headers: Any, at: datetime) -> bool:
    """`X-Mail-Signature: sha256=` and the HMAC of timestamp, full stop and body; the timestamp is of these minutes."""
    stamp = headers.get("X-Mail-Timestamp", "")
    given = headers.get("X-Mail-Signature", "")
    expected = signature(stamp, body)
    fits = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
    return fits and _is_of_now(stamp, at)


def signature(stamp: str, body: bytes) -> str:
    signed = stamp.encode("utf-8", "replace") + b"." + body
    return "sha256=" + hmac.new(settings.MAIL_WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()


def _is_of_now(stamp: str, at: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 11):
        return False
    return abs(at.timestamp() - int(stamp)) <= OLDEST.total_seconds()


def entries_of(body: bytes, content_type: str) -> list[Report]:
    """The reports of a JSON list, or of one delivery-status mail as it came. Raises Malformed."""
    if content_type == "message/rfc822":
        try:
            return reports_of(body)
        except NotAReport as error:
            raise Malformed(str(error)) from error
    if content_type != "application/json":
        raise Malformed("Send application/json or message/rfc822.")
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("Not JSON.") from error
    if not isinstance(entries, list) or len(entries) > MOST:
        raise Malformed(f"Send a list of at most {MOST} entries.")
    return [_entry(entry) for entry in entries]


def _entry(entry: Any) -> Report:
    """One entry of the list; whatever is not text is nothing."""
    fields = entry.items() if isinstance(entry, dict) else ()
    said = {name: plain(value)[:1000] for name, value in fields if isinstance(value, str)}
    recipient, kind = said.get("recipient", ""), said.get("type", "")
    message_id, status = said.get("message_id", ""), said.get("status", "")
    if kind not in TYPES or not ADDRESS.fullmatch(recipient):
        raise Malformed("Each entry has a type (bounce, delayed, delivered, complaint) and a recipient.")
    if message_id and not message_id.startswith("<"):
        message_id = f"<{message_id}>"
    if (message_id and not MESSAGE_ID.fullmatch(message_id)) or (status and not STATUS.fullmatch(status)):
        raise Malformed("A message_id looks like <words@host>, a status like 5.1.1.")
    return Report(recipient, message_id, TYPES[kind], status, said.get("diagnostic", ""))


def _problem(status: int, words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=status)
