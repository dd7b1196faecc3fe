"""Freezing the government's index: with its period, or later by itself."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments import pemda_snapshot, permissions, snapshot, totals
from assessments.errors import Invalid, NotReady, Problem, WrongState
from assessments.models import PemdaResult, Period
from assessments.queries.pemda import Board, board
from assessments.services._base import require
from assessments.services.answers import REASON_MAX, clean_text
from audit.services import record
from indicators.scoring import FORMULA_VERSION


def finalise_pemda(*, period_id: int, user: User, now: datetime | None = None) -> PemdaResult:
    """Freeze the government's index of a period that became final before every indicator was determined.

    While the period runs, finalising the period does it. `now` is given only where a past year is brought in.
    Raises `PermissionDenied`, `WrongState`, and `NotReady` with the indicators that are not determined.
    """
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).select_related("instrument").get(pk=period_id)
        require(permissions.can_determine(rights_of(user)))
        if period.status != Period.Status.FINAL:
            raise WrongState(
                f"Periode ini berstatus {period.get_status_display()}. Nilai Pemda difinalkan bersama periodenya, "
                "atau sesudah periodenya final."
            )
        table = board(period)
        if table.result:
            raise WrongState(f"Nilai Pemda periode ini sudah final (revisi {table.result.revision}).")
        problems = [
            Problem("undetermined", row.code, f"Indikator {row.code}. {row.short_name} belum ditetapkan.")
            for row in table.rows
            if not row.is_determined
        ]
        if problems:
            raise NotReady(
                f"Nilai Pemda belum dapat difinalkan: {len(problems)} indikator belum ditetapkan.", problems
            )
        return _write(table, user, now or timezone.now())


def reopen_pemda(*, period_id: int, user: User, reason: str) -> PemdaResult:
    """Open the frozen levels of a final period again: the result is superseded at once, the agencies' stay.

    For what is wrong in a determination alone; what is wrong in an assessment is reopened there. The next
    `finalise_pemda` writes a new revision. Answers the superseded result.
    Raises `PermissionDenied`, `WrongState`, `Invalid` (key "reason").
    """
    with transaction.atomic():
        period = Period.objects.select_for_update(of=("self",)).get(pk=period_id)
        require(permissions.can_determine(rights_of(user)))
        refuse_imported(period)
        result = PemdaResult.objects.filter(period=period, superseded_at=None).defer("snapshot").first()
        if period.status != Period.Status.FINAL or result is None:
            raise WrongState("Nilai Pemda periode ini tidak terkunci, jadi tidak perlu dibuka kembali.")
        text = clean_text(reason, REASON_MAX).strip()
        if not text:
            raise Invalid({"reason": "Tulis alasannya terlebih dahulu."})
        result.superseded_at = timezone.now()
        result.save(update_fields=["superseded_at"])
        record(
            "pemda.reopen",
            result,
            actor=user,
            stream=f"period:{period.pk}",
            before={"revision": result.revision, "index": result.index_exact},
            reason=text,
        )
        return result


def refuse_imported(period: Period) -> None:
    """No move on a past year that was brought in: it would make up what never happened here."""
    if period.is_imported:
        raise WrongState(
            "Periode ini riwayat impor, tanpa bukti, jadi tidak dapat dibuka kembali. Bila nilainya keliru, "
            "hapus riwayatnya lalu impor kembali."
        )


def freeze_pemda(period: Period, user: User, now: datetime) -> PemdaResult | None:
    """The government's part of finalising `period`, inside its transaction, the period locked and saved as final.

    The result in force from now on: a new revision where the levels are not those of the one before, else that one.
    None where not every indicator is determined: the government's index stays open. Of an imported year what the
    list lacks is never determined: it counts by the instrument's rule, and the coverage says so.
    """
    table = board(period)
    if not table.is_complete and not (period.is_imported and table.determined):
        return table.result
    if table.result and _levels(table) == pemda_snapshot.levels_of(table.result.snapshot):
        return table.result
    return _write(table, user, now)


def _levels(table: Board) -> dict[str, str | None]:
    return pemda_snapshot.levels_of(pemda_snapshot.take(table))


def _write(table: Board, user: User, now: datetime) -> PemdaResult:
    period = table.period
    assert table.score.index is not None
    before = PemdaResult.objects.filter(period=period).order_by("-revision").defer("snapshot").first()
    PemdaResult.objects.filter(period=period, superseded_at=None).update(superseded_at=now)
    revision = before.revision + 1 if before else 1
    taken = pemda_snapshot.take(table) | {"revision": revision, "finalised_at": now.isoformat()}
    result = PemdaResult.objects.create(
        period=period,
        revision=revision,
        instrument_code=period.instrument.code,
        instrument_version=period.instrument.version,
        formula_version=FORMULA_VERSION,
        index_exact=totals.fraction_text(table.score.index),
        predicate=table.score.predicate or "",
        snapshot=taken,
        digest=snapshot.digest(taken),
        finalised_by=user,
        finalised_at=now,
    )
    record(
        "pemda.finalise",
        result,
        actor=user,
        stream=f"period:{period.pk}",
        before={"revision": before.revision, "index": before.index_exact} if before else None,
        after={"revision": revision, "index": result.index_exact, "digest": result.digest},
        at=now,
    )
    return result
