"""A city in which everything the API has an address for is there, in each of its states."""

from datetime import timedelta
from itertools import pairwise, product
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Agency, Membership, NotificationKind, Role, User, Webhook
from accounts.services.notifications import notify
from assessments import workflow
from assessments.models import Assessment, DocumentVersion, Evidence, FollowUp, Period, SheetDraft
from assessments.past import drafts as drafts_of_past
from assessments.past import plan, sheet, write
from assessments.services import periods as period_services
from assessments.services import reviews
from assessments.services.followups import Carried, create_follow_up
from assessments.tests.files import pdf
from assessments.workflow.followups import report_follow_up
from conftest import City, accept_all, attach, fill, hand_in
from indicators.editor import drafts
from inventory.services import create_application
from reports.models import ReportJob
from reports.services import request_agency_report, request_report

Where = dict[str, Any]


class World:
    """`placed(path)`: the parameters of an address with things that are there."""

    def __init__(self, city: City, period: Period) -> None:
        self.city, self.period = city, period
        #: By the word before them in an address.
        self.single: dict[str, list[Any]] = {
            "assessments": _assessments(city, period),
            "answers": ["12", "1"],
            "reviews": ["12", "1"],
            "carry-over": ["12", "1"],
            "determinations": ["12"],
            "external": ["12"],
            "agencies": [city.dinkes.pk, _ended(city).pk],
            "people": [city.operator2.pk, _closed().pk],
            "memberships": [Membership.objects.get(user=city.operator2).pk],
            "notifications": _told(city),
            "webhooks": [_webhook(city).pk],
            "instruments": [period.instrument.code, _draft(city, period)],
            "reports": _reports(city, period),
            "applications": _applications(city),
            "follow-ups": _follow_ups(city, period),
            "history": [_past_list(city)],
        }
        self.single["periods"] = _periods(period)
        self.single["documents"] = sorted(
            set(DocumentVersion.objects.filter(document__agency=city.dinkes).values_list("document", flat=True))
        )
        #: By the last parameter, where one thing belongs to another.
        self.whole: dict[str, list[Where]] = {
            "evidence_pk": [
                {"id": each.answer.assessment_id, "number": each.answer.indicator.code, "evidence_pk": each.pk}
                for each in Evidence.objects.filter(answer__indicator__code="1").select_related("answer__indicator")
            ],
            "draft_pk": [_paper(pk, city.operator) for pk in self.single["assessments"]],
            "version_number": [{"id": pk, "version_number": 1} for pk in self.single["documents"]],
        }

    def placed(self, path: str) -> list[Where]:
        """Empty where some part of it is unknown; `[{}]` where it has no parameters."""
        words = path.strip("/").split("/")
        names = [word.strip("{}") for word in words if word.startswith("{")]
        if names and names[-1] in self.whole:
            return self.whole[names[-1]]
        values = [self.single.get(before, []) for before, word in pairwise(words) if word.startswith("{")]
        return [dict(zip(names, each, strict=True)) for each in product(*values)]


def _assessments(city: City, period: Period) -> list[int]:
    """A draft begun, one complete, one handed in, one that came back, one approved, one final."""
    last = _opened(city, 2025, [city.dinkes])
    _approve(city, last)
    workflow.finalise_period(period_id=last.period_id, user=city.coordinator, reason="Batas waktu sudah lewat.")
    approved = _opened(city, 2024, [city.dinkes])
    _approve(city, approved)
    draft = Assessment.objects.get(period=period, agency=city.dinkes)
    attach(draft.answers.get(indicator__code="1"), city.operator, "Kebijakan")
    handed_in = hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    Membership.objects.create(
        user=city.operator, agency=city.diskominfo, role=Role.OPERATOR, valid_from=timezone.localdate()
    )
    operator = User.objects.get(pk=city.operator.pk)  # with what the new role gives
    returned = hand_in(Assessment.objects.get(period=period, agency=city.diskominfo), operator)
    reviews.decide(
        assessment_id=returned.pk,
        code="1",
        user=city.verifier2,
        decision="return",
        reason="not_signed",
        note="Belum ditandatangani.",
    )
    accept_all(returned, city.verifier2)
    workflow.return_assessment(assessment_id=returned.pk, user=city.verifier2)
    complete = fill(_opened(city, 2023, [city.dinkes]), city.operator)
    return [draft.pk, complete.pk, handed_in.pk, returned.pk, approved.pk, last.pk]


def _opened(city: City, year: int, agencies: list[Agency]) -> Assessment:
    """The first agency's assessment in an open period of another year."""
    made = period_services.create_period(
        user=city.coordinator,
        name=f"Penilaian {year}",
        year=year,
        instrument=Period.objects.get(year=2026).instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=agencies,
    )
    workflow.open_period(period_id=made.pk, user=city.coordinator)
    return Assessment.objects.select_related("period").get(period=made, agency=agencies[0])


def _approve(city: City, assessment: Assessment) -> None:
    hand_in(assessment, city.operator)
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)


def _periods(period: Period) -> list[int]:
    """Open, final, brought in from a list, and not opened yet."""
    coordinator = User.objects.get(username="koordinator")
    lines = [["2022", "", str(code), "3"] for code in range(1, 48)]
    lines += [["2022", "Dinas Kesehatan", str(code), "3"] for code in range(1, 48)]
    rows = [["Tahun", "OPD", "Indikator", "Nilai hasil"], *lines]
    found = plan.plan(sheet.read(list(enumerate(rows, 1))))
    past = write.apply(found, user=coordinator, file_name="riwayat.csv").periods[0]
    planned = period_services.create_period(
        user=coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=period.instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[Agency.objects.get(slug="dinkes")],
    )
    return [period.pk, Period.objects.get(year=2025).pk, past.pk, planned.pk]


def _past_list(city: City) -> int:
    rows = [["Tahun", "OPD", "Indikator", "Nilai hasil"], *(["2021", "", str(code), "3"] for code in range(1, 48))]
    return drafts_of_past.keep(sheet.read(list(enumerate(rows, 1))), "riwayat.csv", city.coordinator).pk


def _ended(city: City) -> Agency:
    today = timezone.localdate()
    return Agency.objects.create(
        slug="arsip", name="Kantor Arsip", short_name="Arsip", kind="lain", valid_until=today - timedelta(days=1)
    )


def _closed() -> User:
    return User.objects.create_user("mutasi", name="Sudah Mutasi", is_active=False)


def _told(city: City) -> list[int]:
    people = [city.operator, city.verifier, city.coordinator, city.leader, city.admin, city.outsider]
    return [each.pk for each in notify(people, kind=NotificationKind.ACCOUNT, title="Uji", key="uji", path="/")]


def _webhook(city: City) -> Webhook:
    return Webhook.objects.create(
        name="Dasbor", url="https://dasbor.contoh.go.id/", events=["report.ready"], created_by=city.admin
    )


def _draft(city: City, period: Period) -> str:
    return drafts.copy(actor=city.coordinator, source=period.instrument, code="konsep", name="Konsep").code


def _reports(city: City, period: Period) -> list[str]:
    """Waiting, ready, failed."""
    handed_in = Assessment.objects.get(period=period, agency=city.dinsos)
    waiting = request_agency_report(handed_in.pk, city.coordinator)
    ready = request_report(kind="pemda", user=city.coordinator, period_id=period.pk)
    ReportJob.objects.filter(pk=ready.pk).update(
        status=ReportJob.Status.DONE,
        file=default_storage.save("reports/siap.pdf", ContentFile(b"%PDF-1.4\n")),
        size=9,
        pages=1,
        sha256="a" * 64,
        finished_at=timezone.now(),
        progress=100,
    )
    failed = request_agency_report(Assessment.objects.get(period=period, agency=city.dinkes).pk, city.operator)
    ReportJob.objects.filter(pk=failed.pk).update(status=ReportJob.Status.FAILED, error="Gagal.")
    return [str(each.pk) for each in (waiting, ready, failed)]


def _applications(city: City) -> list[int]:
    facts = {"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"}
    return [
        create_application(actor=actor, agency=agency, facts=facts).pk
        for actor, agency in ((city.operator, city.dinkes), (city.other_operator, city.dinsos))
    ]


def _follow_ups(city: City, period: Period) -> list[int]:
    """Open, and reported."""
    told = {"due_on": timezone.localdate(), "agency_id": city.dinkes.pk}
    made = [
        create_follow_up(user=city.coordinator, period_id=period.pk, text=text, **told)
        for text in ("Tetapkan SOP.", "Susun arsitektur.")
    ]
    carried = Carried(progress=100, report="Sudah ditetapkan.", file=ContentFile(pdf(), name="bukti.pdf"))
    report_follow_up(follow_up_id=made[1].pk, user=city.operator, version=made[1].version, carried=carried)
    return sorted(FollowUp.objects.filter(period=period).values_list("pk", flat=True))


def _paper(assessment_id: int, user: User) -> Where:
    rows = [{"line": 2, "code": "1", "cells": {"self_level": "3"}}]
    made = SheetDraft.objects.create(
        user=user, subject="working_paper", assessment_id=assessment_id, file_name="a.csv", rows=rows
    )
    return {"id": assessment_id, "draft_pk": made.pk}
