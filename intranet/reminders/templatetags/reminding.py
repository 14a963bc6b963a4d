"""For lists of reminders: in mail and in the inbox."""

from __future__ import annotations

from django import template

from intranet.reminders import gist as words
from intranet.reminders.models import Reminder

register = template.Library()


@register.filter
def gist(reminder: Reminder) -> str:
    return words.gist(reminder.paragraphs)


@register.filter
def beyond_gist(reminder: Reminder) -> list[str]:
    return words.rest(reminder.paragraphs)
