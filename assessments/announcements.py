"""What is told to whom at every hand-over: one function a message, called in the transaction of the act.

Who acted is not told. Each function makes a fixed number of queries, however many people are told. Other systems are
told of some of it too (accounts.services.webhooks): names, numbers and states, no answers.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import Membership, NotificationKind, Role, User, WebhookEvent
from accounts.services import webhooks
from accounts.services.notifications import Message, notify, notify_all
from assessments.models import Assessment, Contributor, FollowUp, Period, Review, Status
from indicators.scoring import round_display
from spbe_portal.formatting import date_id, datetime_id

# --- Whom ------------------------------------------------------------------------------------------


def operators_of(agency_ids: Collection[int], day: date | None = None) -> dict[int, list[User]]:
    """Today's operators (those of `day`) by agency, each once. One query."""
    held = (
        Membership.objects.current(day)
        .filter(role=Role.OPERATOR, agency__in=agency_ids, user__is_active=True)
        .select_related("user")
        .order_by("user__name", "user_id")
    )
    found: dict[int, list[User]] = {agency_id: [] for agency_id in agency_ids}
    for membership in held:
        if membership.user not in found[membership.agency_id]:
            found[membership.agency_id].append(membership.user)
    return found


def reviewers_of(assessment: Assessment) -> list[User]:
    """Who may review it: verifiers and coordinators of other agencies who wrote nothing in it. One query."""
    held = Membership.objects.current().filter(user=OuterRef("pk"))
    wrote = Contributor.objects.filter(assessment=assessment, user=OuterRef("pk"))
    return list(
        User.objects.filter(
            Exists(held.filter(role__in=[Role.VERIFIER, Role.COORDINATOR])),
            ~Exists(held.filter(agency=assessment.agency_id)),
            ~Exists(wrote),
            is_active=True,
        )
    )


def in_role(role: Role) -> list[User]:
    """Everybody who holds `role` today, anywhere. One query."""
    held = Membership.objects.current().filter(user=OuterRef("pk"), role=role)
    return list(User.objects.filter(Exists(held), is_active=True))


def _others(people: Iterable[User], actor: User) -> list[User]:
    return [person for person in people if person.pk != actor.pk]


# --- One assessment --------------------------------------------------------------------------------


def submitted(assessment: Assessment, actor: User) -> None:
    again = assessment.round > 1
    notify(
        _others(reviewers_of(assessment), actor),
        kind=NotificationKind.HANDED_IN,
        title=f"{assessment.agency} mengajukan {'kembali penilaiannya' if again else 'penilaian'}",
        key=f"assessment.submit:{assessment.pk}:{assessment.round}",
        text=f"{assessment.period.name}. Penilaiannya menunggu verifikasi.",
        path=reverse("review_overview", args=[assessment.pk]),
    )
    webhooks.announce(WebhookEvent.SUBMITTED, lambda: _told(assessment))


def withdrawn(assessment: Assessment, actor: User) -> None:
    notify(
        _others(reviewers_of(assessment), actor),
        kind=NotificationKind.HANDED_IN,
        title=f"{assessment.agency} menarik kembali pengajuannya",
        key=f"assessment.withdraw:{assessment.pk}:{assessment.round}",
        text=f"{assessment.period.name}. Penilaiannya tidak perlu diverifikasi sampai diajukan lagi.",
        path=reverse("review_queue"),
    )


def returned(assessment: Assessment, actor: User) -> None:
    _to_operators(
        assessment,
        actor,
        NotificationKind.RETURNED,
        f"{assessment.returned_count} indikator {assessment.agency} dikembalikan",
        f"{assessment.period.name}. Perbaiki lalu ajukan lagi paling lambat {datetime_id(assessment.due_at)}.",
        "return",
    )
    webhooks.announce(
        WebhookEvent.RETURNED, lambda: {**_told(assessment), "returned_indicators": assessment.returned_count}
    )


def approved(assessment: Assessment, actor: User) -> None:
    _to_operators(
        assessment,
        actor,
        NotificationKind.APPROVED,
        f"Penilaian {assessment.agency} disetujui",
        f"{assessment.period.name}. Lihat keputusan setiap indikator; yang disesuaikan dapat Anda tanggapi.",
        "approve",
    )
    webhooks.announce(WebhookEvent.APPROVED, lambda: _told(assessment))


def reopened(assessment: Assessment, actor: User, reason: str) -> None:
    _to_operators(
        assessment,
        actor,
        NotificationKind.APPROVED,
        f"Penilaian {assessment.agency} dibuka kembali untuk diverifikasi",
        f"{assessment.period.name}. Alasan: {reason}",
        "reopen",
    )


def cancelled(assessment: Assessment, actor: User, reason: str) -> None:
    _to_operators(
        assessment,
        actor,
        NotificationKind.PERIOD,
        f"Penilaian {assessment.agency} dibatalkan",
        f"{assessment.period.name}. Isian tetap dapat dibaca. Alasan: {reason}",
        "cancel",
    )


def extended(assessment: Assessment, actor: User, reason: str) -> None:
    _to_operators(
        assessment,
        actor,
        NotificationKind.DEADLINE,
        f"Batas waktu {assessment.agency} diperpanjang",
        f"{assessment.period.name}. Batas waktu sekarang {datetime_id(assessment.due_at)}. Alasan: {reason}",
        "extend",
    )


def _told(assessment: Assessment) -> dict[str, Any]:
    """What other systems are told of an assessment; indices as shown, with two decimals."""
    return {
        "assessment": assessment.pk,
        "agency": {
            "id": assessment.agency_id,
            "code": assessment.agency.slug,
            "name": assessment.agency.name,
        },
        "period": _told_period(assessment.period),
        "status": str(assessment.status),
        "round": assessment.round,
        "self_index": _shown(assessment.self_exact),
        "verified_index": _shown(assessment.verified_exact) if assessment.status == Status.APPROVED else None,
        "link": webhooks.address(reverse("sheet", args=[assessment.pk])),
    }


def _told_period(period: Period) -> dict[str, Any]:
    return {"id": period.pk, "name": period.name, "year": period.year}


def _shown(exact: str) -> str | None:
    return str(round_display(Fraction(exact))) if exact else None


def _to_operators(
    assessment: Assessment, actor: User, kind: NotificationKind, title: str, text: str, name: str
) -> None:
    notify(
        _others(operators_of([assessment.agency_id])[assessment.agency_id], actor),
        kind=kind,
        title=title,
        key=f"assessment.{name}:{assessment.pk}:{assessment.revision}",
        text=text,
        path=reverse("sheet", args=[assessment.pk]),
    )


def replied(assessment: Assessment, review: Review, actor: User) -> None:
    """To who decided, as long as they may review the assessment."""
    notify(
        [person for person in reviewers_of(assessment) if person.pk == review.reviewer_id and person != actor],
        kind=NotificationKind.HANDED_IN,
        title=f"{assessment.agency} menanggapi keputusan Anda pada indikator {review.answer.indicator.code}",
        key=f"review.reply:{review.pk}",
        text=review.reply,
        path=reverse("review", args=[assessment.pk, review.answer.indicator.code]),
    )


# --- A period --------------------------------------------------------------------------------------


def period_opened(period: Period, assessments: Sequence[Assessment], actor: User) -> None:
    """Also of agencies that join while it runs. Two queries and those of `notify_all`."""
    _to_agencies(
        assessments,
        actor,
        NotificationKind.PERIOD,
        f"{period.name} dibuka",
        f"Isi dan ajukan penilaian paling lambat {datetime_id(period.deadline)}.",
        f"period.open:{period.pk}",
    )


def deadline_moved(period: Period, actor: User, reason: str) -> None:
    """To those who still fill in and have no later deadline of their own."""
    waiting = Assessment.objects.filter(period=period, status=Status.DRAFT, extended_until=None)
    _to_agencies(
        list(waiting),
        actor,
        NotificationKind.DEADLINE,
        f"Batas waktu {period.name} diubah",
        f"Batas waktu sekarang {datetime_id(period.deadline)}. Alasan: {reason}",
        f"period.deadline:{period.pk}:{period.version}",
    )


def finalised(period: Period, assessments: Sequence[Assessment], actor: User) -> None:
    """To the operators of what was frozen now, and to leaders."""
    key = f"period.finalise:{period.pk}:{period.finalised_at:%Y%m%d%H%M%S}" if period.finalised_at else ""
    title, text = f"{period.name} sudah final", "Hasil sudah dibekukan dan dapat dilihat."
    operators = operators_of([assessment.agency_id for assessment in assessments])
    messages = [
        Message(
            _others(operators[assessment.agency_id], actor),
            NotificationKind.PERIOD,
            title,
            f"{key}:{assessment.agency_id}",
            text,
            reverse("sheet", args=[assessment.pk]),
        )
        for assessment in assessments
    ]
    results = f"{reverse('results')}?periode={period.pk}"
    leaders = _others(in_role(Role.LEADER), actor)
    notify_all([*messages, Message(leaders, NotificationKind.PERIOD, title, key, text, results)])
    webhooks.announce(
        WebhookEvent.FINALISED,
        lambda: {
            "period": _told_period(period),
            "status": str(period.status),
            "assessments": len(assessments),
            "link": webhooks.address(results),
        },
    )


def period_cancelled(period: Period, assessments: Sequence[Assessment], actor: User, reason: str) -> None:
    _to_agencies(
        assessments,
        actor,
        NotificationKind.PERIOD,
        f"{period.name} dibatalkan",
        f"Isian tetap dapat dibaca. Alasan: {reason}",
        f"period.cancel:{period.pk}",
    )


def answers_copied(assessment: Assessment, source: Period, answers: int, actor: User) -> None:
    _to_agencies(
        [assessment],
        actor,
        NotificationKind.PERIOD,
        f"{answers} jawaban disalin ke {assessment.period.name}",
        f"Dari {source.name}, yang dibatalkan. Periksa dan lengkapi sebelum diajukan.",
        f"period.copy:{assessment.pk}:{assessment.revision}",
    )


def _to_agencies(
    assessments: Sequence[Assessment], actor: User, kind: NotificationKind, title: str, text: str, key: str
) -> None:
    operators = operators_of([assessment.agency_id for assessment in assessments])
    notify_all(
        Message(
            _others(operators[assessment.agency_id], actor),
            kind,
            title,
            f"{key}:{assessment.agency_id}",
            text,
            reverse("sheet", args=[assessment.pk]),
        )
        for assessment in assessments
    )


# --- Follow-ups ------------------------------------------------------------------------------------


def follow_ups_made(rows: Sequence[FollowUp], actor: User) -> None:
    """One message an agency, whatever their number."""
    by_agency: dict[int, list[FollowUp]] = {}
    for row in rows:
        by_agency.setdefault(row.agency_id, []).append(row)
    operators = operators_of(by_agency)
    messages = []
    for agency_id, mine in by_agency.items():
        first = mine[0]
        if len(mine) == 1:
            title, text = f"Tindak lanjut baru untuk {first.agency}", first.text
            path = reverse("followup", args=[first.pk])
        else:
            title, text = f"{len(mine)} tindak lanjut baru untuk {first.agency}", ""
            path = reverse("followup_list")
        due = min(row.due_on for row in mine)
        text = f"{text}\n\nTenggat{' terdekat' if len(mine) > 1 else ''} {date_id(due)}.".strip()
        key = f"followup.create:{agency_id}:{first.pk}"
        people = _others(operators[agency_id], actor)
        messages.append(Message(people, NotificationKind.FOLLOW_UP, title, key, text, path))
    notify_all(messages)


def follow_up_reported(row: FollowUp, actor: User) -> None:
    notify(
        _others(in_role(Role.COORDINATOR), actor),
        kind=NotificationKind.FOLLOW_UP,
        title=f"{row.agency} melaporkan satu tindak lanjut selesai",
        key=f"followup.report:{row.pk}:{row.version}",
        text=row.report,
        path=reverse("followup", args=[row.pk]),
    )


def follow_up_closed(row: FollowUp, name: str, actor: User) -> None:
    """The coordinator's move `name` on it, to its owners."""
    titles = {
        "confirm": "dinyatakan selesai",
        "return": "dikembalikan kepada OPD",
        "drop": "dihentikan",
        "reopen": "dibuka kembali",
    }
    notify(
        _others(operators_of([row.agency_id])[row.agency_id], actor),
        kind=NotificationKind.FOLLOW_UP,
        title=f"Tindak lanjut {row.agency} {titles[name]}",
        key=f"followup.{name}:{row.pk}:{row.version}",
        text=row.note or row.text,
        path=reverse("followup", args=[row.pk]),
    )
