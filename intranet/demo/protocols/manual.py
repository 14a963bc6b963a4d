"""Manual therapy: screening before cervical manipulation, and cupping."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    callout,
    care,
    doi,
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

MANIPULATION = first_edition(
    "cervical-manipulation",
    "Cervical manipulation: screening before treatment",
    Category.NEEDLING,
    key_facts(
        (
            "Who may do it",
            "Physical therapists signed off for cervical manipulation; renewed every 24 months. [2]",
        ),
        ("Consent", "Informed, spoken and written down each time; the patient knows the alternatives. [1]"),
        ("Equipment", "Blood pressure cuff, stethoscope, penlight. [2]"),
    ),
    text(
        "Purpose and scope",
        p(
            "Before every thrust or end-range technique for the neck. A vascular event after treatment is rare, but it "
            "may be a stroke, and the neck pain may have been its first sign. The history finds most of what can be found [1]."
        ),
    ),
    stop(
        "Do not manipulate if the patient",
        points(
            "has a new headache or neck pain unlike any before",
            "has double vision, slurred speech, trouble swallowing, a drop attack, or unsteadiness that is new",
            "has a drooping eyelid with a small pupil, numbness of the face, or nystagmus",
            "had a neck injury that nobody has cleared, or has known instability",
            "does not agree after hearing risks and alternatives",
        ),
        p(
            "Neurological signs: do not test further, call 911. The list follows the framework [1] and our own caution [2]."
        ),
    ),
    steps(
        "Screen, in this order",
        numbered(
            "<strong>History first.</strong> Onset, trauma, infection, headache, vascular risk factors, earlier "
            "treatment and what it did.",
            "<strong>Vital signs.</strong> Blood pressure at rest, both arms if the first is high.",
            "<strong>Neurological examination.</strong> Cranial nerves, reflexes, sensation, coordination, gait.",
            "<strong>Decide with the whole picture.</strong> No single test can rule a vascular cause out.",
            "<strong>Consent.</strong> Say what could happen, how rarely, and what else would help.",
        ),
        p("Steps 1 to 5 follow the framework [1]; writing each answer down is our policy [2]."),
    ),
    if_wrong(
        callout(
            "danger",
            "Dizziness, double vision, slurred speech, numbness, severe headache",
            "<strong>Stop. Lay the patient down. Call 911 and say “possible stroke”</strong>, with the time at which it "
            "began. Do not manipulate again to see whether it passes [2].",
        ),
    ),
    evidence(
        p(
            "The framework is a consensus of manual-therapy bodies, not a trial. It holds that vascular events are rare, "
            "that clinical reasoning from the history carries the decision, and that positional tests alone do not [1]."
        ),
    ),
    references(
        "Rushton A, Carlesso LC, Flynn T, and others. International framework for examination of the cervical region for "
        "potential of vascular pathologies of the neck prior to musculoskeletal intervention: International IFOMPT "
        "Cervical Framework. J Orthop Sports Phys Ther. 2022. " + doi("10.2519/jospt.2022.11147"),
        POLICY,
    ),
)

CUPPING = first_edition(
    "cupping",
    "Dry cupping",
    Category.NEEDLING,
    key_facts(
        ("Who may do it", "Physical therapists signed off for cupping; renewed every 24 months. [3]"),
        ("Consent", "Spoken, with the marks explained: they stay for days. [3]"),
        ("Equipment", "Cups with a hand pump, cleaned between patients; lotion. [3]"),
    ),
    text(
        "Purpose and scope",
        p(
            "An addition for neck and low back pain when touch and movement alone are not enough. Dry cupping only: the "
            "skin stays whole [3]."
        ),
    ),
    stop(
        "Do not cup",
        points(
            "fragile, broken or infected skin",
            "a limb with a known or suspected deep vein thrombosis",
            "the front of the neck or the groin",
            "an area or limb with lymphedema",
        ),
        p("Taken from secondary sources and kept on the careful side [2] [3]."),
    ),
    care(
        "Take care, and ask first, if the patient",
        points("takes blood thinners", "bruises easily", "has reduced sensation in the area"),
        p("Ask the clinical lead when in doubt [3]."),
    ),
    steps(
        "Technique",
        numbered(
            "Inspect the skin. Show the patient a cup and its pressure on the forearm.",
            "Lotion, then the lightest suction that holds.",
            "Leave static cups for 5 minutes at first; look under them every minute.",
            "Release, inspect, note the marks, and move the area actively.",
        ),
        p("Times and order are our own [3]."),
    ),
    if_wrong(points("<strong>Blister or severe pain:</strong> release at once, cover the skin, incident report [3].")),
    evidence(
        p(
            "A meta-analysis of 21 randomized trials with 1,049 people found less neck pain after cupping (mean difference "
            "21.67 points less); the evidence is of low quality [1]. Offer it as an option, not as a cure [3]."
        ),
    ),
    references(
        "Wood S, Fryer G, Tan LLF, Cleary C. Dry cupping for musculoskeletal pain and range of motion: a systematic "
        "review and meta-analysis. J Bodyw Mov Ther. 2020.",
        "Contraindications as collected from secondary sources; no single publication was read for them.",
        POLICY,
    ),
)
