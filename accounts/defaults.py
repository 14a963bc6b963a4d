"""The credential types that a new installation starts with. Afterwards they are data, edited by an administrator."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import Checker, CredentialType, Gate, Profession, QualificationPart, Unit, ValidityRule

CHECKED_ON = date(2026, 11, 1)
LICENCE_LEADS = [180, 90, 60, 30, 14, 7, 1]
CLINICAL = [Profession.PT, Profession.PTA, Profession.OT, Profession.COTA, Profession.AT]

ACT, RULE = "225 ILCS 90/1.5", "68 Ill. Adm. Code 1340.75, by a training provider’s summary"
REGIONS = ["cervical and upper trapezius", "thoracic", "lumbar and gluteal", "upper limb", "lower limb"]
# What makes up a qualification, by the code of its type.
PARTS: dict[str, list[dict[str, Any]]] = {
    "dn-qualification": [
        {"name": "Licensed for a year", "unit": Unit.MONTHS, "least": 12, "source": RULE},
        {"name": "Prerequisites", "unit": Unit.HOURS, "least": 50, "source": ACT},
        {"name": "Didactic course", "unit": Unit.HOURS, "least": 30, "source": ACT},
        {"name": "Practicum", "unit": Unit.HOURS, "least": 54, "within_months": 12, "source": f"{ACT}; {RULE}"},
        {"name": "Supervised sessions", "unit": Unit.SESSIONS, "least": 200, "source": "P.A. 102-0307"},
        {"name": "Competency exam", "unit": Unit.PASSED, "source": "P.A. 102-0307"},
    ]
}

TYPES: list[dict[str, Any]] = [
    {
        "code": "pt-licence",
        "needs_document": True,
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
        "needs_document": True,
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
        "needs_document": True,
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
        "regions": REGIONS,
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
        "needs_document": True,
        "checker": Checker.MANAGER,
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
        "checker": Checker.MANAGER,
        "name": "Bloodborne pathogens",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [60, 30, 14, 1],
        "source": "29 CFR 1910.1030",
    },
    {
        "code": "hipaa",
        "checker": Checker.MANAGER,
        "name": "HIPAA training",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [30, 14, 1],
        "source": "45 CFR 164.530(b); the year is policy of the group",
    },
    {
        "code": "harassment-prevention",
        "checker": Checker.MANAGER,
        "name": "Harassment prevention",
        "rule": ValidityRule.CALENDAR_YEAR,
        "lead_days": [91, 60, 30, 16],
        "source": "Illinois employer training requirement, yearly",
    },
    {
        "code": "mandated-reporter",
        "checker": Checker.MANAGER,
        "name": "Mandated reporter",
        "rule": ValidityRule.MONTHS,
        "months": 36,
        "lead_days": [60, 30, 7],
        "professions": CLINICAL,
        "source": "P.A. 102-0861",
    },
    {
        "code": "infection-prevention",
        "checker": Checker.MANAGER,
        "name": "Infection prevention",
        "rule": ValidityRule.MONTHS,
        "months": 12,
        "lead_days": [30, 7],
        "professions": [*CLINICAL, Profession.AIDE],
        "source": "Policy of the group, after the CDC outpatient guide",
    },
    {
        "code": "liability-insurance",
        "needs_document": True,
        "checker": Checker.MANAGER,
        "name": "Liability insurance",
        "rule": ValidityRule.ENTERED,
        "lead_days": [60, 30, 7],
        "professions": [Profession.PT, Profession.OT],
        "gate": Gate.BLOCKS,
        "source": "Policy of the group",
    },
]


def load_credential_types() -> dict[str, CredentialType]:
    """Add the types that are not there yet, with their parts; never change one that is. Returns all defaults by code."""
    types = {}
    for fields in TYPES:
        code = fields["code"]
        types[code], created = CredentialType.objects.get_or_create(
            code=code, defaults={"checked_on": CHECKED_ON, **fields}
        )
        if created:
            for order, part in enumerate(PARTS.get(code, []), start=1):
                QualificationPart.objects.create(type=types[code], order=order, **part)
    return types
