"""The credential types that a new installation starts with. Afterwards they are data, edited by an administrator."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import CredentialType, Gate, Profession, ValidityRule

CHECKED_ON = date(2026, 11, 1)
LICENCE_LEADS = [180, 90, 60, 30, 14, 7, 1]
CLINICAL = [Profession.PT, Profession.PTA, Profession.OT, Profession.COTA, Profession.AT]

TYPES: list[dict[str, Any]] = [
    {
        "code": "pt-licence",
        "name": "PT licence",
        "rule": ValidityRule.EVEN_YEARS,
        "month": 9,
        "day": 30,
        "lead_days": LICENCE_LEADS,
        "professions": [Profession.PT],
        "gate": Gate.BLOCKS,
        "source": "225 ILCS 90; renewal date from secondary sources",
    },
    {
        "code": "pta-licence",
        "name": "PTA licence",
        "rule": ValidityRule.ODD_YEARS,
        "month": 9,
        "day": 30,
        "lead_days": LICENCE_LEADS,
        "professions": [Profession.PTA],
        "gate": Gate.BLOCKS,
        "source": "225 ILCS 90; renewal date from secondary sources",
    },
    {
        "code": "ot-at-licence",
        "name": "OT, COTA or AT licence",
        "rule": ValidityRule.ENTERED,
        "lead_days": LICENCE_LEADS,
        "professions": [Profession.OT, Profession.COTA, Profession.AT],
        "gate": Gate.BLOCKS,
        "source": "225 ILCS 75",
    },
    {
        "code": "dn-qualification",
        "name": "Dry-needling qualification",
        "rule": ValidityRule.NONE,
        "required": False,
        "professions": [Profession.PT, Profession.OT, Profession.AT],
        "gate": Gate.BLOCKS,
        "source": "225 ILCS 90/1.5; 68 Ill. Adm. Code 1340.75",
    },
    {
        "code": "dn-skills-check",
        "name": "Dry-needling skills check",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "required": False,
        "lead_days": [60, 30, 7],
        "professions": [Profession.PT, Profession.OT, Profession.AT],
        "gate": Gate.BLOCKS,
        "source": "Policy of the group",
    },
    {
        "code": "bls",
        "name": "BLS",
        "rule": ValidityRule.MONTHS_END,
        "months": 24,
        "lead_days": [90, 60, 30, 7],
        "professions": [*CLINICAL, Profession.AIDE],
        "gate": Gate.BLOCKS,
        "source": "Training providers: two years, to the end of the month",
    },
    {
        "code": "bloodborne-pathogens",
        "name": "Bloodborne pathogens",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [60, 30, 14, 1],
        "source": "29 CFR 1910.1030",
    },
    {
        "code": "hipaa",
        "name": "HIPAA training",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [30, 14, 1],
        "source": "45 CFR 164.530(b); the year is policy of the group",
    },
    {
        "code": "harassment-prevention",
        "name": "Harassment prevention",
        "rule": ValidityRule.CALENDAR_YEAR,
        "lead_days": [91, 60, 30, 16],
        "source": "Illinois employer training requirement, yearly",
    },
    {
        "code": "mandated-reporter",
        "name": "Mandated reporter",
        "rule": ValidityRule.MONTHS,
        "months": 36,
        "lead_days": [60, 30, 7],
        "professions": CLINICAL,
        "source": "P.A. 102-0861",
    },
    {
        "code": "infection-prevention",
        "name": "Infection prevention",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [30, 7],
        "professions": [*CLINICAL, Profession.AIDE],
        "source": "Policy of the group, after the CDC outpatient guide",
    },
    {
        "code": "liability-insurance",
        "name": "Liability insurance",
        "rule": ValidityRule.ENTERED,
        "lead_days": [60, 30, 7],
        "professions": [Profession.PT, Profession.OT],
        "gate": Gate.BLOCKS,
        "source": "Policy of the group",
    },
]


def load_credential_types() -> dict[str, CredentialType]:
    """Add the types that are not there yet; never change one that is. Returns all defaults by code."""
    return {
        fields["code"]: CredentialType.objects.get_or_create(
            code=fields["code"], defaults={"checked_on": CHECKED_ON, **fields}
        )[0]
        for fields in TYPES
    }
