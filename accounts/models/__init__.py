from accounts.models.credentials import Competency, Credential, CredentialType, Gate, Skill, ValidityRule
from accounts.models.invitations import Invitation
from accounts.models.people import Clinic, Membership, Profession, User, organisation_zone
from accounts.models.qualifications import QualificationPart, Training, Unit

__all__ = [
    "Clinic",
    "Competency",
    "Credential",
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
