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
from accounts.models.people import Clinic, Membership, Profession, RoleEnd, User
from accounts.models.qualifications import QualificationPart, Training, Unit
from accounts.models.resets import SecondStepReset
from accounts.models.tokens import ApiToken, TokenScope

__all__ = [
    "ApiToken",
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
    "RoleEnd",
    "SecondStepReset",
    "Skill",
    "TokenScope",
    "Training",
    "Unit",
    "User",
    "ValidityRule",
]
