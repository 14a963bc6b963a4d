"""After surgery: return to sport after ACL reconstruction, rotator cuff repair, total knee replacement."""

from __future__ import annotations

from intranet.demo.protocols.writing import (
    POLICY,
    Edition,
    Work,
    callout,
    care,
    evidence,
    first_edition,
    h3,
    if_wrong,
    key_facts,
    link,
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
from protocols.models import Category

ACL = first_edition(
    "acl-return-to-sport",
    "ACL reconstruction: return to sport",
    Category.EXERCISE,
    key_facts(
        (
            "Who may do it",
            "Physical therapists; assistants carry out the program and never decide the clearance. [2]",
        ),
        ("Earliest return", "9 months after surgery for pivoting and contact sport. [1]"),
        ("Criterion", "More than 90 on every test, on the same day. One miss is a miss. [1]"),
        ("Equipment", "Dynamometer, tape measure, timing gates or stopwatch, questionnaires. [2]"),
    ),
    text(
        "Purpose and scope",
        p(
            "Who may go back to level I sport (jumping, pivoting, hard cutting) after an ACL reconstruction, and when. It "
            "does not replace the surgeon’s release, which we need as well [2]."
        ),
    ),
    stop(
        "Do not clear the athlete who",
        points(
            "is less than 9 months from surgery",
            "scores 90 or less on any test",
            "has an effusion or pain that grew after the last session",
            "has no written release from the surgeon",
        ),
        p("The first two follow the study [1], the others are our policy [2]."),
    ),
    steps(
        "Test day",
        numbered(
            "Ask about swelling and giving way since the last visit. Either one: no tests today.",
            "Knee Outcome Survey, daily living scale, and the global rating of function.",
            "Quadriceps strength, both sides, as a percentage of the other leg.",
            "Four single-leg hop tests, both sides, best of two.",
            "Write down every value, then the verdict. Give the athlete a copy.",
        ),
        p("The tests and the limit of 90 are those of the study [1]; the order is ours [2]."),
    ),
    text(
        "When the answer is no",
        p(
            "Name the test that was missed, set one goal for it, and book the next test day 4 to 6 weeks ahead [2]. Explain "
            "what waiting buys: up to month nine, each month of delay about halved the rate of another knee injury [1]."
        ),
    ),
    if_wrong(
        points(
            "<strong>A pop, giving way or quick swelling:</strong> stop, protect the knee, call the surgeon’s office "
            "today [2]."
        )
    ),
    evidence(
        points(
            "Back in level I sport: 4.32 times the rate of knee re-injury [1].",
            "Each month that return was delayed, up to 9 months: 51% fewer re-injuries; no further gain after that [1].",
            "Re-injured among those who failed the criteria: 38.2%. Among those who passed: 5.6%. The difference fell short of "
            "significance (p = 0.075) [1].",
        ),
        p("One cohort of 106 people, followed for two years [1]. Good guidance, not proof."),
    ),
    references(
        "Grindem H, Snyder-Mackler L, Moksnes H, Engebretsen L, Risberg MA. Simple decision rules can reduce reinjury risk "
        "by 84% after ACL reconstruction: the Delaware-Oslo ACL cohort study. Br J Sports Med. 2016. "
        + link("https://bjsm.bmj.com/content/50/13/804", "BJSM 50/13/804"),
        POLICY,
    ),
)

ROTATOR_CUFF = first_edition(
    "rotator-cuff-repair",
    "Rotator cuff repair: rehabilitation",
    Category.EXERCISE,
    key_facts(
        ("Who may do it", "Physical therapists; assistants from week 6 on, by the plan of care. [2]"),
        ("Before you start", "Operation report and the surgeon’s restrictions in the file. [2]"),
        ("The surgeon’s word", "Stricter instructions replace the table below. [2]"),
    ),
    text(
        "Purpose and scope",
        p(
            "For arthroscopic repair of the rotator cuff. The tendon heals slowly, so protection comes first and strength "
            "last [1]. Massive tears and revisions follow the surgeon’s own plan [2]."
        ),
    ),
    stop(
        "Before week 6, the patient does not",
        points("lift the arm by its own power", "carry, push or pull with it", "take off the sling to sleep"),
        p("Active motion waits until protected passive motion is complete [1]; the wording is ours [2]."),
    ),
    text(
        "Phases",
        table(
            "Weeks after surgery [1]",
            ("Phase", "Weeks", "Allowed"),
            ("Strict immobilization", "0 to 2", "Hand, wrist and elbow only"),
            ("Protected passive motion", "2 to 6", "Passive range, supported; no active lifting"),
            ("Active motion", "From 6", "Active-assisted, then active range"),
            ("Strengthening", "From 12", "Light resistance, then more"),
        ),
        p(
            "Move on when the week <em>and</em> the shoulder allow it: quiet at rest, and the range of the phase reached [2]."
        ),
    ),
    if_wrong(
        points(
            "<strong>Sudden loss of active motion, or a pop with pain:</strong> sling on, stop, call the surgeon today [2].",
            "<strong>Fever, redness or fluid from the wound:</strong> call the surgeon today [2].",
        )
    ),
    evidence(
        p(
            "The phases are a consensus of shoulder therapists who weighed the healing of the tendon against stiffness. "
            "They recommend two weeks of strict immobilization, protected passive motion in weeks 2 to 6, then active motion, "
            "and strengthening from week 12 [1]."
        )
    ),
    references(
        "American Society of Shoulder and Elbow Therapists. Consensus statement on rehabilitation following arthroscopic "
        "rotator cuff repair. 2016. " + pubmed("26995456"),
        POLICY,
    ),
)

KNEE_FACTS = key_facts(
    ("Who may do it", "Physical therapists and, by the plan of care, assistants. [2]"),
    ("First visit", "Within 7 days after surgery. [1] [2]"),
    (
        "Equipment",
        "Neuromuscular stimulator, leg press or cuff weights, ice, stopwatch, chair with a 17-inch seat. [2]",
    ),
)
KNEE_PURPOSE = text(
    "Purpose and scope",
    p("Outpatient care after a primary total knee replacement. Revisions follow the surgeon’s plan [2]."),
)
KNEE_CARE = care(
    "Take care, and ask first, if the patient",
    points(
        "has a swollen, warm or painful calf",
        "has fever, or a wound that opens or drains",
        "has a pacemaker: no electrical stimulation before the cardiologist agrees",
    ),
    p("Calf signs and fever: call the surgeon before treating [2]."),
)
KNEE_WRONG = if_wrong(
    points(
        "<strong>Chest pain or shortness of breath:</strong> call 911, think of a clot in the lung [2].",
        "<strong>A fall:</strong> do not lift the patient at once; examine, call the surgeon, incident report [2].",
    )
)
KNEE_EVIDENCE = evidence(
    p(
        "The guideline rates motor-function training as a strong recommendation, and neuromuscular stimulation and "
        "high-intensity strength training begun within 7 days as moderate ones. It supports cold, and advises against "
        "continuous passive motion [1]."
    )
)
KNEE_SOURCES = references(
    "American Physical Therapy Association. Physical therapist management of total knee arthroplasty, clinical practice "
    "guideline. Guideline Central, summary 300177.",
    POLICY,
)
KNEE_PLAN = text(
    "Plan of care",
    points(
        "Motor-function training from the first visit: balance, gait, sit to stand, steps [1].",
        "Neuromuscular stimulation of the quadriceps and high-intensity strength training, begun within 7 days [1].",
        "Cold after every session in the first weeks [1].",
    ),
)
TOTAL_KNEE = Work(
    "total-knee",
    "Total knee replacement: outpatient care",
    Category.EXERCISE,
    (
        Edition(
            (
                KNEE_FACTS,
                KNEE_PURPOSE,
                KNEE_CARE,
                KNEE_PLAN,
                text(
                    "Measure",
                    p("Range of motion and pain at every visit; a walking test at the first and the last [2]."),
                ),
                KNEE_WRONG,
                KNEE_EVIDENCE,
                KNEE_SOURCES,
            )
        ),
        Edition(
            (
                KNEE_FACTS,
                KNEE_PURPOSE,
                KNEE_CARE,
                KNEE_PLAN,
                text(
                    "Measure",
                    p(
                        "The same three at the first and at the last visit, so that we can compare across both clinics [1]:"
                    ),
                    points("KOOS JR", "30-second sit to stand", "Timed Up and Go"),
                    h3("No continuous passive motion"),
                    callout(
                        "caution",
                        "The machines are gone",
                        "The guideline advises against continuous passive motion [1]. Do not rent or lend one; if a patient "
                        "brings one, talk to the surgeon [2].",
                    ),
                ),
                KNEE_WRONG,
                KNEE_EVIDENCE,
                KNEE_SOURCES,
            ),
            "The same three measures at the first and last visit. Continuous passive motion ends.",
        ),
    ),
)
