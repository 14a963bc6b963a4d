"""Dry needling of the low back and gluteal region."""

from __future__ import annotations

from intranet.demo.protocols.needling_neck_history import CARE, CARE_HEADING, STOP
from intranet.demo.protocols.writing import (
    POLICY,
    callout,
    care,
    doi,
    evidence,
    first_edition,
    h3,
    if_wrong,
    key_facts,
    numbered,
    p,
    points,
    pubmed,
    references,
    steps,
    text,
)
from protocols.models import Category

WORK = first_edition(
    "dry-needling-lumbar",
    "Dry needling: low back and gluteal region",
    Category.NEEDLING,
    key_facts(
        (
            "Who may do it",
            "Physical therapists with a dry-needling competency in force for the low back. A sign-off for the neck "
            "does not count here. [1] [6]",
        ),
        (
            "Competency",
            "50 + 30 + 54 training hours in a course that names this region, sign-off by the clinical lead, skills "
            "check every 12 months. [1] [6]",
        ),
        (
            "Consent",
            "Written, for this body region, before the first session; asked aloud at every session. [6]",
        ),
        (
            "Equipment",
            "Sterile single-use filiform needles, gloves, skin wipes, sharps container in reach. [6]",
        ),
    ),
    text(
        "Purpose and scope",
        p(
            "For low back and buttock pain from a trigger point that you can feel and that reproduces the pain the "
            "patient knows [2], found in an examination and with a diagnosis [1]. Never instead of the care in the low "
            "back pain protocol [6]."
        ),
        p(
            "The region ends at the twelfth rib. Above it lies the lung, and nobody needles the thorax under this "
            "protocol [6]."
        ),
    ),
    STOP,
    care(
        CARE_HEADING,
        points(
            *CARE,
            "has numbness in the saddle area, new weakness or a change of bladder or bowel: refer, do not treat",
        ),
        p("Weigh it with the patient and write down why you went ahead [2] [6]."),
    ),
    steps(
        "Before you start",
        numbered(
            "Examine, diagnose, and write down the finding that justifies needling [1].",
            "Test strength, sensation and reflexes of both legs.",
            "Check that consent is signed for the low back. Say that soreness for 24 to 48 hours is usual, sometimes 72.",
            "Patient prone with a pillow under the belly, or on the side. Never sitting.",
            "Clean your hands, put on gloves, prepare the skin and let it dry. Count the needles you open.",
        ),
        p("The order is our own [6]."),
    ),
    text(
        "Technique",
        h3("Lumbar muscles"),
        p(
            "Find the twelfth rib with your finger and stay below it. Flat palpation close to the midline, needle "
            "perpendicular or slightly toward the middle, never toward the flank: the kidney lies there [6]."
        ),
        h3("Gluteal muscles"),
        p(
            "Patient on the side. Stay in the upper outer part; keep away from the line of the sciatic nerve. If the "
            "patient feels a shock down the leg, withdraw and choose another place [6]."
        ),
        callout(
            "info",
            "In and out",
            "The needle moves within the muscle and is withdrawn at once after the last pass. Leaving it in is outside "
            "the Illinois definition [1].",
        ),
    ),
    if_wrong(
        points(
            "<strong>Faint:</strong> needle out, patient flat, legs raised. Stay [6].",
            "<strong>Shock down the leg, or numbness that stays:</strong> stop, re-test strength and sensation, tell the "
            "clinical lead the same day [6].",
            "<strong>Chest pain or shortness of breath:</strong> call 911, as after any needling near the ribs. Symptoms "
            "can take two days to appear [5].",
        ),
        p("Write an incident report for each of these [6]."),
    ),
    text(
        "After the session",
        p(
            "Needles in must equal needles out. Press until it is dry; each needle goes into the sharps container by your "
            "own hand. Walk with the patient, re-test, then exercise [6]."
        ),
    ),
    evidence(
        p(
            "A review of needling by physical therapists for musculoskeletal pain found benefit from right after treatment "
            "to 12 weeks, of very low to moderate quality [3]. We have no trial at hand for exactly the technique above and "
            "say so to patients [6]."
        ),
        p("In 20,464 sessions of any region, 36.7% had a minor event and 20 a major one, 1 in 1,024 [4]."),
    ),
    references(
        "Illinois Physical Therapy Act, 225 ILCS 90/1.5, Dry needling. The section was amended by P.A. 104-0154; the "
        "wording before that amendment was read here.",
        "Irish Society of Chartered Physiotherapists. Guidelines for dry needling practice. 2012.",
        "Gattie E, Cleland JA, Snodgrass S. The effectiveness of trigger point dry needling for musculoskeletal "
        "conditions by physical therapists: a systematic review and meta-analysis. J Orthop Sports Phys Ther. 2017. "
        + pubmed("28158962"),
        "Boyce D, Wempe H, Campbell C, and others. Adverse events associated with therapeutic dry needling. "
        "Int J Sports Phys Ther. 2020.",
        "Case of a pneumothorax that developed over two days after dry needling. Physical Therapy. 2025. "
        + doi("10.1093/ptj/pzaf078"),
        POLICY,
    ),
)
