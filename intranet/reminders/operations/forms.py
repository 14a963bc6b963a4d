"""What the list of mails can be narrowed by."""

from __future__ import annotations

from datetime import time

from django import forms
from django.db.models import Exists, OuterRef, Q

from intranet.core.forms import DayInput, FilterForm, WordsField, in_this_century
from intranet.core.time import at_local, organisation_zone
from intranet.reminders import registry
from intranet.reminders.models import UNSETTLED, Delivery, DeliveryItem, DeliveryQuerySet

WAITING = ""
SHOWN = {
    WAITING: ("Waiting for a decision", Q(state__in=UNSETTLED, written_off_at=None)),
    "dead": ("Refused for good", Q(state="dead", written_off_at=None)),
    "doubt": ("In doubt", Q(state="doubt", written_off_at=None)),
    "written-off": ("Written off", Q(state__in=UNSETTLED, written_off_at__isnull=False)),
    "bounced": ("Came back", Q(bounced_at__isnull=False)),
    "put-off": ("Put off by the server", Q(state="pending", tries__gt=0)),
}


class MailFilter(FilterForm):
    state = forms.ChoiceField(
        label="State", required=False, choices=[(name, words) for name, (words, _) in SHOWN.items()]
    )
    kind = forms.ChoiceField(label="Kind", required=False)
    person = WordsField(label="Person", required=False)
    since = forms.DateField(label="Since", required=False, widget=DayInput, validators=[in_this_century])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = sorted((kind.label, kind.code) for kind in registry.registered())
        self.fields["kind"].choices = [("", "All kinds"), *((code, label) for label, code in kinds)]  # type: ignore[attr-defined]

    def narrow(self) -> DeliveryQuerySet:
        """The mails that fit every filter that was filled in sensibly, the newest first, without their content."""
        self.is_valid()
        wanted = self.cleaned_data
        mails = Delivery.objects.filter(SHOWN[wanted.get("state") or WAITING][1])
        if kind := wanted.get("kind"):
            mails = mails.filter(Exists(DeliveryItem.objects.filter(delivery=OuterRef("pk"), reminder__kind=kind)))
        if words := wanted.get("person"):
            mails = mails.filter(Q(recipient__name__icontains=words) | Q(address__icontains=words))
        if since := wanted.get("since"):
            mails = mails.filter(created_at__gte=at_local(since, time.min, organisation_zone()))
        return mails.order_by("-created_at", "-pk")
