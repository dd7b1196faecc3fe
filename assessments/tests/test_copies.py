"""Answers of a cancelled period in one that runs: what comes along, what stays, and who has then written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification
from assessments import workflow
from assessments.errors import Invalid, WrongState
from assessments.models import Answer, Assessment, Contributor, Document, Evidence, Period, Review
from assessments.queries import copies as queries
from assessments.sentences import Names, tell
from assessments.services import evidence as evidence_services
from assessments.services import periods as period_services
from assessments.services.answers import save_answer
from assessments.services.assignments import set_assignments
from assessments.services.copies import copy_answers
from assessments.tests.test_api_periods import ask
from audit.models import Event
from conftest import attach, fill, together
from indicators.models import Instrument
from spbe_portal.tests.api import client_of

pytestmark = pytest.mark.django_db


def opened(city, name, agencies, instrument=None, **details):
    made = period_services.create_period(
        user=city.coordinator,
        name=name,
        year=2026,
        instrument=instrument or Instrument.objects.get(code="spbe-47-7aspek"),
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=agencies,
        **details,
    )
    return workflow.open_period(period_id=made.pk, user=city.coordinator)


def save(assessment, code, user, **changes):
    stored = Answer.objects.get(assessment=assessment, indicator__code=code)
    return save_answer(
        assessment_id=assessment.pk, code=code, user=user, version=stored.version, changes=changes
    ).answer


def copied(period, source, user):
    return copy_answers(period_id=period.pk, source_id=source.pk, user=user, now=timezone.now())


def cancel(period, city):
    return workflow.cancel_period(period_id=period.pk, user=city.coordinator, reason="Instrumen keliru.")


@pytest.fixture
def wrong(city, instrument):
    """A cancelled period: Dinkes wrote 1 (with evidence), 2 (not relevant) and 3 (text only)."""
    period = opened(city, "Penilaian keliru", [city.dinkes, city.dinsos])
    theirs = Assessment.objects.get(period=period, agency=city.dinkes)
    save(theirs, "1", city.operator, self_level=3, fact="Ada <b>SOP</b>.", analysis="Memenuhi.")
    save(theirs, "2", city.operator, not_applicable=True, not_applicable_reason="Tidak melayani publik.")
    save(theirs, "3", city.operator2, fact="Sedang disusun.")
    piece = attach(Answer.objects.get(assessment=theirs, indicator__code="1"), city.operator)
    evidence_services.edit(
        assessment_id=theirs.pk,
        code="1",
        user=city.operator,
        evidence_id=piece.pk,
        details={"pages": "3-4", "level": 3},
    )
    return cancel(period, city)


# --- What comes along -----------------------------------------------------------------------------------------------


def test_levels_texts_and_evidence_come_along_and_nothing_else(wrong, period, city, assessment):
    documents, reviews = Document.objects.count(), Review.objects.count()
    done = copied(period, wrong, city.coordinator)
    assert [(each.agency, each.codes, each.evidence) for each in done.copied] == [(city.dinkes, ["1", "2", "3"], 1)]
    first, second, third = assessment.answers.order_by("indicator__order")[:3]
    assert (first.self_level, first.fact, first.analysis, first.version) == (3, "Ada <b>SOP</b>.", "Memenuhi.", 2)
    assert (second.not_applicable, second.not_applicable_reason) == (True, "Tidak melayani publik.")
    assert (third.self_level, third.fact, third.changed_by) == (None, "Sedang disusun.", city.operator2)
    source = Evidence.objects.get(answer__assessment__period=wrong)
    piece = first.evidence.get()
    assert (piece.version, piece.pages, piece.level) == (source.version, "3-4", 3)
    assert (piece.added_by, piece.added_at) == (source.added_by, source.added_at)
    assert (Document.objects.count(), Review.objects.count()) == (documents, reviews)
    assessment.refresh_from_db()
    assert (assessment.status, assessment.round, assessment.answered_count) == ("draft", 0, 2)
    assert assessment.self_levels != ""
    assert Assessment.objects.get(period=wrong, agency=city.dinkes).status == "cancelled"


def test_each_answer_is_an_event_of_who_copied_for_whom(wrong, period, city, assessment):
    copied(period, wrong, city.coordinator)
    events = list(Event.objects.filter(action="answer.copy").order_by("id"))
    assert [event.after["indicator"] for event in events] == ["1", "2", "3"]
    assert {(event.actor, event.on_behalf_of, event.stream) for event in events} == {
        (city.coordinator, city.dinkes, f"assessment:{assessment.pk}")
    }
    assert tell(events[0], Names()).text == (
        "menyalin indikator 1 dari “Penilaian keliru”, yang dibatalkan: level 3, fakta, analisis, 1 bukti"
    )
    told = Notification.objects.filter(title="3 jawaban disalin ke Penilaian 2026")
    assert sorted(each.user.username for each in told) == ["operator-dinkes", "operator2-dinkes"]


def test_copying_is_not_writing_but_who_wrote_has_written(wrong, period, city, assessment):
    copied(period, wrong, city.coordinator)
    wrote = set(Contributor.objects.filter(assessment=assessment).values_list("user", flat=True))
    assert wrote == {city.operator.pk, city.operator2.pk}
    assert set(assessment.answers.exclude(changed_by=None).values_list("on_behalf", flat=True)) == {False}


def test_a_coordinator_who_wrote_in_the_cancelled_one_has_written_here(period, city, assessment):
    wrong = opened(city, "Penilaian keliru", [city.dinkes])
    save(Assessment.objects.get(period=wrong), "1", city.coordinator, self_level=2)
    cancel(wrong, city)
    copied(period, wrong, city.coordinator)
    assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()
    assert assessment.answers.get(indicator__code="1").on_behalf


# --- What stays -----------------------------------------------------------------------------------------------------


def test_what_was_touched_here_stays_even_where_it_was_emptied(wrong, period, city, assessment):
    save(assessment, "1", city.operator, self_level=5)
    save(assessment, "2", city.operator, fact="Salah ketik.")
    save(assessment, "2", city.operator, fact="")
    done = copied(period, wrong, city.coordinator)
    (plan,) = done.copied
    assert (plan.codes, plan.stays) == (["3"], ["1", "2"])
    first, second = assessment.answers.order_by("indicator__order")[:2]
    assert (first.self_level, first.fact, first.evidence.count()) == (5, "", 0)
    assert not second.not_applicable


def test_the_second_time_copies_nothing(wrong, period, city, assessment):
    copied(period, wrong, city.coordinator)
    assessment.refresh_from_db()
    events, revision = Event.objects.count(), assessment.revision
    done = copied(period, wrong, city.coordinator)
    assessment.refresh_from_db()
    assert (done.copied, done.refused) == ([], [])
    assert (Event.objects.count(), assessment.revision) == (events, revision)


def test_only_drafts_in_time_take_copies(wrong, period, city, assessment):
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    (row,) = queries.plan(wrong, period, timezone.now()).agencies
    assert (row.lock, row.is_ready) == ("Penilaiannya di sini berstatus Diajukan, bukan Draf.", False)
    assert copied(period, wrong, city.coordinator).copied == []


def test_after_the_deadline_nothing_is_copied_and_the_reason_is_shown(wrong, period, city, assessment):
    Period.objects.filter(pk=period.pk).update(deadline=timezone.now() - timedelta(hours=1))
    period.refresh_from_db()
    (row,) = queries.plan(wrong, period, timezone.now()).agencies
    assert row.lock.endswith("sudah lewat. Perpanjang dahulu.")
    assert copied(period, wrong, city.coordinator).copied == []
    assert not Answer.objects.filter(assessment=assessment, changed_at__isnull=False).exists()


def test_what_is_not_assigned_not_known_or_not_assessed_here_is_named(wrong, period, city, assessment):
    set_assignments(
        period_id=period.pk, user=city.coordinator, changes=[(city.dinkes.pk, "2", None)], reason="Bukan tugasnya."
    )
    (row,) = queries.plan(wrong, period, timezone.now()).agencies
    assert (row.codes, row.unassigned, row.unknown) == (["1", "3"], ["2"], [])
    workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Digabung.")
    (row,) = queries.plan(wrong, period, timezone.now()).agencies
    assert row.lock == "Penilaiannya di sini berstatus Dibatalkan, bukan Draf."


def test_a_level_off_the_scale_is_left_out_and_the_rest_comes_along(city, period, assessment):
    """From an instrument with fractional values (Pemdi) to one with whole levels."""
    pemdi = Instrument.objects.get(code="permenpanrb-8-2026")
    wrong = opened(city, "Penilaian keliru", [city.dinkes], pemdi)
    theirs = Assessment.objects.get(period=wrong)
    codes = list(theirs.answers.order_by("indicator__order").values_list("indicator__code", flat=True))[:2]
    save(theirs, codes[0], city.operator, self_level=Decimal("2.50"), fact="Ada.")
    save(theirs, codes[1], city.operator, self_level=Decimal("2.75"))
    cancel(wrong, city)
    plan = queries.plan(wrong, period, timezone.now())
    (row,) = plan.agencies
    assert (row.codes, row.levels_left, row.unknown) == (codes[:1], codes, [])
    assert [each.code for each in plan.renamed] == codes
    copied(period, wrong, city.coordinator)
    stored = assessment.answers.get(indicator__code=codes[0])
    assert (stored.self_level, stored.fact) == (None, "Ada.")


def test_codes_that_the_instrument_here_does_not_have_are_named(city, period, assessment):
    fill(assessment, city.operator)
    cancel(period, city)
    pemdi = opened(city, "Pemdi", [city.dinkes], Instrument.objects.get(code="permenpanrb-8-2026"))
    (row,) = queries.plan(period, pemdi, timezone.now()).agencies
    here = list(Answer.objects.filter(assessment__period=pemdi).values_list("indicator__code", flat=True))
    assert (row.codes, row.unknown) == (here, [str(number) for number in range(21, 48)])
    assert sorted([*row.codes, *row.unassigned], key=int) == [str(number) for number in range(1, 21)]


def test_infected_files_stay_behind(wrong, period, city, assessment):
    version = Evidence.objects.get(answer__assessment__period=wrong).version
    type(version).objects.filter(pk=version.pk).update(scan="infected")
    (plan,) = copied(period, wrong, city.coordinator).copied
    assert (plan.codes, plan.evidence, plan.evidence_left) == (["1", "2", "3"], 0, 1)
    assert not Evidence.objects.filter(answer__assessment=assessment).exists()


# --- Who, and from where --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "admin", "outsider"])
def test_only_coordinators_copy(who, wrong, period, city, assessment):
    with pytest.raises(PermissionDenied):
        copied(period, wrong, getattr(city, who))
    assert not Event.objects.filter(action="answer.copy").exists()


def test_only_from_cancelled_periods_with_answers_into_an_open_one(wrong, period, city):
    empty = cancel(opened(city, "Kosong", [city.dinkes]), city)
    assert list(queries.sources(period)) == [wrong]
    for other in (empty, period):
        with pytest.raises(Invalid):
            copied(period, other, city.coordinator)
    with pytest.raises(WrongState):
        copied(empty, wrong, city.coordinator)


def test_looking_takes_as_many_queries_for_many_agencies_as_for_one(wrong, period, city):
    def queries_of(source) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            queries.plan(source, period, timezone.now())
        return len(asked)

    few = queries_of(wrong)
    many = opened(city, "Penuh", [city.dinkes, city.dinsos, city.diskominfo])
    for each in Assessment.objects.filter(period=many):
        fill(each, city.coordinator)
    cancel(many, city)
    assert few == queries_of(many) == 7


# --- The page and the API -------------------------------------------------------------------------------------------


def test_the_page_shows_what_would_be_copied_and_copies_it(login, wrong, period, city, assessment):
    client, page = login(city.coordinator), reverse("period_copy", args=[period.pk])
    assert page in client.get(reverse("period", args=[period.pk])).content.decode()
    shown = client.get(page).content.decode()
    assert "3 jawaban dan 1 bukti dukung dari 1 OPD akan disalin." in shown
    assert not Event.objects.filter(action="answer.copy").exists()
    again = client.post(page, {"dari": str(wrong.pk)}, follow=True).content.decode()
    assert "3 jawaban dan 1 bukti dukung disalin ke Draf 1 OPD." in again
    again = client.post(page, {"dari": str(wrong.pk)}, follow=True).content.decode()
    assert "Tidak ada yang disalin" in again


@pytest.mark.parametrize("sent", [{}, {"dari": "x"}, {"dari": "999999"}])
def test_a_choice_that_is_none_is_asked_again(sent, login, wrong, period, city):
    response = login(city.coordinator).post(reverse("period_copy", args=[period.pk]), sent)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["dari"])


def test_without_a_cancelled_period_the_page_says_so_and_nothing_leads_to_it(login, period, city):
    client, page = login(city.coordinator), reverse("period_copy", args=[period.pk])
    assert page not in client.get(reverse("period", args=[period.pk])).content.decode()
    assert "Belum ada periode yang dibatalkan yang berisi jawaban." in client.get(page).content.decode()
    cancel(period, city)
    assert client.get(page).status_code == 302


def test_programs_look_first_and_copy_too(wrong, period, city, assessment):
    status, body = ask(city.coordinator, "get", "api_period_copy", period.pk)
    assert (status, [each["id"] for each in body["sources"]], body["plan"]) == (200, [wrong.pk], None)
    page = reverse("api_period_copy", args=[period.pk])
    plan = client_of(city.coordinator).get(f"{page}?from={wrong.pk}").json()["plan"]
    assert (plan["answers"], plan["evidence"], plan["agencies"][0]["copies"]) == (3, 1, ["1", "2", "3"])
    assert client_of(city.coordinator).get(f"{page}?from=x").status_code == 400
    status, body = ask(city.coordinator, "post", "api_period_copy", period.pk, data={"from": wrong.pk})
    assert (status, body["answers"], body["refused"]) == (200, 3, [])
    assert body["copied"][0]["assessment"] == assessment.pk
    status, body = ask(city.coordinator, "post", "api_period_copy", period.pk, data={"from": period.pk})
    assert (status, list(body)) == (400, ["from"])
    assert ask(city.operator, "post", "api_period_copy", period.pk, data={"from": wrong.pk})[0] == 403


# --- At once, on PostgreSQL -----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_operators_save_beside_the_copying_is_never_lost(city, period, assessment):
    wrong = opened(city, "Penilaian keliru", [city.dinkes])
    save(Assessment.objects.get(period=wrong), "1", city.operator2, self_level=2, fact="Dari sana.")
    cancel(wrong, city)
    saved, _ = together(
        lambda: save_answer(
            assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"self_level": 4}
        ),
        lambda: copied(period, wrong, city.coordinator),
    )
    stored = assessment.answers.get(indicator__code="1")
    if isinstance(saved, Exception):  # copied first: the save was told so
        assert (type(saved).__name__, stored.self_level, stored.fact) == ("Stale", 2, "Dari sana.")
    else:
        assert (stored.self_level, stored.fact) == (4, "")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_copyings_at_once_copy_each_answer_once(city, period, assessment):
    wrong = opened(city, "Penilaian keliru", [city.dinkes])
    fill(Assessment.objects.get(period=wrong), city.operator)
    cancel(wrong, city)
    together(*[lambda: copied(period, wrong, city.coordinator)] * 2)
    assert Event.objects.filter(action="answer.copy").count() == 47
    assert Evidence.objects.filter(answer__assessment=assessment).count() == 47
