from scheduling.models.needs import CoverageNeed, OpeningHours, Weekday
from scheduling.models.publications import (
    ChangeKind,
    Publication,
    PublicationChange,
    PublicationRecipient,
    PublishedShift,
)
from scheduling.models.shifts import (
    DETAILS,
    LONGEST_SHIFT,
    SHORTEST_SHIFT,
    TRAVEL_MINUTES,
    RosterWeek,
    Shift,
    ShiftDetails,
    ShiftState,
    week_span,
)

__all__ = [
    "DETAILS",
    "LONGEST_SHIFT",
    "SHORTEST_SHIFT",
    "TRAVEL_MINUTES",
    "ChangeKind",
    "CoverageNeed",
    "OpeningHours",
    "Publication",
    "PublicationChange",
    "PublicationRecipient",
    "PublishedShift",
    "RosterWeek",
    "Shift",
    "ShiftDetails",
    "ShiftState",
    "Weekday",
    "week_span",
]
