"""Every hand-over tells the people whose turn it is, and nobody else."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, Membership, Notification, Role
from assessments import announcements, workflow
from assessments.models import Assessment, Contributor
from assessments.services import answers as answer_services
from assessments.services import followups as followup_services
from assessments.services import periods as period_services
from assessments.services import reviews as review_services
from assessments.workflow import followups as followup_moves
from conftest import accept_all, fill, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quiet_start(request):
    """What the fixtures told is not looked at."""
    for name in ("assessment", "submitted", "returned", "approved"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    Notification.objects.all().delete()


def told(kind: str = "") -> dict[str, list[str]]:
    """Titles by person."""
    rows = Notification.objects.filter(kind=kind) if kind else Notification.objects.all()
    found: dict[str, list[str]] = {}
    for row in rows.select_related("user").order_by("user__username", "pk"):
        found.setdefault(row.user.username, []).append(row.title)
    return found


def test_a_hand_in_is_told_to_who_may_review_it(assessment, city):
    writer = make_person("pernah-mengisi", (Role.VERIFIER, city.dinsos))
    Contributor.objects.create(assessment=assessment, user=writer)
    make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    make_person("ditutup", (Role.VERIFIER, city.dinsos), is_active=False)
    gone = make_person("lama", (Role.VERIFIER, city.dinsos))
    Membership.objects.filter(user=gone).update(valid_until=timezone.localdate() - timedelta(days=1))
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    title = ["Dinas Kesehatan mengajukan penilaian"]
    assert told() == {"koordinator": title, "verifikator": title, "verifikator2": title}
    row = Notification.objects.first()
    assert (row.kind, row.path) == ("handed_in", f"/penilaian/{assessment.pk}/verifikasi/")


def test_a_refused_hand_in_tells_nobody(assessment, city):
    with pytest.raises(Exception, match="belum dapat diajukan"):
        workflow.submit(assessment_id=assessment.pk, user=city.operator)
    assert told() == {}


def test_a_withdrawal_is_told_to_the_same(submitted, city):
    workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    title = ["Dinas Kesehatan menarik kembali pengajuannya"]
    assert told() == {"koordinator": title, "verifikator": title, "verifikator2": title}


def test_handing_in_again_is_told_again(returned, city):
    for answer in returned.answers.filter(indicator__code__in=["1", "2"]):
        answer_services.save_answer(
            assessment_id=returned.pk,
            code=answer.indicator.code,
            user=city.operator,
            version=answer.version,
            changes={"fact": "Sudah ditandatangani."},
        )
    workflow.submit(assessment_id=returned.pk, user=city.operator)
    assert told()["verifikator"] == ["Dinas Kesehatan mengajukan kembali penilaiannya"]


def test_a_return_is_told_to_the_agency_with_number_and_time(submitted, city):
    review_services.decide(
        assessment_id=submitted.pk,
        code="1",
        user=city.verifier,
        decision="return",
        reason="not_signed",
        note="Belum ditandatangani.",
    )
    Notification.objects.all().delete()
    workflow.return_assessment(assessment_id=submitted.pk, user=city.verifier)
    title = ["1 indikator Dinas Kesehatan dikembalikan"]
    assert told("returned") == told() == {"operator-dinkes": title, "operator2-dinkes": title}
    assert "paling lambat" in Notification.objects.first().text


def test_an_approval_and_what_follows_is_told_to_the_agency(submitted, city, period):
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    workflow.reopen(assessment_id=submitted.pk, user=city.coordinator, reason="Salah level.")
    workflow.cancel(assessment_id=submitted.pk, user=city.coordinator, reason="OPD digabung.")
    titles = [
        "Penilaian Dinas Kesehatan disetujui",
        "Penilaian Dinas Kesehatan dibuka kembali untuk diverifikasi",
        "Penilaian Dinas Kesehatan dibatalkan",
    ]
    assert told() == {"operator-dinkes": titles, "operator2-dinkes": titles}


def test_every_extension_is_told(assessment, city, period):
    for days in (1, 2):
        until = period.deadline + timedelta(days=days)
        workflow.extend(assessment_id=assessment.pk, user=city.coordinator, until=until, reason="Listrik padam.")
    titles = ["Batas waktu Dinas Kesehatan diperpanjang"] * 2
    assert told("deadline") == told() == {"operator-dinkes": titles, "operator2-dinkes": titles}


def test_a_reply_is_told_to_who_decided_while_they_may_review(returned, city):
    answer_services.reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah ada.")
    title = "Dinas Kesehatan menanggapi keputusan Anda pada indikator 1"
    assert told() == {"verifikator": [title]}
    Membership.objects.filter(user=city.verifier).update(valid_until=timezone.localdate() - timedelta(days=1))
    answer_services.reply(assessment_id=returned.pk, code="2", user=city.operator, text="Sudah ada.")
    assert told() == {"verifikator": [title]}


@pytest.fixture
def drafted(city, instrument):
    return period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes, city.dinsos],
    )


def test_the_opening_of_a_period_is_told_to_its_agencies(drafted, city):
    workflow.open_period(period_id=drafted.pk, user=city.coordinator)
    title = ["Penilaian 2027 dibuka"]
    assert told() == {"operator-dinkes": title, "operator-dinsos": title, "operator2-dinkes": title}


def test_an_agency_that_joins_later_is_told_alone(drafted, city):
    operator = make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo))
    workflow.open_period(period_id=drafted.pk, user=city.coordinator)
    Notification.objects.all().delete()
    period_services.edit_period(
        period_id=drafted.pk,
        user=city.coordinator,
        details={},
        agencies=[city.dinkes, city.dinsos, city.diskominfo],
    )
    assert told() == {operator.username: ["Penilaian 2027 dibuka"]}


def test_a_past_year_that_is_brought_in_is_told_to_nobody(drafted, city):
    workflow.open_period(period_id=drafted.pk, user=city.coordinator, now=timezone.now() - timedelta(days=1))
    workflow.finalise_period(period_id=drafted.pk, user=city.coordinator, reason="Lama.", now=timezone.now())
    assert told() == {}


def test_a_moved_deadline_is_told_to_whom_it_holds_for(assessment, city, period):
    later = period.deadline + timedelta(days=5)
    workflow.extend(assessment_id=assessment.pk, user=city.coordinator, until=later, reason="Listrik padam.")
    Notification.objects.all().delete()
    period_services.edit_period(
        period_id=period.pk,
        user=city.coordinator,
        details={"deadline": period.deadline + timedelta(days=1)},
        reason="Libur.",
    )
    assert told() == {"operator-dinsos": ["Batas waktu Penilaian 2026 diubah"]}


def test_the_end_of_a_period_is_told_to_agencies_and_leaders(approved, city, period):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Sudah lewat.")
    title = ["Penilaian 2026 sudah final"]
    people = ("operator-dinkes", "operator-dinsos", "operator2-dinkes", "pimpinan")
    assert told() == dict.fromkeys(people, title)


def test_a_cancelled_period_is_told_once_not_per_event(assessment, city, period):
    workflow.cancel_period(period_id=period.pk, user=city.coordinator, reason="Salah instrumen.")
    title = ["Penilaian 2026 dibatalkan"]
    assert told() == {"operator-dinkes": title, "operator-dinsos": title, "operator2-dinkes": title}


def test_a_follow_up_goes_to_and_fro(assessment, city, period):
    made = followup_services.create_follow_up(
        user=city.coordinator,
        period_id=period.pk,
        agency_id=city.dinkes.pk,
        text="Lengkapi SOP.",
        due_on=timezone.localdate() + timedelta(days=30),
    )
    title = ["Tindak lanjut baru untuk Dinas Kesehatan"]
    assert told("follow_up") == told() == {"operator-dinkes": title, "operator2-dinkes": title}
    Notification.objects.all().delete()
    carried = followup_services.Carried(progress=100, report="SOP sudah ada.")
    done = followup_moves.report_follow_up(
        follow_up_id=made.pk, user=city.operator, version=made.version, carried=carried
    )
    assert told() == {"koordinator": ["Dinas Kesehatan melaporkan satu tindak lanjut selesai"]}
    Notification.objects.all().delete()
    followup_moves.close_follow_up(
        follow_up_id=made.pk, user=city.coordinator, name="return", note="Belum lengkap.", version=done.version
    )
    title = ["Tindak lanjut Dinas Kesehatan dikembalikan kepada OPD"]
    assert told() == {"operator-dinkes": title, "operator2-dinkes": title}
    assert Notification.objects.first().text == "Belum lengkap."


def test_opening_for_many_agencies_makes_no_more_queries(assessment, city, period):
    def counted(assessments) -> int:
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            announcements.period_opened(period, assessments, city.coordinator)
        return len(queries)

    few = counted([assessment])
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"dinas-{n}", name=f"Dinas {n}", short_name=f"D{n}", kind="dinas") for n in range(60)
    )
    many = Assessment.objects.bulk_create(Assessment(period=period, agency=agency) for agency in agencies)
    for agency in agencies:
        make_person(f"operator-{agency.slug}", (Role.OPERATOR, agency))
    Notification.objects.all().delete()
    assert counted(many) == few
    assert Notification.objects.count() == 60
