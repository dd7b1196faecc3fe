"""Writes to agencies. None is ever deleted: an agency ends, and may have a successor."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.errors import InTheWay, Invalid, Obstacle, Refused
from accounts.models import Agency, Membership, Role, User
from accounts.permissions import Rights, rights_of
from accounts.services._base import (
    apply_changes,
    apply_edit,
    locked_agency,
    require_manager,
    required_reason,
    save_unique,
)
from accounts.services.people import end_rows
from audit.services import record
from spbe_portal.formatting import date_id

DETAILS = ("name", "short_name", "kind", "parent", "valid_from")


def create_agency(
    *, actor: User, slug: str, name: str, short_name: str, kind: str, valid_from: date, parent: Agency | None = None
) -> Agency:
    """Raises `PermissionDenied`, `Invalid`."""
    require_manager(actor)
    with transaction.atomic():
        agency = Agency(slug=slug, name=name, short_name=short_name, kind=kind, valid_from=valid_from, parent=parent)
        save_unique(lambda: agency.save(force_insert=True), lambda: _check_unique(agency))
        after = {"slug": slug, **{field: getattr(agency, field) for field in DETAILS}}
        record("agency.create", agency, actor=actor, after=after)
        return agency


def edit_agency(*, actor: User, agency_id: int, details: Mapping[str, Any], version: int | None = None) -> Agency:
    """Change some of `DETAILS`. Raises `PermissionDenied`, `Invalid`, `Stale` over an older `version`."""
    require_manager(actor)
    with transaction.atomic():
        agency = all_locked()[agency_id]
        if parent := details.get("parent"):
            _check_no_cycle(agency, parent, "parent")
        starts = details.get("valid_from")
        if starts and agency.valid_until and starts > agency.valid_until:
            ends = date_id(agency.valid_until)
            raise Invalid({"valid_from": f"OPD ini berakhir pada {ends}. Isi tanggal sebelumnya."})
        before, after = apply_edit(agency, details, DETAILS, version=version, check=lambda: _check_unique(agency))
        if after:
            record("agency.edit", agency, actor=actor, before=before, after=after)
        return agency


_Check = Callable[[Agency, Rights], list[Obstacle]]
_CHECKS: list[_Check] = []


def check_before_ending(check: _Check) -> None:
    """Let another app say what of its own must be settled before an agency ends. Called once, at the start."""
    if check not in _CHECKS:
        _CHECKS.append(check)


def obstacles_to_ending(agency: Agency, rights: Rights) -> list[Obstacle]:
    """What must be settled before `agency` ends, with links that a person of `rights` can follow."""
    return [obstacle for check in _CHECKS for obstacle in check(agency, rights)]


def end_agency(*, actor: User, agency_id: int, last_day: date, successor: Agency | None, reason: str) -> Agency:
    """Set the agency's last day and its successor; every role at it ends that day at the latest.

    Raises `PermissionDenied`, `Invalid`, `InTheWay` (see `check_before_ending`), and `Refused` where `actor` would
    lose their own last coordinator role.
    """
    require_manager(actor)
    with transaction.atomic():
        agency = all_locked()[agency_id]
        reason = required_reason(reason)
        if last_day < agency.valid_from:
            raise Invalid({"last_day": f"OPD ini baru berlaku sejak {date_id(agency.valid_from)}."})
        if successor:
            _check_no_cycle(agency, successor, "successor")
        if obstacles := obstacles_to_ending(agency, rights_of(actor)):
            raise InTheWay(
                f"{agency.short_name} belum dapat diakhiri: {len(obstacles)} hal perlu diselesaikan dahulu.", obstacles
            )
        outliving = list(memberships_outliving(agency, last_day).select_related("user", "agency"))
        if any(membership.user.is_superuser for membership in outliving) and not rights_of(actor).is_superuser:
            raise Refused("Di OPD ini ada peran administrator sistem. Minta administrator mengakhiri OPD ini.")
        _check_own_role(actor, outliving)
        details = {"valid_until": last_day, "successor": successor}
        before, after = apply_changes(agency, details, ("valid_until", "successor"))
        if after:
            record("agency.end", agency, actor=actor, before=before, after=after, reason=reason)
        end_rows(actor, outliving, last_day, f"{agency.short_name} berakhir: {reason}")
        return agency


def reinstate_agency(*, actor: User, agency_id: int, reason: str) -> Agency:
    """Take an agency's end back. Roles that ended with it stay ended. Raises `PermissionDenied`, `Invalid`."""
    require_manager(actor)
    with transaction.atomic():
        agency = locked_agency(agency_id)
        reason = required_reason(reason)
        details = {"valid_until": None, "successor": None}
        before, after = apply_changes(agency, details, tuple(details), check=lambda: _check_unique(agency))
        if after:
            record("agency.reinstate", agency, actor=actor, before=before, after=after, reason=reason)
        return agency


def memberships_outliving(agency: Agency, last_day: date):
    """The roles at `agency` that would end with it on `last_day`. Ended ones stay as they are."""
    return Membership.objects.filter(agency=agency).filter(
        Q(valid_until=None) | Q(valid_until__gt=last_day, valid_until__gte=timezone.localdate())
    )


def all_locked() -> dict[int, Agency]:
    """Every agency, locked: two people moving agencies at once could close a ring that neither sees."""
    return {agency.pk: agency for agency in Agency.objects.select_for_update(no_key=True).order_by("pk")}


def _check_no_cycle(agency: Agency, other: Agency, field: str) -> None:
    above = dict(Agency.objects.values_list("pk", f"{field}_id"))
    step: int | None = other.pk
    while step is not None:
        if step == agency.pk:
            raise Invalid({field: _RING[field]})
        step = above.get(step)


_RING = {
    "parent": "OPD ini sendiri, atau OPD di bawahnya, tidak dapat menjadi induknya.",
    "successor": "OPD ini sendiri, atau OPD yang digantikannya, tidak dapat menjadi penerusnya.",
}


def _check_own_role(actor: User, ending: list[Membership]) -> None:
    own = [membership.pk for membership in ending if membership.user_id == actor.pk]
    if not own or rights_of(actor).is_superuser:
        return
    left = Membership.objects.current().filter(user=actor, role=Role.COORDINATOR).exclude(pk__in=own)
    if not left.exists():
        raise Refused(
            "Peran koordinator Anda sendiri ikut berakhir dengan OPD ini. Pindahkan peran Anda ke OPD lain dahulu."
        )


def _check_unique(agency: Agency) -> None:
    others = Agency.objects.exclude(pk=agency.pk or 0)
    if others.filter(name__iexact=agency.name).exists():
        raise Invalid({"name": "OPD dengan nama ini sudah ada."})
    today = timezone.localdate()
    is_ended = agency.valid_until is not None and agency.valid_until < today
    lasting = others.filter(Q(valid_until=None) | Q(valid_until__gte=today), short_name__iexact=agency.short_name)
    if not is_ended and (same := lasting.first()):
        raise Invalid({"short_name": f"Nama singkat ini sudah dipakai {same.name}. Pilih yang lain."})
    if others.filter(slug=agency.slug).exists():
        raise Invalid({"slug": "Kode ini sudah dipakai OPD lain."})
