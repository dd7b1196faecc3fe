"""Writes to people and their memberships."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.errors import Invalid, Refused
from accounts.models import Agency, Membership, Role, User
from accounts.permissions import rights_of
from accounts.services._base import (
    apply_edit,
    end_sessions,
    locked_agency,
    locked_person,
    require_manager,
    required_reason,
    save_unique,
)
from audit.services import record
from spbe_portal.formatting import date_id

DETAILS = ("username", "name", "position", "email")
OWN_ACCOUNT = "Anda tidak dapat menonaktifkan akun sendiri. Minta koordinator lain melakukannya."


def create_person(
    *,
    actor: User,
    username: str,
    name: str,
    agency: Agency,
    role: str,
    valid_from: date,
    valid_until: date | None = None,
    position: str = "",
    email: str = "",
) -> User:
    """An account without a password, and its first membership.

    The person sets the password by a one-time link (`passwords.make_link`). Raises `PermissionDenied`, `Invalid`.
    """
    require_manager(actor)
    with transaction.atomic():
        agency = locked_agency(agency.pk)
        person = User(username=username, name=name, position=position, email=email)
        person.set_unusable_password()
        save_unique(lambda: person.save(force_insert=True), lambda: _check_username(person))
        record("user.create", person, actor=actor, after={field: getattr(person, field) for field in DETAILS})
        _add(actor, person, agency, role, valid_from, valid_until)
        return person


def edit_person(*, actor: User, person_id: int, details: Mapping[str, Any], version: int | None = None) -> User:
    """Change some of `DETAILS`. Raises `PermissionDenied`, `Invalid`, `Stale` over an older `version`."""
    with transaction.atomic():
        person = locked_person(person_id, actor)
        before, after = apply_edit(person, details, DETAILS, version=version, check=lambda: _check_username(person))
        if after:
            record("user.edit", person, actor=actor, before=before, after=after)
        return person


def deactivate_person(*, actor: User, person_id: int, reason: str) -> User:
    """Close an account: nothing is deleted, sessions and unused password links end at once.

    Raises `PermissionDenied`, `Invalid` without a reason, `Refused` for one's own account.
    """
    with transaction.atomic():
        person = locked_person(person_id, actor)
        if person.pk == actor.pk:
            raise Refused(OWN_ACCOUNT)
        reason = required_reason(reason)
        _set_active(actor, person, False, reason)
        return person


def activate_person(*, actor: User, person_id: int, reason: str) -> User:
    """Open a closed account again. Raises `PermissionDenied`, `Invalid` without a reason."""
    with transaction.atomic():
        person = locked_person(person_id, actor)
        _set_active(actor, person, True, required_reason(reason))
        return person


def add_membership(
    *, actor: User, person_id: int, agency: Agency, role: str, valid_from: date, valid_until: date | None = None
) -> Membership:
    """Give a role.

    Raises `PermissionDenied`, and `Invalid` where the same role is held then or the agency does not exist then.
    """
    require_manager(actor)
    with transaction.atomic():
        agency = locked_agency(agency.pk)
        person = locked_person(person_id, actor)
        return _add(actor, person, agency, role, valid_from, valid_until)


def end_membership(*, actor: User, membership_id: int, last_day: date | None, reason: str) -> None:
    """Set the last day of a role that has not ended; None takes it away now and ends the person's sessions.

    A role that is taken away on its first day, or before, leaves no row: its event tells of it.
    Raises `PermissionDenied`, `Invalid`, `Refused` for a role that has ended and for one's own last coordinator role.
    """
    with transaction.atomic():
        person = locked_person(Membership.objects.values_list("user_id", flat=True).get(pk=membership_id), actor)
        membership = Membership.objects.select_related("agency", "user").get(pk=membership_id)
        _check_end(actor, membership, last_day)
        end_rows(actor, [membership], last_day, required_reason(reason))
        person.refresh_from_db()


def end_rows(actor: User, memberships: list[Membership], last_day: date | None, reason: str) -> None:
    """Write the end of `memberships` and their events, and end the sessions of whose rights ended today."""
    today = timezone.localdate()
    for membership in memberships:
        was_current = membership.valid_from <= today
        last = last_day or today - timedelta(days=1)
        before = _held(membership)
        if last < membership.valid_from:
            stream = _stream(membership)
            record("membership.withdraw", membership, actor=actor, stream=stream, before=before, reason=reason)
            membership.delete()
        else:
            membership.valid_until = last
            membership.save(update_fields=["valid_until"])
            record(
                "membership.end",
                membership,
                actor=actor,
                stream=_stream(membership),
                before=before,
                after=_held(membership),
                reason=reason,
            )
        if was_current and last < today:
            end_sessions(membership.user)


def _add(
    actor: User, person: User, agency: Agency, role: str, valid_from: date, valid_until: date | None
) -> Membership:
    _check_membership(person, agency, role, valid_from, valid_until)
    membership = Membership.objects.create(
        user=person, agency=agency, role=role, valid_from=valid_from, valid_until=valid_until
    )
    record("membership.add", membership, actor=actor, stream=_stream(membership), after=_held(membership))
    return membership


def _check_membership(person: User, agency: Agency, role: str, valid_from: date, valid_until: date | None) -> None:
    held = Membership.objects.filter(user=person, agency=agency, role=role)
    if problems := problems_with_role(held, agency, role, valid_from, valid_until):
        raise Invalid(problems)


def problems_with_role(
    held: Iterable[Membership], agency: Agency, role: str, valid_from: date, valid_until: date | None
) -> dict[str, str]:
    """Why a role cannot be given, by field. `held` are the person's memberships of this role there, at any time."""
    if role not in Role.values:
        return {"role": "Pilih salah satu peran."}
    if valid_until is not None and valid_until < valid_from:
        return {"valid_until": "Hari terakhir tidak boleh sebelum hari pertama."}
    if valid_from < agency.valid_from:
        return {"valid_from": f"{agency.short_name} baru berlaku sejak {date_id(agency.valid_from)}."}
    if agency.valid_until and (valid_until is None or valid_until > agency.valid_until):
        ends = date_id(agency.valid_until)
        if valid_from > agency.valid_until:
            return {"agency": f"{agency.short_name} sudah berakhir pada {ends}."}
        return {"valid_until": f"{agency.short_name} berakhir pada {ends}. Isi tanggal itu atau yang lebih awal."}
    for one in held:
        if (one.valid_until is None or one.valid_until >= valid_from) and (
            valid_until is None or one.valid_from <= valid_until
        ):
            until = f"sampai {date_id(one.valid_until)}" if one.valid_until else "tanpa batas waktu"
            return {"role": f"Peran ini sudah dipegang sejak {date_id(one.valid_from)} {until}."}
    return {}


def _check_end(actor: User, membership: Membership, last_day: date | None) -> None:
    if problem := problem_with_ending(actor, membership):
        raise Refused(problem)
    if last_day and last_day < membership.valid_from:
        raise Invalid({"last_day": f"Peran ini baru berlaku sejak {date_id(membership.valid_from)}."})
    ends = membership.agency.valid_until
    if last_day and ends and last_day > ends:
        raise Invalid({"last_day": f"{membership.agency.short_name} berakhir pada {date_id(ends)}."})


def problem_with_ending(actor: User, membership: Membership) -> str:
    """Why `membership` cannot be ended by `actor`, whatever the day. Empty where it can."""
    if membership.valid_until and membership.valid_until < timezone.localdate():
        return f"Peran ini sudah berakhir pada {date_id(membership.valid_until)}."
    if is_own_last_coordinator_role(actor, membership):
        return (
            "Ini peran koordinator Anda satu-satunya. Minta koordinator lain mengakhirinya, "
            "supaya selalu ada yang mengelola pengguna."
        )
    return ""


def is_own_last_coordinator_role(actor: User, membership: Membership) -> bool:
    """Whether ending `membership` would take the right to manage accounts from `actor` themselves."""
    if actor.pk != membership.user_id or membership.role != Role.COORDINATOR or rights_of(actor).is_superuser:
        return False
    others = Membership.objects.current().filter(user=actor, role=Role.COORDINATOR).exclude(pk=membership.pk)
    return not others.exists()


def _check_username(person: User) -> None:
    taken = User.objects.filter(username__iexact=person.username).exclude(pk=person.pk or 0).first()
    if taken:
        raise Invalid({"username": f"Nama pengguna ini sudah dipakai oleh {taken}. Pilih yang lain."})


def _set_active(actor: User, person: User, is_active: bool, reason: str) -> None:
    if person.is_active == is_active:
        return
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    end_sessions(person)
    record(
        "user.activate" if is_active else "user.deactivate",
        person,
        actor=actor,
        before={"is_active": not is_active},
        after={"is_active": is_active},
        reason=reason,
    )


def _held(membership: Membership) -> dict[str, Any]:
    return {
        "agency": membership.agency.slug,
        "role": membership.role,
        "valid_from": membership.valid_from,
        "valid_until": membership.valid_until,
    }


def _stream(membership: Membership) -> str:
    return f"user:{membership.user_id}"
