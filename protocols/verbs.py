"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind
from protocols.models import Protocol, ProtocolVersion

ACTIONS = {
    "acknowledgement.waived": Action("Acknowledgement waived", "caution"),
    "acknowledgement.waiver-ended": Action("Waiver ended"),
    "acknowledgements.exported": Action("Acknowledgements exported", "info"),
    "acknowledgements.certificate": Action("Certificate exported", "info"),
    "problem.answered": Action("Problem answered"),
    "problem.reported": Action("Problem reported", "info"),
    "protocol.acknowledged": Action("Protocol acknowledged"),
    "protocol.approved": Action("Protocol approved", "ok"),
    "protocol.attached": Action("File attached to a draft"),
    "protocol.attachment-removed": Action("Attachment removed from a draft"),
    "protocol.attachment-renamed": Action("Attachment of a draft renamed"),
    "protocol.discarded": Action("Draft of a protocol discarded", "caution"),
    "protocol.drafted": Action("Protocol drafted"),
    "protocol.edited": Action("Protocol edited"),
    "protocol.picture-added": Action("Picture added to a draft"),
    "protocol.picture-removed": Action("Picture removed from a draft"),
    "protocol.published": Action("Protocol published", "ok"),
    "protocol.questions-set": Action("Questions of a draft set"),
    "protocol.readers-added": Action("Readers added to a version", "info"),
    "protocol.reopened": Action("Protocol taken out of its review by a change", "caution"),
    "protocol.review-confirmed": Action("Review agreed to", "ok"),
    "protocol.reviewed": Action("Protocol reviewed", "info"),
    "protocol.sent-back": Action("Protocol sent back", "caution"),
    "protocol.settings-changed": Action("Protocol settings changed"),
    "protocol.submitted": Action("Protocol submitted"),
    "protocol.suspended": Action("Protocol suspended", "danger"),
    "protocol.suspension-lifted": Action("Suspension lifted", "caution"),
    "protocol.withdrawn": Action("Protocol withdrawn", "danger"),
}

KINDS = {
    "protocols.protocol": Kind("Protocol", lambda viewer: Protocol.objects.visible_to(viewer)),
    "protocols.protocolversion": Kind(
        "Version of a protocol", lambda viewer: ProtocolVersion.objects.visible_to(viewer).select_related("protocol")
    ),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
