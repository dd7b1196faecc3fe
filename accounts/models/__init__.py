"""Tables of people, agencies, what they and other systems are told, tokens, and lists brought in."""

from accounts.models.imports import ImportDraft
from accounts.models.notifications import Notification, NotificationChoice, NotificationKind
from accounts.models.people import Agency, AgencyQuerySet, Membership, MembershipQuerySet, Role, User
from accounts.models.security import LinkedIdentity, SignIn
from accounts.models.tokens import ApiToken, IdempotentAnswer
from accounts.models.webhooks import Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "Agency",
    "AgencyQuerySet",
    "ApiToken",
    "IdempotentAnswer",
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
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
]
