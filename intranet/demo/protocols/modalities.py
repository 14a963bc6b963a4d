"""Modalities: electrical stimulation and therapeutic ultrasound."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    care,
    evidence,
    first_edition,
    if_wrong,
    key_facts,
    numbered,
    p,
    points,
    references,
    steps,
    stop,
    text,
)
from protocols.models import Category

PRESCRIPTION = (
    "Rand SE, Goerlich C, Marchand K, Jablecki N. The physical therapy prescription. American Family Physician. 2007."
)

ELECTRICAL_STIMULATION = first_edition(
    "electrical-stimulation",
    "Electrical stimulation and TENS",
    Category.MODALITIES,
    key_facts(
        (
            "Who may do it",
            "Physical therapists; assistants by the plan of care. Aides never set the device. [3]",
        ),
        ("Consent", "Spoken; the patient holds the stop button. [3]"),
        ("Equipment", "Tested device, fresh electrodes, intact leads. [3]"),
    ),
    text(
        "Purpose and scope",
        p(
            "To ease pain (TENS) or to make a muscle contract. Never through needles: that is outside dry needling here [3]."
        ),
    ),
    stop(
        "Do not stimulate",
        points(
            "a patient with a pacemaker or a known arrhythmia",
            "a patient with thrombosis or thrombophlebitis",
            "the abdomen or pelvis of a pregnant patient",
            "the front of the neck: the carotid sinus lies there",
        ),
        p("The first three: [1]. The neck: [2]."),
    ),
    care(
        "Take care, and ask first, if the patient",
        points(
            "has heart disease or a tumor",
            "has reduced sensation or an open wound under the electrode",
            "cannot tell you what it feels like",
        ),
        p("Source: [1]."),
    ),
    steps(
        "Session",
        numbered(
            "Ask the questions of the two boxes, every time, also of patients you know.",
            "Inspect and clean the skin. Test sharp and dull where the electrodes go.",
            "Electrodes on, intensity at zero, then up slowly until the patient says stop.",
            "Stay in hearing distance. Inspect the skin afterwards and write it down.",
        ),
        p("Our own order [3]."),
    ),
    if_wrong(
        points(
            "<strong>Burn or blister:</strong> off, cool, cover, incident report [3].",
            "<strong>Palpitations, faintness or chest pain:</strong> off, lay flat, call 911 [3].",
        )
    ),
    evidence(p("The limits above are those listed for family physicians who prescribe physical therapy [1].")),
    references(PRESCRIPTION, "Secondary sources on TENS; no single publication was read for this point.", POLICY),
)

ULTRASOUND = first_edition(
    "therapeutic-ultrasound",
    "Therapeutic ultrasound",
    Category.MODALITIES,
    key_facts(
        ("Who may do it", "Physical therapists; assistants by the plan of care. [2]"),
        ("Consent", "Spoken; warmth is fine, pain is not. [2]"),
        ("Equipment", "Device with this year’s calibration sticker, gel. [2]"),
    ),
    text("Purpose and scope", p("Short-term easing of tendon and muscle pain, as one part of a session [1].")),
    stop(
        "Do not use it near",
        points(
            "a malignant tumor",
            "a place where a lamina was removed",
            "a joint replacement",
            "a pacemaker",
            "the eyes or the reproductive organs",
            "the growth plates of a child",
            "acute inflammation or thrombophlebitis",
        ),
        p("Source: [1]."),
    ),
    steps(
        "Session",
        numbered(
            "Ask the questions above. Test warm and cold sensation.",
            "Gel, head flat on the skin, keep it moving all the time.",
            "Start low. Deep ache or heat: turn down at once.",
            "Clean the head between patients.",
        ),
        p("Our own order [2]."),
    ),
    if_wrong(points("<strong>Burn:</strong> stop, cool, cover, incident report [2].")),
    evidence(
        p("The list of places to avoid is that for family physicians who prescribe physical therapy [1]."),
    ),
    references(PRESCRIPTION, POLICY),
)
