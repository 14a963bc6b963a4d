from protocols.models.acknowledgement import Acknowledgement, Readership, ReadershipQuerySet
from protocols.models.content import Audience, Contributor, Remark, Section, SectionKind
from protocols.models.protocol import Category, Protocol, ProtocolVersion, State, Status

__all__ = [
    "Acknowledgement",
    "Audience",
    "Category",
    "Contributor",
    "Protocol",
    "ProtocolVersion",
    "Readership",
    "ReadershipQuerySet",
    "Remark",
    "Section",
    "SectionKind",
    "State",
    "Status",
]
