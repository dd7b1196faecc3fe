"""Who keeps and who reads the list of applications. Not visible is 404, visible but not allowed is 403."""

from accounts.permissions import Rights
from assessments.permissions import can_see_pemda


def can_see_all(rights: Rights) -> bool:
    """Every agency's applications and where they overlap: reviewers, coordinators, leaders."""
    return can_see_pemda(rights)


def can_see_inventory(rights: Rights) -> bool:
    """The list; which rows, says `Application.objects.visible_to`."""
    return can_see_all(rights) or rights.is_operator


def can_see(rights: Rights, agency_id: int) -> bool:
    return can_see_all(rights) or agency_id in rights.operator_of


def can_keep(rights: Rights, agency_id: int) -> bool:
    """Add, change, confirm and remove this agency's: its operators, or a coordinator on its behalf."""
    return rights.is_coordinator or agency_id in rights.operator_of


def can_keep_any(rights: Rights) -> bool:
    """Add and bring in lists, for one agency at least."""
    return rights.is_coordinator or rights.is_operator


def can_move(rights: Rights) -> bool:
    """Give an application to another agency, as after a merger."""
    return rights.is_coordinator


def can_mark(rights: Rights) -> bool:
    """Say which applications are candidates for consolidation."""
    return rights.is_coordinator


def acts_on_behalf(rights: Rights, agency_id: int) -> bool:
    """Whether a write by this person is on the agency's behalf."""
    return agency_id not in rights.operator_of
