"""Exercise: low back pain and blood flow restriction."""

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
    link,
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

LOW_BACK = first_edition(
    "low-back-pain",
    "Low back pain: first visit and plan",
    Category.EXERCISE,
    key_facts(
        (
            "Who may do it",
            "Physical therapists; assistants carry out the exercise part by the plan of care. [2]",
        ),
        ("First visit", "Within two working days for acute pain. [2]"),
        ("Measure", "Pain, and one function that matters to the patient, at every visit. [2]"),
    ),
    text(
        "Purpose and scope",
        p("Adults with low back pain, with or without pain in the leg, after serious causes have been looked for [2]."),
    ),
    stop(
        "Do not treat, refer the same day, if the patient",
        points(
            "has numbness in the saddle area, or new trouble with bladder or bowel",
            "has weakness in a leg that is getting worse",
            "has fever, unexplained weight loss or known cancer with new back pain",
            "had a fall or a blow and might have a fracture",
        ),
        p("Saddle numbness or bladder trouble: emergency department, not a phone message [2]."),
    ),
    text(
        "Plan of care",
        table(
            "What the guideline names, as summarized by others [1]",
            ("Pain", "Offer"),
            ("Acute", "Thrust or non-thrust joint mobilization, with advice to stay active"),
            ("Chronic", "Exercise, joint mobilization, and education about pain"),
        ),
        p("Exercise is what the patient likes enough to do: ask first, then prescribe [2]."),
    ),
    steps(
        "First visit",
        numbered(
            "Look for the signs in the red box.",
            "Ask what the patient fears about the pain, and answer that first.",
            "Test strength, sensation and reflexes when pain goes below the knee.",
            "Agree on one function as the goal. Teach two exercises, no more.",
            "Book the second visit before the patient leaves.",
        ),
        p("This order is our own [2]."),
    ),
    if_wrong(
        points(
            "<strong>New weakness or numbness after treatment:</strong> stop, re-test, call the physician the same day; for "
            "saddle numbness, 911 [2]."
        )
    ),
    evidence(
        p(
            "For acute pain the 2021 guideline supports thrust and non-thrust mobilization; for chronic pain exercise, "
            "mobilization and pain education [1]. We read a summary, not the full text: check the guideline before quoting "
            "its grades."
        )
    ),
    references(
        "George SZ, Fritz JM, Silfies SP, and others. Interventions for the management of acute and chronic low back pain: "
        "revision 2021. J Orthop Sports Phys Ther. 2021. " + doi("10.2519/jospt.2021.0304"),
        POLICY,
    ),
)

BLOOD_FLOW_RESTRICTION = first_edition(
    "blood-flow-restriction",
    "Blood flow restriction training",
    Category.EXERCISE,
    key_facts(
        ("Who may do it", "Physical therapists signed off for it; renewed every 24 months. [2]"),
        ("Where", "Mt. Prospect only: the cuffs that measure occlusion pressure are there. [2]"),
        ("Consent", "Written, after the medical screening. [2]"),
        ("Equipment", "Wide cuff with its own pressure control. Never a strap or a band. [2]"),
    ),
    text(
        "Purpose and scope",
        p(
            "To build strength when the joint cannot carry heavy load: loads as low as 20% of the one-repetition maximum, "
            "or aerobic work below half of VO<sub>2</sub>max, with the blood flow partly held back [1]."
        ),
    ),
    stop(
        "Do not use it if the patient",
        points(
            "has not been screened medically",
            "has or had a deep vein thrombosis or a lung embolism",
            "has peripheral arterial disease, sickle-cell trait or lymphedema in the limb",
            "is pregnant",
        ),
        p("Screening before the first session is required [1]; the list is on the careful side by policy [2]."),
    ),
    care(
        "Take care, and ask first, if the patient",
        points("has high blood pressure", "takes hormones or smokes", "had surgery in the last three months"),
        p("Ask the clinical lead; write down the answer [2]."),
    ),
    steps(
        "Session",
        numbered(
            "Measure the limb occlusion pressure lying down, fresh in each session.",
            "Set the cuff to 40 to 80% of it: low for the arm, higher for the leg.",
            "30 repetitions, then 15, 15 and 15, with 30 seconds of rest.",
            "Cuff off as soon as the last set ends. Never longer than 20 minutes.",
            "Check color, warmth and sensation of the limb before the patient stands.",
        ),
        p(
            "Pressure, repetitions and times are common defaults that we did not find in a source of our own: policy [2]."
        ),
    ),
    if_wrong(
        callout(
            "danger",
            "Numbness, a pale or blue limb, or sharp pain",
            "<strong>Cuff off at once.</strong> Color not back in two minutes, chest pain or shortness of breath: call "
            "911 [2].",
        )
    ),
    evidence(
        p(
            "A review of practice describes training from 20% of the one-repetition maximum and aerobic training below half "
            "of VO<sub>2</sub>max, and names medical screening as a condition for safe use [1]."
        )
    ),
    references(
        "Rolnick N, Kimbrell K, Cerqueira MS, Weatherford B, Brandner C. Perceived barriers to blood flow restriction "
        "training. Frontiers in Rehabilitation Sciences. 2021. "
        + link("https://pmc.ncbi.nlm.nih.gov/articles/PMC9397924/", "PMC9397924"),
        POLICY,
    ),
)
