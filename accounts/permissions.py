"""Who a person is in the portal: the union of their current memberships.

Every `can_x` function of the other apps asks a `Rights`, never the user's rows.
"""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import Membership, Role, User


@dataclass(frozen=True)
class Rights:
    """The rights of one person now. Agency sets hold primary keys."""

    user_id: int | None = None
    is_superuser: bool = False
    operator_of: frozenset[int] = frozenset()
    verifier_at: frozenset[int] = frozenset()
    coordinator_at: frozenset[int] = frozenset()
    leader_at: frozenset[int] = frozenset()

    @property
    def is_operator(self) -> bool:
        return bool(self.operator_of)

    @property
    def is_verifier(self) -> bool:
        return bool(self.verifier_at)

    @property
    def is_coordinator(self) -> bool:
        return bool(self.coordinator_at)

    @property
    def is_leader(self) -> bool:
        return bool(self.leader_at)

    @property
    def member_of(self) -> frozenset[int]:
        """Agencies the person belongs to in any role: nobody reviews these."""
        return self.operator_of | self.verifier_at | self.coordinator_at | self.leader_at


NOBODY = Rights()


def rights_of(user: User | AnonymousUser) -> Rights:
    """The rights of `user` now; one query, kept on the user object (one request)."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    kept = getattr(user, "_rights", None)
    if kept is None:
        held: dict[str, set[int]] = {role: set() for role in Role.values}
        for role, agency_id in Membership.objects.current().filter(user_id=user.pk).values_list("role", "agency_id"):
            held[role].add(agency_id)
        kept = Rights(
            user_id=user.pk,
            is_superuser=user.is_superuser,
            operator_of=frozenset(held[Role.OPERATOR]),
            verifier_at=frozenset(held[Role.VERIFIER]),
            coordinator_at=frozenset(held[Role.COORDINATOR]),
            leader_at=frozenset(held[Role.LEADER]),
        )
        user._rights = kept  # type: ignore[attr-defined]
    return kept


def can_manage_accounts(rights: Rights) -> bool:
    """Agencies, people, memberships, one-time password links."""
    return rights.is_coordinator or rights.is_superuser


def can_manage_webhooks(rights: Rights) -> bool:
    """Which other systems are told of what happens, and what they were told."""
    return can_manage_accounts(rights)


def can_edit_person(rights: Rights, person: User) -> bool:
    """Their details, roles, account and password link. Only an administrator touches an administrator:
    a one-time link, for one, lets its holder in as that person."""
    return can_manage_accounts(rights) and (rights.is_superuser or not person.is_superuser)


def can_deactivate(rights: Rights, person: User) -> bool:
    """Nobody closes their own account."""
    return can_edit_person(rights, person) and person.pk != rights.user_id


def can_reset_password_of(rights: Rights, person: User) -> bool:
    """A new one-time password link; a closed account gets none."""
    return can_edit_person(rights, person) and person.is_active
