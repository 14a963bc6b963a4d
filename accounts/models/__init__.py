from accounts.models.credentials import (
    Checker,
    Competency,
    Credential,
    CredentialDocument,
    CredentialType,
    Gate,
    Skill,
    ValidityRule,
)
from accounts.models.invitations import Invitation
from accounts.models.people import Clinic, Membership, Profession, User, organisation_zone
from accounts.models.qualifications import QualificationPart, Training, Unit

__all__ = [
    "Checker",
    "Clinic",
    "Competency",
    "Credential",
    "CredentialDocument",
    "CredentialType",
    "Gate",
    "Invitation",
    "Membership",
    "Profession",
    "QualificationPart",
    "Skill",
    "Training",
    "Unit",
    "User",
    "ValidityRule",
    "organisation_zone",
]
