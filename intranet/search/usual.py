"""Aliases that a physical-therapy clinic usually starts with. Abbreviations of the trade, and words of everyday language."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from intranet.core.access import Forbidden, require
from intranet.search.aliases import Words, add, may_edit
from intranet.search.models import Alias

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

USUAL = {
    "ACLR": "anterior cruciate ligament reconstruction, ACL reconstruction",
    "Anaphylaxis": "severe allergic reaction, anaphylactic",
    "Back hurts": "back pain",
    "Bee sting": "allergic reaction",
    "BFR": "blood flow restriction",
    "BPPV": "benign paroxysmal positional vertigo, positional vertigo",
    "Collapsed lung": "pneumothorax",
    "Confidential": "privacy",
    "Confidentiality": "privacy",
    "CSM": "cervical manipulation, cervical spine manipulation",
    "Direct access": "without a referral",
    "Dizziness": "vertigo",
    "Dizzy": "vertigo, dizziness",
    "DN": "dry needling",
    "DVT": "deep vein thrombosis, thrombosis",
    "E-stim": "electrical stimulation",
    "EpiPen": "epinephrine",
    "Frozen shoulder": "adhesive capsulitis",
    "Hand hygiene": "clean hands, wash hands",
    "Head injury": "concussion",
    "HIPAA": "privacy",
    "HVLA": "thrust, manipulation",
    "IASTM": "instrument assisted soft tissue",
    "Joint replacement": "arthroplasty",
    "Knee replacement": "total knee, knee arthroplasty",
    "Knee arthroplasty": "total knee, knee replacement",
    "Knocked head": "concussion",
    "LBP": "low back pain",
    "Lumbar": "low back",
    "mTBI": "concussion",
    "Neck": "cervical",
    "NMES": "neuromuscular electrical stimulation, electrical stimulation",
    "Passed out": "fainting",
    "PHI": "protected health information, privacy",
    "PPE": "gloves",
    "Prescription": "referral",
    "RCR": "rotator cuff repair",
    "Sharps": "needlestick, needles",
    "Shoulder surgery": "rotator cuff repair",
    "Stuck myself": "needlestick",
    "Syncope": "fainting",
    "TENS": "transcutaneous electrical nerve stimulation, electrical stimulation",
    "TKA": "total knee arthroplasty, total knee",
    "TKR": "total knee arthroplasty, total knee",
    "US": "ultrasound",
    "Washing hands": "clean hands",
}


@transaction.atomic
def add_usual(*, by: AbstractBaseUser, at: datetime) -> int:
    """Keep those of the usual aliases whose term is not kept yet. How many."""
    require(may_edit(by), Forbidden)
    kept = {term.casefold() for term in Alias.objects.values_list("term", flat=True)}
    missing = [Words(term, means) for term, means in USUAL.items() if term.casefold() not in kept]
    for words in missing:
        add(words, by=by, at=at)
    return len(missing)
