"""What lists of people show of their memberships."""

from __future__ import annotations

from django import template

from accounts import credential_types, directory, profile, second_step

register = template.Library()

register.filter(profile.dialled)
register.filter("of", lambda found, key: found.get(key))
register.filter(directory.role_words)
register.filter(directory.clinics_of)
register.filter("second_step_missing", second_step.is_missing)
register.filter("rule_words", credential_types.rule_words)


@register.filter
def of(found: dict[int, object], key: int) -> object | None:
    """`{{ steps|of:line.type.pk }}`: what is known of one of many."""
    return found.get(key)
