"""The only writers of applications. Each change and its event stand or fall together."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import Invalid, Refused, Stale
from accounts.models import Agency, User
from accounts.permissions import Rights, rights_of
from audit.services import record
from indicators.models import Indicator
from inventory import permissions
from inventory.models import Application
from spbe_portal.stale import CHANGED

#: What its keepers say of an application, besides its indicators.
FACTS = (
    "name",
    "purpose",
    "users",
    "kind",
    "category",
    "status",
    "last_used",
    "hosting",
    "url",
    "security_contact",
)


def create_application(
    *, actor: User, agency: Agency, facts: Mapping[str, Any], indicators: Iterable[Indicator] = ()
) -> Application:
    """Add one to `agency`'s list. Raises `PermissionDenied`, `Invalid` where the name is taken there."""
    rights = rights_of(actor)
    _require(permissions.can_keep(rights, agency.pk))
    with transaction.atomic():
        made = Application(agency=agency, changed_by=actor, **_known(facts))
        _save_unique(made, lambda: made.save(force_insert=True))
        linked = sorted(indicators, key=lambda indicator: indicator.order)
        made.indicators.set(linked)
        _record("application.create", made, actor, rights, after=facts_of(made, _codes(linked)))
        return made


def edit_application(
    *,
    actor: User,
    application_id: int,
    facts: Mapping[str, Any],
    indicators: Iterable[Indicator] | None = None,
    agency: Agency | None = None,
    version: int | None = None,
) -> Application:
    """Change what is said of an application; saving without a change confirms it (see `confirm_application`).

    `indicators` None leaves the links; `agency` gives it to another (coordinators only). Raises `PermissionDenied`,
    `Invalid`, `Stale` over an older `version` (sent twice, the second changes nothing and is no conflict), and
    `Refused` where it was removed meanwhile.
    """
    rights = rights_of(actor)
    with transaction.atomic():
        stored = locked(application_id)
        _require(permissions.can_keep(rights, stored.agency_id))
        held = _codes(stored.indicators.order_by("order"))
        linked = None if indicators is None else sorted(indicators, key=lambda indicator: indicator.order)
        codes = held if linked is None else _codes(linked)
        before, wanted = facts_of(stored, held), {**_known(facts), "indicators": codes}
        if agency is not None and agency.pk != stored.agency_id:
            _require(permissions.can_move(rights))
            before["agency"], wanted["agency"] = stored.agency_id, agency.pk
        after = {name: value for name, value in wanted.items() if before[name] != value}
        if after and version is not None and version != stored.version:
            raise Stale(CHANGED, stored)
        now = timezone.now()
        if not after:
            return _confirm(stored, actor, rights)
        for name, value in after.items():
            if name == "agency" and agency is not None:
                stored.agency = agency
            elif name != "indicators":
                setattr(stored, name, value)
        stored.version += 1
        stored.changed_at = stored.checked_at = now
        stored.changed_by = actor
        names = [name for name in after if name != "indicators"]
        _save_unique(
            stored, lambda: stored.save(update_fields=[*names, "version", "changed_at", "checked_at", "changed_by"])
        )
        if linked is not None and "indicators" in after:
            stored.indicators.set(linked)
        _record("application.edit", stored, actor, rights, before={name: before[name] for name in after}, after=after)
        return stored


def confirm_application(*, actor: User, application_id: int) -> Application:
    """Say that all of it is right still. Raises `PermissionDenied`, `Refused`."""
    rights = rights_of(actor)
    with transaction.atomic():
        stored = locked(application_id)
        _require(permissions.can_keep(rights, stored.agency_id))
        return _confirm(stored, actor, rights)


def remove_application(*, actor: User, application_id: int, reason: str, version: int | None = None) -> None:
    """Take it off the list; the event keeps what was there.

    Raises `PermissionDenied`, `Invalid` without a reason, `Stale`, `Refused` where it is gone already.
    """
    rights = rights_of(actor)
    with transaction.atomic():
        stored = locked(application_id)
        _require(permissions.can_keep(rights, stored.agency_id))
        if not reason.strip():
            raise Invalid({"reason": "Tulis alasannya."})
        if version is not None and version != stored.version:
            raise Stale(CHANGED, stored)
        before = {**facts_of(stored, _codes(stored.indicators.order_by("order"))), "agency": stored.agency_id}
        _record("application.remove", stored, actor, rights, before=before, reason=reason.strip())
        stored.delete()


def mark_candidate(*, actor: User, application_id: int, is_candidate: bool, note: str = "") -> Application:
    """Mark it a candidate for consolidation with a note, change the note, or take the mark away.

    Raises `PermissionDenied`, `Invalid` for a mark without a note, `Refused`.
    """
    _require(permissions.can_mark(rights_of(actor)))
    with transaction.atomic():
        stored = locked(application_id)
        note = " ".join(note.split())
        if is_candidate and not note:
            raise Invalid({"note": "Tulis catatannya: digabung ke mana, atau mengapa."})
        kept_note = note if is_candidate else ""
        before = {"is_candidate": stored.is_candidate, "candidate_note": stored.candidate_note}
        after = {"is_candidate": is_candidate, "candidate_note": kept_note}
        if before == after:
            return stored
        stored.is_candidate, stored.candidate_note = is_candidate, kept_note
        stored.candidate_by = actor if is_candidate else None
        stored.candidate_at = timezone.now() if is_candidate else None
        stored.save(update_fields=["is_candidate", "candidate_note", "candidate_by", "candidate_at"])
        action = "application.mark" if is_candidate else "application.unmark"
        # A decision about the agency, not in its place.
        record(
            action,
            stored,
            actor=actor,
            before=before,
            after=after,
            reason=note,
        )
        return stored


def facts_of(application: Application, codes: list[str]) -> dict[str, Any]:
    """What is said of it, as events and comparisons hold it; `codes` of its indicators in their order."""
    return {**{name: _plain(getattr(application, name)) for name in FACTS}, "indicators": codes}


def locked(application_id: int) -> Application:
    """The row, locked and read again. Raises `Refused` where it was removed meanwhile."""
    found = (
        Application.objects.select_for_update(no_key=True, of=("self",))
        .select_related("agency")
        .filter(pk=application_id)
        .first()
    )
    if found is None:
        raise Refused("Aplikasi ini sudah dihapus oleh orang lain.")
    return found


def lock_all(application_ids: Iterable[int]) -> None:
    """Lock these rows in the order of their ids, for who goes on to change several of them."""
    rows = Application.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=list(application_ids))
    list(rows.order_by("pk").values_list("pk", flat=True))


def name_taken(agency_id: int, name: str, but: int | None = None) -> bool:
    return Application.objects.filter(agency=agency_id, name__iexact=name).exclude(pk=but or 0).exists()


def _confirm(stored: Application, actor: User, rights: Rights) -> Application:
    today = timezone.localdate()
    if timezone.localtime(stored.checked_at).date() == today:
        return stored  # once a day says as much
    before = {"checked_at": stored.checked_at}
    stored.checked_at = timezone.now()
    stored.save(update_fields=["checked_at"])
    _record("application.confirm", stored, actor, rights, before=before, after={"checked_at": stored.checked_at})
    return stored


def _save_unique(application: Application, save: Callable[[], None]) -> None:
    """Where somebody else takes the name at the same moment, the second check says so."""

    def check() -> None:
        if name_taken(application.agency_id, application.name, application.pk):
            raise Invalid({"name": "OPD ini sudah mempunyai aplikasi dengan nama itu."})

    check()
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        check()
        raise


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - set(FACTS):
        raise KeyError(f"not to be changed here: {', '.join(sorted(unknown))}")
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _codes(indicators: Iterable[Indicator]) -> list[str]:
    return [indicator.code for indicator in indicators]


def _record(action: str, application: Application, actor: User, rights: Rights, **details: Any) -> None:
    on_behalf = permissions.acts_on_behalf(rights, application.agency_id)
    record(
        action,
        application,
        actor=actor,
        on_behalf_of=application.agency if on_behalf else None,
        **details,
    )


def _require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied
