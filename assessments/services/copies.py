"""Answers of a cancelled period in one that runs, by indicator code: what a wrong instrument leaves to do."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.permissions import rights_of
from assessments import announcements, permissions
from assessments.errors import Invalid, Refused, WrongState
from assessments.models import Answer, Contributor, Evidence, Period, Status
from assessments.queries import copies as queries
from assessments.queries.copies import AgencyPlan, Copy
from assessments.services._base import Acting, locked, refresh_totals, require, require_editable
from assessments.services.answers import FIELDS, clean_level
from audit.models import Event
from audit.services import prepare, record_all


@dataclass(frozen=True)
class Done:
    """What was copied, agency by agency, and whose turned out to be locked, with the reason."""

    copied: list[AgencyPlan]
    refused: list[tuple[AgencyPlan, str]]

    @property
    def answers(self) -> int:
        return sum(len(each.copies) for each in self.copied)

    @property
    def evidence(self) -> int:
        return sum(each.evidence for each in self.copied)


def copy_answers(*, period_id: int, source_id: int, user: User, now: datetime) -> Done:
    """Copy what `queries.copies.plan` shows, each assessment in a transaction of its own under its lock.

    Into drafts only, and there only into answers that nobody has touched: doing it again copies nothing. Level (where
    it lies on the scale), texts, *tidak relevan* and evidence come along, the latter pointing to the same versions
    of the same documents. Never a status, a decision or a reply.

    Copying is not writing. Who wrote an answer and when comes along, and whoever wrote in the cancelled assessment
    has written in this one and never reviews it; the coordinator who copies is barred from nothing by that, unless
    they wrote it. Who copied, for whom and from where is in the events, one for each answer.

    Raises `PermissionDenied`, `WrongState` unless the period is open, `Invalid` (key "from") for a period that is
    none of `queries.copies.sources`.
    """
    require(permissions.can_manage_periods(rights_of(user)))
    period = Period.objects.select_related("instrument").get(pk=period_id)
    if period.status != Period.Status.OPEN:
        raise WrongState(
            f"Periode ini berstatus {period.get_status_display()}. Jawaban hanya dapat disalin ke periode yang "
            "berjalan."
        )
    source = queries.sources(period).filter(pk=source_id).first()
    if source is None:
        raise Invalid({"from": "Pilih periode yang dibatalkan dan berisi jawaban."})
    done = Done([], [])
    for planned in queries.plan(source, period, now).ready:
        try:
            copied = _copy(planned, user, source)
        except Refused as refusal:
            done.refused.append((planned, refusal.message))
        else:
            done.copied.extend(copied)
    return done


@transaction.atomic
def _copy(planned: AgencyPlan, user: User, source: Period) -> list[AgencyPlan]:
    """One agency's, planned anew under the lock; nothing where everything was filled in meanwhile."""
    assert planned.target is not None
    acting = locked(planned.target.pk, user)
    require_editable(acting)
    if acting.assessment.status != Status.DRAFT:
        raise WrongState(f"Penilaiannya berstatus {acting.assessment.get_status_display()}, bukan Draf.")
    period = acting.assessment.period
    ready = queries.plan(source, period, acting.now, only=acting.assessment, with_texts=True).ready
    for found in ready:
        events = [_take(acting, copy, source) for copy in found.copies]
        written = [*FIELDS, "version", "changed_at", "changed_by", "on_behalf"]
        Answer.objects.bulk_update([copy.target for copy in found.copies], written)
        _point(found.copies, acting)
        authors = Contributor.objects.filter(assessment=found.source).values_list("user", flat=True)
        Contributor.objects.bulk_create(
            [Contributor(assessment=acting.assessment, user_id=pk) for pk in authors], ignore_conflicts=True
        )
        record_all(events)
        refresh_totals(acting)
        announcements.answers_copied(acting.assessment, source, len(found.copies), user)
    return ready


def _take(acting: Acting, copy: Copy, source: Period) -> Event:
    """The untouched answer as it will be stored, and the event that says so."""
    answer, given = copy.target, copy.source
    before = {name: getattr(answer, name) for name in FIELDS}
    for name in FIELDS:
        setattr(answer, name, getattr(given, name))
    answer.self_level = clean_level(copy.level, acting.assessment.period.instrument)
    answer.version += 1
    answer.changed_at = given.changed_at or acting.now
    answer.changed_by_id, answer.on_behalf = given.changed_by_id, given.on_behalf
    told = {"indicator": copy.code, "period": source.name, "source": given.pk, "evidence": len(copy.pieces)}
    return prepare(
        "answer.copy",
        answer,
        actor=acting.user,
        stream=f"assessment:{acting.assessment.pk}",
        before=before,
        after={**{name: getattr(answer, name) for name in FIELDS}, **told},
        on_behalf_of=acting.on_behalf_of,
    )


def _point(copies: list[Copy], acting: Acting) -> None:
    """The same versions of the same documents; they cannot be removed meanwhile, the cancelled ones point to them."""
    pieces = [(copy.target, piece) for copy in copies for piece in copy.pieces]
    made = Evidence.objects.bulk_create(
        Evidence(
            answer=answer,
            version=piece.evidence.version,
            pages=piece.evidence.pages,
            level=piece.level,
            added_by_id=piece.evidence.added_by_id,
            on_behalf=piece.evidence.on_behalf,
        )
        for answer, piece in pieces
    )
    for evidence, (_, piece) in zip(made, pieces, strict=True):
        evidence.added_at = piece.evidence.added_at
    Evidence.objects.bulk_update(made, ["added_at"])
