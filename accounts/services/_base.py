"""What every write shares: check the actor, lock what changes, end what was given out.

Rows are locked in one order everywhere: agencies first, then people.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Model

from accounts.errors import Invalid, Stale
from accounts.models import Agency, User, Webhook
from accounts.permissions import can_edit_person, can_manage_accounts, rights_of
from spbe_portal.stale import CHANGED


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def require_manager(actor: User) -> None:
    require(can_manage_accounts(rights_of(actor)))


def locked_person(pk: int, actor: User) -> User:
    """The person's row, locked and read again. Raises `PermissionDenied` where `actor` may not change it."""
    person = User.objects.select_for_update(no_key=True).get(pk=pk)
    require(can_edit_person(rights_of(actor), person))
    return person


def locked_agency(pk: int) -> Agency:
    return Agency.objects.select_for_update(no_key=True).get(pk=pk)


def end_sessions(person: User) -> None:
    """End all sessions and unused password links of `person`; sessions notice at their next request."""
    User.objects.filter(pk=person.pk).update(
        session_serial=F("session_serial") + 1, invited_at=None, invitation_sent_at=None
    )


def required_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid({"reason": "Tulis alasannya."})
    return reason


def save_unique(save: Callable[[], object], check: Callable[[], None]) -> None:
    """Save what `check` allows. Where somebody else takes the name at the same moment, `check` then says so."""
    check()
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        check()
        raise


def apply_edit(
    thing: User | Agency | Webhook,
    details: Mapping[str, Any],
    allowed: tuple[str, ...],
    *,
    version: int | None,
    check: Callable[[], None],
) -> tuple[dict, dict]:
    """As `apply_changes`, counting up the version. Raises `Stale` where `version` is given and another is stored.

    Sent twice, the second changes nothing and is no conflict.
    """
    differs = any(getattr(thing, name) != value for name, value in details.items())
    if differs and version is not None and version != thing.version:
        raise Stale(CHANGED, thing)
    before, after = apply_changes(thing, details, allowed, check=check)
    if after:
        thing.version += 1
        thing.save(update_fields=["version"])
    return before, after


def apply_changes(
    thing: Model, details: Mapping[str, Any], allowed: tuple[str, ...], *, check: Callable[[], None] | None = None
) -> tuple[dict, dict]:
    """Set and save the fields of `details` that differ; what they held before and after.

    `check` says what is wrong with `thing` as changed (see `save_unique`). Raises KeyError.
    """
    if unknown := set(details) - set(allowed):
        raise KeyError(f"not to be changed here: {', '.join(sorted(unknown))}")
    before = {name: getattr(thing, name) for name in details}
    after = {name: value for name, value in details.items() if value != before[name]}
    for name, value in after.items():
        setattr(thing, name, value)
    if after:
        save_unique(lambda: thing.save(update_fields=list(after)), check or (lambda: None))
    return {name: before[name] for name in after}, after
