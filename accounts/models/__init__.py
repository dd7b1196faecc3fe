"""Tables of people, agencies, what they are told, and lists brought in."""

from accounts.models.imports import ImportDraft
from accounts.models.notifications import Notification, NotificationChoice, NotificationKind
from accounts.models.people import Agency, AgencyQuerySet, Membership, MembershipQuerySet, Role, User
from accounts.models.security import LinkedIdentity, SignIn

__all__ = [
    "Agency",
    "AgencyQuerySet",
    "ImportDraft",
    "LinkedIdentity",
    "Membership",
    "MembershipQuerySet",
    "Notification",
    "NotificationChoice",
    "NotificationKind",
    "Role",
    "SignIn",
    "User",
]
