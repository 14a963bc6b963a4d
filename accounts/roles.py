"""THE table: which role may do what, and how far it reaches.

A person holds a role at a clinic, or in the whole organisation, for a period. Grants add up; there are no denies.
`OWN` reaches the clinics at which the role is held, `ALL` the organisation. What concerns only oneself (my inbox, my
acknowledgement) is a capability with reach `SELF`. Conditions beyond role and clinic (not a contributor, not yourself)
live in the `may_*` functions of the modules that own the action.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from django.db import models


class Role(models.TextChoices):
    THERAPIST = "therapist", "Therapist"
    ASSISTANT = "assistant", "Assistant or aide"
    FRONT_DESK = "front_desk", "Front desk"
    MANAGER = "manager", "Clinic manager"
    CLINICAL_LEAD = "clinical_lead", "Clinical lead"
    ADMINISTRATOR = "administrator", "Administrator"
    DELEGATED_APPROVER = "delegated_approver", "Delegated approver"
    POSTER = "poster", "Announcement writer"


class Reach(IntEnum):
    """How far a capability goes. Larger includes smaller."""

    SELF = 1
    OWN = 2
    ALL = 3


class Capability(StrEnum):
    READ_PROTOCOL = "read protocols in force for one's role"
    READ_ANY_PROTOCOL = "read protocols in force whatever their readers"
    READ_SUPERSEDED = "read superseded versions"
    READ_DRAFT = "read any draft"
    WRITE_PROTOCOL = "create, edit and submit a draft"
    REPORT_PROBLEM = "report a problem with a protocol"
    APPROVE_PROTOCOL = "approve or send back a version that one did not write"
    PUBLISH_PROTOCOL = "publish an approved version"
    ADD_READERS = "add readers to a published version"
    SUSPEND_PROTOCOL = "suspend or withdraw a protocol in an emergency"
    ACKNOWLEDGE = "acknowledge what one must read"
    REPORT_ACKNOWLEDGEMENTS = "see who has acknowledged what, and the evidence"
    WAIVE_ACKNOWLEDGEMENT = "waive an acknowledgement with a reason"
    READ_ANNOUNCEMENT = "read announcements addressed to one"
    READ_ANY_ANNOUNCEMENT = "read every announcement"
    POST_ANNOUNCEMENT = "post announcements"
    WEIGH_ANNOUNCEMENT = (
        "make announcements urgent, pinned or must-acknowledge; see, change and withdraw what others have scheduled"
    )
    SEE_RECEIPTS = "see who has read an announcement"
    SEE_ROSTER = "see the published roster"
    EDIT_ROSTER = "edit, fill and publish the roster; decide time off and swaps"
    OWN_SCHEDULE = "own availability, time off and swaps"
    SEE_DIRECTORY = "see the staff directory"
    SEE_CREDENTIALS = "see credential records"
    VERIFY_CREDENTIAL = "verify somebody else's credential"
    GRANT_COMPETENCY = "sign off somebody else's clinical competency"
    INVITE = "invite, deactivate and assign roles"
    DELEGATE_APPROVAL = "let a therapist approve protocols until a day"
    SEE_AUDIT = "see the audit log"
    SETTINGS = "organisation settings, API tokens of others, webhooks"
    RESET_SECOND_STEP = "take a lost second step away, together with a second administrator"
    KEEP_SEARCH_WORDS = "keep the search words: aliases, and what people looked for in vain"
    SEE_OPERATIONS = "see how the reminder machinery is doing"


C, SELF, OWN, ALL = Capability, Reach.SELF, Reach.OWN, Reach.ALL

EVERYBODY: dict[Capability, Reach] = {
    C.READ_PROTOCOL: OWN,
    C.READ_SUPERSEDED: SELF,
    C.REPORT_PROBLEM: OWN,
    C.ACKNOWLEDGE: SELF,
    C.READ_ANNOUNCEMENT: OWN,
    C.SEE_ROSTER: ALL,
    C.OWN_SCHEDULE: SELF,
    C.SEE_DIRECTORY: ALL,
    C.SEE_CREDENTIALS: SELF,
    C.SEE_AUDIT: SELF,
}

TABLE: dict[Role, dict[Capability, Reach]] = {
    Role.THERAPIST: EVERYBODY | {C.WRITE_PROTOCOL: SELF},
    Role.ASSISTANT: EVERYBODY,
    Role.FRONT_DESK: EVERYBODY,
    Role.MANAGER: EVERYBODY
    | {
        C.READ_ANY_PROTOCOL: OWN,
        C.READ_SUPERSEDED: OWN,
        C.WRITE_PROTOCOL: OWN,
        C.ADD_READERS: OWN,
        C.SUSPEND_PROTOCOL: OWN,
        C.REPORT_ACKNOWLEDGEMENTS: OWN,
        C.WAIVE_ACKNOWLEDGEMENT: OWN,
        C.READ_ANY_ANNOUNCEMENT: OWN,
        C.POST_ANNOUNCEMENT: OWN,
        C.WEIGH_ANNOUNCEMENT: OWN,
        C.SEE_RECEIPTS: OWN,
        C.EDIT_ROSTER: OWN,
        C.SEE_CREDENTIALS: OWN,
        C.VERIFY_CREDENTIAL: OWN,
        C.INVITE: OWN,
        C.SEE_AUDIT: OWN,
    },
    Role.CLINICAL_LEAD: EVERYBODY
    | {
        C.READ_PROTOCOL: ALL,
        C.READ_ANY_PROTOCOL: ALL,
        C.READ_SUPERSEDED: ALL,
        C.READ_DRAFT: ALL,
        C.WRITE_PROTOCOL: ALL,
        C.REPORT_PROBLEM: ALL,
        C.APPROVE_PROTOCOL: ALL,
        C.DELEGATE_APPROVAL: ALL,
        C.PUBLISH_PROTOCOL: ALL,
        C.ADD_READERS: ALL,
        C.SUSPEND_PROTOCOL: ALL,
        C.REPORT_ACKNOWLEDGEMENTS: ALL,
        C.WAIVE_ACKNOWLEDGEMENT: ALL,
        C.READ_ANNOUNCEMENT: ALL,
        C.READ_ANY_ANNOUNCEMENT: ALL,
        C.POST_ANNOUNCEMENT: ALL,
        C.WEIGH_ANNOUNCEMENT: ALL,
        C.SEE_RECEIPTS: ALL,
        C.SEE_CREDENTIALS: ALL,
        C.VERIFY_CREDENTIAL: ALL,
        C.GRANT_COMPETENCY: ALL,
        C.KEEP_SEARCH_WORDS: ALL,
    },
    Role.ADMINISTRATOR: {
        C.READ_PROTOCOL: ALL,
        C.READ_ANY_PROTOCOL: ALL,
        C.READ_SUPERSEDED: ALL,
        C.REPORT_PROBLEM: ALL,
        C.ACKNOWLEDGE: SELF,
        C.READ_ANNOUNCEMENT: ALL,
        C.READ_ANY_ANNOUNCEMENT: ALL,
        C.POST_ANNOUNCEMENT: ALL,
        C.WEIGH_ANNOUNCEMENT: ALL,
        C.SEE_ROSTER: ALL,
        C.SEE_DIRECTORY: ALL,
        C.SEE_CREDENTIALS: ALL,
        C.INVITE: ALL,
        C.SEE_AUDIT: ALL,
        C.SETTINGS: ALL,
        C.RESET_SECOND_STEP: ALL,
        C.SEE_OPERATIONS: ALL,
    },
    # A dated grant beside another role: a small practice has one clinical lead, whose own drafts need an approver.
    Role.DELEGATED_APPROVER: {C.APPROVE_PROTOCOL: ALL},
    # A dated grant beside the front desk, at the same clinic: plain announcements, and the numbers of own ones.
    Role.POSTER: {C.POST_ANNOUNCEMENT: OWN},
}


def roles_with(capability: Capability, reach: Reach) -> list[Role]:
    """The roles that have a capability with just this reach, for rules that are queries."""
    return [role for role, held in TABLE.items() if held.get(capability) == reach]


# Roles that belong to the organisation, not to a clinic.
ORGANISATION_ROLES = frozenset({Role.CLINICAL_LEAD, Role.ADMINISTRATOR, Role.DELEGATED_APPROVER})
# Given for a time beside another role, to somebody who is here; without that role they rest.
GRANTED_ROLES = frozenset({Role.DELEGATED_APPROVER, Role.POSTER})
# Roles a manager may give to people of the own clinics.
ROLES_A_MANAGER_MAY_GIVE = frozenset({Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK, Role.POSTER})
