"""Front desk: patients without a referral, and privacy."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    callout,
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
    table,
    text,
)
from protocols.models import Category

DIRECT_ACCESS = first_edition(
    "direct-access",
    "Patients without a referral: dates to keep",
    Category.FRONT_DESK,
    key_facts(
        ("Who does it", "Front desk books and keeps the dates; the therapist writes to the physician. [2]"),
        ("First date", "5 business days after the first visit: the physician has been told. [1]"),
        ("Second date", "10 visits or 15 business days without improvement: refer. [1]"),
    ),
    text(
        "Purpose and scope",
        p(
            "Illinois lets a physical therapist see patients without a referral, on conditions [1]. The law binds the therapist; "
            "the front desk makes sure that no date is missed [2]."
        ),
    ),
    steps(
        "When somebody calls without a referral",
        numbered(
            "Book the visit. Ask which physician or clinic treats them.",
            "Say that their insurance may still want a referral, and that they should ask it.",
            "Mark the visit “no referral”, so that the therapist sees it.",
            "Put the first date on the therapist’s list: 5 business days after the first visit.",
        ),
        p("How we keep the dates is our own policy [2]."),
    ),
    text(
        "The two dates",
        table(
            "Counted from the first visit [1]",
            ("Date", "What the therapist does"),
            ("5 business days", "Tells the treating health-care professional that the patient is here"),
            (
                "10 visits or 15 business days, whichever is first",
                "Refers the patient if nothing measurable has improved",
            ),
        ),
    ),
    if_wrong(
        points(
            "<strong>A date was missed:</strong> tell the therapist and the manager today; write down when it was made "
            "good [2].",
            "<strong>The caller describes an emergency:</strong> tell them to call 911, do not book [2].",
        )
    ),
    evidence(
        p(
            "This is law, not a finding: the dates stand in section 1.2 of the Act, here as quoted by clinics [1]. Legal rules "
            "change; the clinical lead checks this page once a year [2]."
        )
    ),
    references("Illinois Physical Therapy Act, 225 ILCS 90/1.2, as quoted in secondary sources.", POLICY),
)

PRIVACY = first_edition(
    "privacy-front-desk",
    "Privacy at the front desk",
    Category.FRONT_DESK,
    key_facts(
        ("For whom", "Front desk and clinic managers; therapists may read it. [2]"),
        (
            "Training",
            "Soon after you start, again when the rules change materially, and every 12 months. [1] [2]",
        ),
        ("Records", "Training is documented and kept for 6 years. [1]"),
    ),
    text(
        "Purpose and scope",
        p("What patients may expect from us at the counter, on the phone and on paper [2]."),
    ),
    stop(
        "Never",
        points(
            "say a diagnosis, a treatment or a phone number so that the waiting room hears it",
            "leave a message that names the clinic’s treatment",
            "write about a patient in this intranet, in a shift note, a file name or a chat",
            "let anybody else work under your login",
        ),
        p("Our rules [2]."),
    ),
    steps(
        "At the counter",
        numbered(
            "Ask for name and date of birth on a card, not aloud.",
            "Turn the screen away from the counter; lock it when you stand up.",
            "Hand papers over face down. Shred what is left.",
            "A caller wants to know whether somebody is here: you can neither confirm nor deny it.",
        ),
        p("Our routine [2]."),
    ),
    if_wrong(
        callout(
            "danger",
            "A paper, a message or a list went to the wrong person",
            "<strong>Tell your manager now, not tomorrow.</strong> Do not delete anything. Nobody is blamed for telling [2].",
        )
    ),
    evidence(
        p(
            "Federal rules ask for training of new members of the workforce within a reasonable time, again when a policy "
            "changes materially, and for its documentation [1]. The 12 months are ours [2]."
        )
    ),
    references("HIPAA privacy rule, training: 45 CFR 164.530(b).", POLICY),
)
