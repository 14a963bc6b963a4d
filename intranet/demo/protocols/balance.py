"""Balance and vestibular: BPPV, concussion, risk of falling."""

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
    table,
    text,
)
from protocols.models import Category

BPPV = first_edition(
    "bppv",
    "Positional vertigo (BPPV): test and treat",
    Category.VESTIBULAR,
    key_facts(
        ("Who may do it", "Physical therapists signed off for vestibular rehabilitation. [2]"),
        ("Consent", "Spoken: the test will bring the vertigo on, for less than a minute. [2]"),
        (
            "Equipment",
            "Table that lets the head hang 20 degrees, a basin, a second person for frail patients. [2]",
        ),
    ),
    text(
        "Purpose and scope",
        p("Short spells of spinning when the head changes position. Constant dizziness is something else: refer [2]."),
    ),
    stop(
        "Do not test if the patient",
        points(
            "has new double vision, slurred speech, weakness or numbness: call 911",
            "has a neck injury or instability that nobody has cleared",
            "has sudden loss of hearing: refer the same day",
        ),
        p("Our own rules for safety [2]."),
    ),
    care(
        "Take care, and ask first, if the patient",
        points(
            "has a stiff or painful neck",
            "has severe back trouble",
            "is at risk of falling: assess it today [1]",
        ),
        p("With a stiff neck, lay the whole patient down sideways instead of hanging the head [2]."),
    ),
    steps(
        "Test",
        numbered(
            "<strong>Dix-Hallpike.</strong> Turn the head 45 degrees, lay the patient back quickly, head 20 degrees below the "
            "table. Watch the eyes for a minute. Then the other side [1].",
            "<strong>Nothing, or horizontal nystagmus?</strong> Supine roll test, both sides [1].",
            "<strong>Criteria met?</strong> Treat now. No imaging is needed [1].",
            "<strong>Assess the risk of falling</strong> before the patient goes home [1].",
        ),
    ),
    text(
        "Treat",
        p(
            "Repositioning for the canal that the test named, up to three rounds in a session. Re-test. The patient sits for "
            "ten minutes and does not drive alone right after the first session [2]."
        ),
    ),
    if_wrong(
        points(
            "<strong>Vomiting:</strong> on the side, basin, wait. Try again another day [2].",
            "<strong>New neurological signs:</strong> stop, lay flat, call 911 [2].",
        )
    ),
    evidence(
        p(
            "The 2017 guideline of the American ear, nose and throat academy asks for the Dix-Hallpike test, for the supine roll "
            "test when that is negative or shows horizontal nystagmus, for no imaging when the criteria are met, and for an "
            "assessment of the risk of falling [1]."
        )
    ),
    references(
        "Bhattacharyya N, Gubbels SP, Schwartz SR, and others. Clinical practice guideline: benign paroxysmal positional "
        "vertigo (update). American Academy of Otolaryngology, Head and Neck Surgery. 2017.",
        POLICY,
    ),
)

CONCUSSION = first_edition(
    "concussion",
    "Concussion: examination and return to activity",
    Category.VESTIBULAR,
    key_facts(
        ("Who may do it", "Physical therapists. [2]"),
        ("Return to sport", "Only with the release of a physician. [2]"),
        ("Persistent", "Symptoms for more than two weeks. [1]"),
    ),
    text(
        "Purpose and scope",
        p("From the first days after a concussion until the patient works, learns and trains as before [2]."),
    ),
    stop(
        "Send to an emergency department if the patient",
        points(
            "has a headache that keeps getting worse",
            "vomits again and again, or has a seizure",
            "is confused, cannot stay awake, or has weakness or slurred speech",
            "has neck pain with tingling or weakness in the arms",
        ),
        p("Our own list of red flags, kept short on purpose [2]."),
    ),
    text(
        "Examine four domains",
        table(
            "What to examine [1] and how we do it [2]",
            ("Domain", "Look at"),
            ("Cervical", "Motion, joint and muscle findings, position sense"),
            ("Vestibulo-oculomotor", "Eye movements, gaze stability, positional test, motion sensitivity"),
            ("Autonomic and exertional", "Heart rate and symptoms in a graded exercise test"),
            ("Motor", "Balance, gait, two tasks at once"),
        ),
        p("Start treatment with the domain that troubles the patient most [2]."),
    ),
    steps(
        "Step up activity",
        numbered(
            "Daily life without symptoms getting worse.",
            "Light aerobic work below the level that brings symptoms on.",
            "Sport-like exercise without contact.",
            "Full training after the physician’s release, then play.",
        ),
        p("At least a day for each step; back one step when symptoms return [2]."),
    ),
    if_wrong(points("<strong>Any red flag, at any visit:</strong> stop and send to an emergency department [2].")),
    evidence(
        p(
            "The guideline for physical therapists sorts findings into cervical, vestibulo-oculomotor, autonomic or "
            "exertional, and motor domains, and calls symptoms persistent when they last longer than two weeks [1]."
        )
    ),
    references(
        "Quatman-Yates CC, Hunter-Giordano A, Shimamura KK, and others. Physical therapy evaluation and treatment after "
        "concussion/mild traumatic brain injury. J Orthop Sports Phys Ther. 2020. " + doi("10.2519/jospt.2020.0301"),
        POLICY,
    ),
)

FALLS = first_edition(
    "fall-risk",
    "Risk of falling: 30-second chair stand",
    Category.VESTIBULAR,
    key_facts(
        ("Who may do it", "Physical therapists and assistants. [2]"),
        ("Who is tested", "Every patient of 65 or older at the first visit, and after any fall. [2]"),
        (
            "Equipment",
            "Straight chair without arms, seat at least 17 inches high, against a wall; stopwatch. [1]",
        ),
    ),
    text(
        "Purpose and scope",
        p("A quick look at the strength and endurance of the legs. It screens; it does not diagnose [2]."),
    ),
    care(
        "Take care, and ask first, if the patient",
        points(
            "has chest pain, dizziness or new shortness of breath today",
            "may not bear full weight on a leg",
        ),
        p("Then skip the test and write down why [2]."),
    ),
    steps(
        "Test",
        numbered(
            "Patient in the middle of the seat, feet flat, arms folded over the chest.",
            "Say: stand up fully and sit down again, as often as you can in 30 seconds.",
            "Stand beside the patient, a hand ready. Count full stands.",
            "Arms were used: the score is 0.",
        ),
        p("Seat height, folded arms and 30 seconds belong to the test [1]; a hand ready is our rule [2]."),
    ),
    text(
        "Read the result",
        table(
            "Expected at 70 to 74 years [1]",
            ("Sex", "Stands"),
            ("Women", "10 or more"),
            ("Men", "12 or more"),
        ),
        p("Fewer: the risk is raised. Add balance and strength work to the plan, and ask about the home [2]."),
    ),
    if_wrong(
        callout(
            "danger",
            "A fall in the clinic",
            "Do not pull the patient up. Look for injury, call 911 for head injury, a deformed limb or chest pain, and write an "
            "incident report the same day [2].",
        )
    ),
    evidence(p("The limits come from public-health material for older adults, read in a secondary source [1].")),
    references(
        "Centers for Disease Control and Prevention. STEADI: 30-second chair stand. Read in a secondary source.",
        POLICY,
    ),
)
