"""Dry needling of the neck and upper trapezius: version 4, and the four versions together."""

from __future__ import annotations

from intranet.demo.protocols.needling_neck_history import (
    BEFORE_3,
    CARE,
    CARE_HEADING,
    FACTS_3,
    MEANING,
    SOURCES,
    SPLENIUS,
    STOP,
    TRAPEZIUS,
    VERSION_1,
    VERSION_2,
    VERSION_3,
)
from intranet.demo.protocols.writing import (
    Asked,
    Edition,
    Work,
    callout,
    care,
    doi,
    evidence,
    h3,
    if_wrong,
    p,
    points,
    pubmed,
    references,
    table,
    text,
)
from protocols.models import Category

PURPOSE_4 = text(
    "Purpose and scope",
    p(
        "For neck and shoulder-girdle pain from a trigger point: a taut band that you can feel and that reproduces the pain "
        "the patient knows [2]. Stiffness without that pain is no reason to needle [7]. An examination and a diagnosis come "
        "first [1]. Needling is one part of a session, beside manual therapy and exercise, and is not offered alone [6]."
    ),
    MEANING,
)

CARE_4 = care(
    CARE_HEADING,
    points(
        *CARE,
        "is slightly built: the depth to the lung changes with build, sex and position [8]",
        "will be alone or out of reach for the next 48 hours: a pneumothorax can take two days to show [9]",
    ),
    p("Weigh it with the patient and write down why you went ahead [2]."),
)

TECHNIQUE_4 = text(
    "Technique",
    *TRAPEZIUS,
    p("A bolster under the shoulder added 0.7 cm of depth to the lung (95% CI 0.4 to 1.0 cm) [8]: use one [6]."),
    *SPLENIUS,
    h3("Needle in, needle out"),
    p(
        "Fix the band, tap the needle in through its guide tube, and move it in and out within the muscle. <strong>Withdraw it "
        "at once after the last pass; it never stays in.</strong> A twitch may come; relief does not depend on it [2]."
    ),
    callout(
        "info",
        "Changed in version 4",
        "Versions 1 to 3 let the needle rest for up to two minutes. That is needle retention, which Illinois does not count "
        "as dry needling [1].",
    ),
    table(
        "Settings, our own defaults [6]",
        ("Muscle", "Position", "Grip", "Withdraw when"),
        (
            "Upper trapezius",
            "Prone or on the side, shoulder on a bolster",
            "Pincer",
            "The twitch settles, or after 3 passes",
        ),
        ("Splenius", "Prone", "Flat", "The twitch settles, or after 3 passes"),
    ),
    p(
        "How much is usual: of the American therapists surveyed, 67.3% needle for less than 15 minutes in a session and 82.0% "
        "plan 3 to 6 sessions [10]."
    ),
)

WRONG_4 = if_wrong(
    callout(
        "danger",
        "Sudden chest pain, shortness of breath or a dry cough",
        "<strong>Stop. Take the needle out. Call 911.</strong> Treat it as a pneumothorax and stay with the patient. It can "
        "also come later: in a case published in 2025 it developed over two days [9].",
    ),
    points(
        "<strong>Faint:</strong> needle out, patient flat, legs raised. Stay [6].",
        "<strong>Bleeding:</strong> press for two minutes, then look again [6].",
        "<strong>You stuck yourself:</strong> follow the needlestick protocol at once [6].",
        "<strong>Red flag of any kind:</strong> position the patient, take vital signs, call 911 [6].",
    ),
    p("Tell the clinical lead the same day and write an incident report; the lead reviews this protocol with you [6]."),
)

AFTER_4 = text(
    "After the session",
    p(
        "Count again: needles in must equal needles out. Press until it is dry, and put every needle into the sharps container "
        "yourself. Re-test the motion that brought the patient here, then exercise the same muscle [6]."
    ),
    p(
        "Say this to every patient: “Soreness for a day or two is usual, sometimes three. If within two days you become short of "
        "breath, have chest pain or a dry cough, call 911 or go to an emergency department, then call us” [6] [9]."
    ),
)

EVIDENCE_4 = evidence(
    callout(
        "caution",
        "Corrected in version 4: needling does not improve neck motion",
        "Versions 1 to 3 counted freer neck motion as an effect of needling. A meta-analysis of 28 randomized trials found no "
        "effect on cervical range of motion [7]. Do not promise it to patients, and do not set it as the goal of needling.",
    ),
    points(
        "<strong>Pain, short term:</strong> 2.31 points less on the pain scale (95% CI 0.99 to 3.64) than with sham, a waiting "
        "list or another control [7].",
        "<strong>Against manual therapy:</strong> 0.51 points less pain [7].",
        "<strong>Disability:</strong> better than sham only (SMD −0.87). <strong>Pressure pain threshold:</strong> 55.48 kPa "
        "higher [7].",
        "<strong>Against other physical therapy:</strong> no difference [7].",
        "An earlier review found benefit from right after treatment to 12 weeks, of very low to moderate quality [4].",
    ),
    p(
        "<strong>Harm.</strong> In 7,629 treatments 19.18% were followed by something mild, most often bruising (7.55%) or "
        "bleeding (4.65%), and nothing significant was reported, with an upper bound of 0.04% [5]. In 20,464 sessions the "
        "minor rate was 36.7%, with 20 major events: 1 in 1,024 sessions [11]. The second number is the one to tell patients [6]."
    ),
)

REFERENCES_4 = references(
    *SOURCES,
    "Navarro-Santana MJ, Sanchez-Infante J, Fernández-de-las-Peñas C, Cleland JA, Martín-Casas P, Plaza-Manzano G. "
    "Effectiveness of dry needling for myofascial trigger points associated with neck pain symptoms: an updated systematic "
    "review and meta-analysis. J Clin Med. 2020. " + pubmed("33066556"),
    "Mitchell UH, Johnson AW, Larson RE, Seamons CT. Positional changes in distance to the pleura and in muscle thickness "
    "for dry needling. Physiotherapy. 2018.",
    "Case of a pneumothorax that developed over two days after dry needling. Physical Therapy. 2025. "
    + doi("10.1093/ptj/pzaf078"),
    "Gattie E and others. Survey of American physical therapists on their practice of dry needling. 2020.",
    "Boyce D, Wempe H, Campbell C, and others. Adverse events associated with therapeutic dry needling. "
    "Int J Sports Phys Ther. 2020.",
)

VERSION_4 = Edition(
    (FACTS_3, PURPOSE_4, STOP, CARE_4, BEFORE_3, TECHNIQUE_4, WRONG_4, AFTER_4, EVIDENCE_4, REFERENCES_4),
    "The needle is withdrawn at once. Two new precautions. Our claim that needling improves neck motion was wrong and is "
    "corrected.",
    asked=(
        Asked(
            "Technique",
            "How long does the needle stay in after the last pass?",
            "It is withdrawn at once",
            ("Up to two minutes", "Until the soreness has gone"),
        ),
        Asked(
            "Evidence",
            "What may you promise about the motion of the neck?",
            "Nothing: no effect was found",
            ("Freer motion on the same day", "Freer motion after three sessions"),
        ),
    ),
)

WORK = Work(
    "dry-needling-cervical",
    "Dry needling: cervical and upper trapezius",
    Category.NEEDLING,
    (VERSION_1, VERSION_2, VERSION_3, VERSION_4),
)
