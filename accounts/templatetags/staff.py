"""What lists of people show of their memberships."""

from __future__ import annotations

from django import template

from accounts import directory

register = template.Library()

register.filter(directory.role_words)
register.filter(directory.clinics_of)
