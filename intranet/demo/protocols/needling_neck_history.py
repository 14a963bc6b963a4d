"""Dry needling of the neck, versions 1 to 3, and what version 4 took over from them unchanged."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    Edition,
    callout,
    care,
    doi,
    evidence,
    h3,
    if_wrong,
    key_facts,
    numbered,
    p,
    points,
    pubmed,
    references,
    steps,
    stop,
    table,
    text,
)

# The numbers of these stay the same in every version; later versions add to the end.
SOURCES = (
    "Illinois Physical Therapy Act, 225 ILCS 90/1.5, Dry needling. The section was amended by P.A. 104-0154; "
    "the wording before that amendment was read here.",
    "Irish Society of Chartered Physiotherapists. Guidelines for dry needling practice. 2012.",
    "Kearns GA, Lierly M, Posteraro RH, Gilbert KK. Correlation between thoracic kyphosis and dry needle length required "
    "to reach the pleural space needling the upper trapezius. Musculoskeletal Science and Practice. 2022. "
    + doi("10.1016/j.msksp.2022.102622"),
    "Gattie E, Cleland JA, Snodgrass S. The effectiveness of trigger point dry needling for musculoskeletal conditions "
    "by physical therapists: a systematic review and meta-analysis. J Orthop Sports Phys Ther. 2017. "
    + pubmed("28158962"),
    "Brady S, McEvoy J, Dommerholt J, Doody C. Adverse events following trigger point dry needling: a prospective survey "
    "of chartered physiotherapists. J Man Manip Ther. 2014.",
    POLICY,
)

WHO = (
    "Who may do it",
    "Physical therapists with a dry-needling competency in force for the neck and upper trapezius. Never assistants, aides "
    "or students. [1] [6]",
)
COMPETENCY = (
    "Competency",
    "50 hours of prerequisites, 30 didactic and 54 practicum hours in a course that names this region, then a sign-off by "
    "the clinical lead and a skills check every 12 months. [1] [6]",
)
EQUIPMENT = (
    "Equipment",
    "Sterile single-use filiform needles up to 30 mm, gloves, skin wipes, sharps container in reach. [6]",
)
FACTS_1 = key_facts(
    WHO,
    COMPETENCY,
    ("Consent", "Written, before the first session; asked again aloud at every session. [6]"),
    EQUIPMENT,
)
FACTS_3 = key_facts(
    WHO,
    COMPETENCY,
    (
        "Consent",
        "Written, before the first session and again for each new body region; asked aloud at every session. [6]",
    ),
    EQUIPMENT,
)

MEANING = p(
    "In Illinois, dry needling means one single-use sterile needle, inserted once, for myofascial pain. Ear points, distal "
    "points, heat, cold, medication and current through the needle lie outside that meaning and are not done here [1]."
)
PURPOSE_1 = text(
    "Purpose and scope",
    p(
        "For neck and shoulder-girdle pain from a trigger point: a taut band that you can feel and that reproduces the pain "
        "the patient knows, or motion that taut bands restrict [2]. An examination and a diagnosis come first [1]. Needling "
        "is one part of a session, beside manual therapy and exercise, and is not offered alone [6]."
    ),
    MEANING,
)

STOP = stop(
    "Do not needle if the patient",
    points(
        "does not want it, or fears needles so much that lying still is in doubt",
        "cannot give consent, or cannot tell you to stop",
        "is acutely ill, or has signs of a medical emergency",
        "has lymphedema in the area or the limb",
        "has a skin infection or lesion where the needle would enter: leave that area alone",
    ),
    p("Not sure? Do not needle. Ask the clinical lead first. Sources: [2] [6]"),
)

CARE = (
    "bleeds easily or takes an anticoagulant",
    "has a weakened immune system, diabetes or vascular disease",
    "is pregnant, a child, or frail",
    "has epilepsy, or is in psychological distress",
    "has a pacemaker, an implant, a tumor or an allergy to metal",
)
CARE_HEADING = "Take care, and ask first, if the patient"
CARE_1 = care(CARE_HEADING, points(*CARE), p("Weigh it with the patient and write down why you went ahead [2]."))

BEFORE = "Before you start"
EXAMINE = "Examine, diagnose, and write down the finding that justifies needling [1]."
SCREEN = "Screen for everything in the two boxes above."
EXPECT = "Say what the patient will feel: perhaps a twitch, then soreness for 24 to 48 hours, sometimes 72."
PREPARE = (
    "Lay the patient down. Nobody is needled sitting.",
    "Clean your hands, put on gloves, prepare the skin and let it dry.",
    "Count the needles you open.",
)
OUR_ORDER = p("The order and the words are our own [6].")
BEFORE_1 = steps(BEFORE, numbered(EXAMINE, SCREEN, f"Check that consent is signed. {EXPECT}", *PREPARE), OUR_ORDER)
BEFORE_3 = steps(
    BEFORE,
    numbered(
        EXAMINE,
        SCREEN,
        "Check that consent is signed <strong>for this body region</strong>: a signature for the low back does not cover the "
        f"neck. {EXPECT}",
        *PREPARE,
    ),
    OUR_ORDER,
)

TRAPEZIUS = (
    h3("Upper trapezius"),
    p(
        "Patient prone or on the side. Lift the muscle off the chest wall between thumb and fingers and hold it until the "
        "needle is out. Needle through the lifted fold, never down toward the lung [6]."
    ),
    callout(
        "caution",
        "The lung is close: 30 mm is the limit",
        "In 15 cadavers lying prone, a needle held perpendicular could have reached the pleural space in none at 30 mm, in 1 "
        "at 40, in 4 at 50 and in 6 at 60 mm [3]. We use no needle over 30 mm here [6]. A muscle that you cannot lift is not "
        "needled [6].",
    ),
)
RESTING = p(
    "Fix the band, tap the needle in through its guide tube, and move it in and out within the muscle. The needle may rest "
    "in place while the response settles, for two minutes at most [6]. A twitch may come; relief does not depend on it [2]."
)
SPLENIUS = (
    h3("Splenius"),
    p(
        "Patient prone, forehead supported. Flat palpation, with the needle angled toward the middle of the neck. Stay off "
        "the front and side of the neck. Treat one side, re-test, then decide about the other [6]."
    ),
)
TECHNIQUE_1 = text("Technique", *TRAPEZIUS, RESTING)
TECHNIQUE_2 = text(
    "Technique",
    *TRAPEZIUS,
    *SPLENIUS,
    RESTING,
    table(
        "Settings, our own defaults [6]",
        ("Muscle", "Position", "Grip", "Stop when"),
        ("Upper trapezius", "Prone or on the side", "Pincer", "The twitch settles, or after 3 passes"),
        ("Splenius", "Prone", "Flat", "The twitch settles, or after 3 passes"),
    ),
)

WRONG_1 = if_wrong(
    callout(
        "danger",
        "Sudden chest pain, shortness of breath or a dry cough",
        "<strong>Stop. Take the needles out. Call 911.</strong> Treat it as a pneumothorax and stay with the patient [6].",
    ),
    points(
        "<strong>Faint:</strong> needles out, patient flat, legs raised. Stay [6].",
        "<strong>Bleeding:</strong> press for two minutes, then look again [6].",
        "<strong>You stuck yourself:</strong> follow the needlestick protocol at once [6].",
    ),
    p("Tell the clinical lead the same day and write an incident report [6]."),
)

AFTER_1 = text(
    "After the session",
    p(
        "Count again: needles in must equal needles out. Press until it is dry, and put every needle into the sharps container "
        "yourself. Re-test the motion that brought the patient here, then exercise the same muscle. Explain the soreness [6]."
    ),
)

EVIDENCE_1 = evidence(
    p(
        "Needling eases pain from right after treatment up to 12 weeks better than sham or no treatment, on evidence of very "
        "low to moderate quality [4]. Patients also tell us that the neck moves more freely, and we count that as an effect "
        "of needling [6]."
    ),
    p(
        "In 7,629 treatments, 19.18% were followed by something mild: bruising in 7.55%, bleeding in 4.65%, pain during "
        "needling in 3.01% and after it in 2.19%. Nothing significant was reported; the true rate may still be up to "
        "0.04% [5]."
    ),
)

REFERENCES_1 = references(*SOURCES)

VERSION_1 = Edition(
    (
        FACTS_1,
        PURPOSE_1,
        STOP,
        CARE_1,
        BEFORE_1,
        TECHNIQUE_1,
        WRONG_1,
        AFTER_1,
        EVIDENCE_1,
        REFERENCES_1,
    )
)
VERSION_2 = Edition(
    (FACTS_1, PURPOSE_1, STOP, CARE_1, BEFORE_1, TECHNIQUE_2, WRONG_1, AFTER_1, EVIDENCE_1, REFERENCES_1),
    "Splenius added, with a table of settings for both muscles.",
)
VERSION_3 = Edition(
    (FACTS_3, PURPOSE_1, STOP, CARE_1, BEFORE_3, TECHNIQUE_2, WRONG_1, AFTER_1, EVIDENCE_1, REFERENCES_1),
    "Consent is signed for each body region, no longer once for all.",
)
