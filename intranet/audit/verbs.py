"""What this app writes into the audit trail."""

from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action


def register() -> None:
    vocabulary.register({"access.refused": Action("Access refused", "danger")})
