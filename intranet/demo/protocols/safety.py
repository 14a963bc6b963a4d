"""Safety: needlestick, fainting and anaphylaxis, infection prevention."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    Edition,
    Work,
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
    text,
)
from protocols.models import Category

NEEDLESTICK = first_edition(
    "needlestick",
    "Needlestick: the first hour",
    Category.SAFETY,
    key_facts(
        ("For whom", "Everybody who works here, also at the front desk. [3]"),
        ("Time", "Wash now. Be seen today; do not finish the patient first. [1] [3]"),
        ("Who is told", "Your manager, at once. At night or alone: the clinical lead’s phone. [3]"),
    ),
    text(
        "Purpose and scope",
        p(
            "A stick or cut by something that touched another person’s blood, or blood in the eye, the mouth or broken skin [1]."
        ),
    ),
    stop(
        "Do not",
        points(
            "squeeze the wound",
            "recap, bend or search for the needle by hand",
            "wait until the end of the shift",
        ),
        p("Not squeezing is advice from a secondary source [2]; the others are our rules [3]."),
    ),
    steps(
        "In this order",
        numbered(
            "<strong>Wash</strong> the wound with soap and water. Flush eyes or mouth with plenty of water [1].",
            "<strong>Call</strong> your manager. Somebody takes over your patient [1] [3].",
            "<strong>Secure</strong> the needle in the sharps container; the manager keeps its type and lot [3].",
            "<strong>Name the source.</strong> The manager asks the patient, in private, to help with a test. Nothing about the "
            "patient goes into the intranet [2] [3].",
            "<strong>Go</strong> to occupational health or an emergency department, now [1].",
            "<strong>Report.</strong> Incident report before you go home [3].",
        ),
    ),
    if_wrong(
        callout(
            "danger",
            "Nobody answers the phone?",
            "Go to the nearest emergency department and say “needlestick at work”. Do not wait to be called back [3].",
        )
    ),
    evidence(
        p(
            "Washing, flushing, reporting and prompt medical care are the steps of the federal material for health-care "
            "workers [1]. The law wants a confidential medical evaluation after an exposure [4]."
        )
    ),
    references(
        "National Institute for Occupational Safety and Health. How to prevent needlestick and sharps injuries. "
        "Publication 2012-123. 2012.",
        "Secondary sources on first aid after a needlestick; no single publication was read for this point.",
        POLICY,
        "Bloodborne pathogens standard, 29 CFR 1910.1030.",
    ),
)

FAINTING = first_edition(
    "fainting-anaphylaxis",
    "Fainting and severe allergic reaction",
    Category.SAFETY,
    key_facts(
        ("For whom", "Everybody. The first person there begins. [2]"),
        ("Call", "911 first, then your colleague, then the manager. [2]"),
        ("Where", "First-aid bag and defibrillator hang beside the front desk in both clinics. [2]"),
    ),
    text(
        "Purpose and scope",
        p("A patient, visitor or colleague who faints, or swells, wheezes or breaks out in hives within minutes [2]."),
    ),
    stop(
        "Do not",
        points(
            "let the person stand up, walk or sit in a chair, even when they feel better [1]",
            "leave them alone",
            "give food, drink or somebody else’s medicine",
        ),
        p("The first point can be a matter of life; the others are our rules [2]."),
    ),
    steps(
        "In this order",
        numbered(
            "Shout for help. One person calls 911 and says: clinic, street, which door.",
            "Lay the person flat and raise the legs [1]. Trouble breathing: legs stretched out, back supported. Vomiting: "
            "on the side.",
            "Take away the cause: needle, cream, latex.",
            "They carry their own epinephrine pen? Hand it to them and help them to use it, if they ask.",
            "No breathing: start chest compressions, fetch the defibrillator.",
            "Somebody waits at the door for the ambulance.",
        ),
        p("All except the position is our own plan [2]."),
    ),
    text(
        "Epinephrine",
        p(
            "The clinics keep no stock of it. Whether staff may give it from a stock is a legal question and a decision of "
            "the group, which has not been made [2]."
        ),
    ),
    if_wrong(
        points(
            "<strong>They come round and want to go home:</strong> they stay flat until the ambulance crew "
            "has seen them [1] [2].",
            "<strong>Afterwards:</strong> incident report the same day, and a talk in the team [2].",
        )
    ),
    evidence(
        p(
            "Deaths were described within seconds after people in anaphylactic shock stood up or were sat up; lying flat with "
            "the legs raised is the advice drawn from them, read in secondary sources [1]."
        )
    ),
    references("Pumphrey RSH. Fatal posture in anaphylactic shock. J Allergy Clin Immunol. 2003.", POLICY),
)

INFECTION_FACTS = key_facts(
    ("For whom", "Everybody who enters a treatment room. [2]"),
    ("Trained person", "One in each clinic, named on the notice board. [1]"),
    ("Training", "At the start, then every 12 months. [2]"),
)
INFECTION_PURPOSE = text(
    "Purpose and scope",
    p("Hands, gloves, surfaces and waste in both clinics, for every patient alike [1]."),
)
INFECTION_SHARPS = text(
    "Needles and blood",
    points(
        "Gloves for every needling; a new pair for every patient [2].",
        "Sharps container in reach, replaced when three quarters full [2].",
        "Training on bloodborne pathogens at assignment and at least every year, with its record kept for 3 years [3].",
    ),
)
INFECTION_WRONG = if_wrong(
    points(
        "<strong>Blood on a surface:</strong> gloves, towel, disinfect, wait the time on the label [2].",
        "<strong>Blood on you:</strong> follow the needlestick protocol [2].",
    )
)
INFECTION_EVIDENCE = evidence(
    p(
        "Federal guidance for outpatient settings expects a person with training to be available and the rules to be looked at "
        "again regularly, for example every year [1]."
    )
)
INFECTION_SOURCES = references(
    "Centers for Disease Control and Prevention. Guide to infection prevention for outpatient settings.",
    POLICY,
    "Bloodborne pathogens standard, 29 CFR 1910.1030; training details from secondary sources.",
)
INFECTION = Work(
    "infection-prevention",
    "Infection prevention in the clinic",
    Category.SAFETY,
    (
        Edition(
            (
                INFECTION_FACTS,
                INFECTION_PURPOSE,
                steps(
                    "Between two patients",
                    numbered(
                        "Clean your hands.",
                        "Wipe the table, the pillow and everything you touched.",
                        "Change the paper or the sheet.",
                        "Clean your hands again.",
                    ),
                    p("Our own routine [2]."),
                ),
                INFECTION_SHARPS,
                INFECTION_WRONG,
                INFECTION_EVIDENCE,
                INFECTION_SOURCES,
            )
        ),
        Edition(
            (
                INFECTION_FACTS,
                INFECTION_PURPOSE,
                steps(
                    "Between two patients",
                    numbered(
                        "Clean your hands.",
                        "Wipe the table, the pillow and everything you touched, and <strong>leave it wet for the time on the "
                        "label</strong>.",
                        "Change the paper or the sheet.",
                        "Clean your hands again.",
                    ),
                    p("Our own routine [2]."),
                ),
                stop(
                    "Do not treat, come in or stay if you",
                    points(
                        "have a fever", "vomit or have diarrhea", "have a weeping rash or an open sore on your hands"
                    ),
                    p("Tell the manager; nobody has to name a reason or to find a replacement [2]."),
                ),
                INFECTION_SHARPS,
                INFECTION_WRONG,
                INFECTION_EVIDENCE,
                INFECTION_SOURCES,
            ),
            "Disinfectant stays wet for the time on its label. New: when to stay at home.",
        ),
    ),
)
