from protocols.models.acknowledgement import (
    FEWEST_MONTHS,
    MOST_MONTHS,
    REASK_AHEAD,
    Acknowledgement,
    GovernedSkill,
    Readership,
    ReadershipQuerySet,
    SigningInterval,
    Waiver,
    lapse,
    says_the_same,
)
from protocols.models.content import Audience, Contributor, Remark, Section, SectionKind
from protocols.models.files import Attachment, Picture, Preview
from protocols.models.protocol import Category, Protocol, ProtocolVersion, State, Status
from protocols.models.question import Answered, Question
from protocols.models.reader import Bookmark, Problem
from protocols.models.review import Comment, Review
from protocols.models.saving import DraftSave, Editing
from protocols.models.suspension import Suspension

__all__ = [
    "FEWEST_MONTHS",
    "MOST_MONTHS",
    "REASK_AHEAD",
    "Acknowledgement",
    "Answered",
    "Attachment",
    "Audience",
    "Bookmark",
    "Category",
    "Comment",
    "Contributor",
    "DraftSave",
    "Editing",
    "GovernedSkill",
    "Picture",
    "Preview",
    "Problem",
    "Protocol",
    "ProtocolVersion",
    "Question",
    "Readership",
    "ReadershipQuerySet",
    "Remark",
    "Review",
    "Section",
    "SectionKind",
    "SigningInterval",
    "State",
    "Status",
    "Suspension",
    "Waiver",
    "lapse",
    "says_the_same",
]
