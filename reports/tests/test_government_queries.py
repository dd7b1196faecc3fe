"""The government's documents from the database: the result once final, the table as it is before."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency
from assessments import levels, workflow
from assessments.models import (
    Assessment,
    Assignment,
    Determination,
    ExternalLevel,
    FollowUp,
    PemdaResult,
    Period,
    Plan,
    PlanRise,
)
from assessments.services import determination
from assessments.services import periods as period_services
from assessments.specs import spec_of
from audit.anchors import make_anchor
from audit.models import Anchor, Chain
from audit.services import record
from indicators.models import Indicator
from indicators.roadmap import best_route
from reports.kinds import brief, minutes, pemda

WHEN = timezone.now()
KINDS = {"pemda": pemda, "brief": brief, "minutes": minutes}


def document(period, kind=pemda):
    return kind.document(kind.sources(period.pk), code="LKP-2026-AAAA-CCCC", generated_at=WHEN)


def key(period, kind=pemda):
    return kind.sources(period.pk).key


@pytest.fixture
def determined(approved, period, city):
    """Dinkes is the PIC of all and approved at level 3; everything is determined as suggested."""
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    determination.determine_suggested(period_id=period.pk, user=city.coordinator)
    return period


@pytest.fixture
def finished(determined, city):
    """Final with a result of the government; the two other agencies froze unfinished."""
    workflow.finalise_period(period_id=determined.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    return Period.objects.get(pk=determined.pk)


@pytest.fixture
def next_year(finished, city):
    made = period_services.create_period(
        user=city.coordinator, name="Penilaian 2027", year=2027, instrument=finished.instrument,
        starts_on=timezone.localdate(), deadline=timezone.now() + timedelta(days=10), agencies=[city.dinkes],
        target=Decimal("3.60"),
    )  # fmt: skip
    return workflow.open_period(period_id=made.pk, user=city.coordinator)


def follow_up(period, city, **fields):
    return FollowUp.objects.create(
        period=period, agency=city.dinkes, text="Susun pedoman.", created_by=city.coordinator,
        created_at=timezone.now(), **({"due_on": date(2026, 12, 31)} | fields),
    )  # fmt: skip


def plan(period, city, **fields):
    made = Plan.objects.create(
        **{
            "period": period, "name": "Menuju 3,60", "target": Decimal("3.6"), "start": "Nilai sementara",
            "start_exact": "3/1", "index_exact": "181/60", "predicate": "Baik", "effort": 4,
            "created_by": city.coordinator, "created_at": timezone.now(),
        } | fields
    )  # fmt: skip
    indicator = Indicator.objects.get(instrument=period.instrument, code="12")
    PlanRise.objects.create(plan=made, indicator=indicator, from_level=3, to_level=4, effort=4)
    return made


# --- Draft and final -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_before_the_end_it_is_a_draft_and_says_why(period, kind):
    found = document(period, kind)
    assert (found.is_draft, found.mark, found.revision, found.digest) == (True, "DRAF", None, "")
    assert (found.determined, found.total, found.index.value) == (0, 47, Fraction(1))
    assert found.draft_reason == "47 dari 47 indikator belum ditetapkan; angka masih dapat berubah."


def test_a_draft_with_everything_determined_is_still_a_draft(determined):
    found = document(determined)
    assert (found.is_draft, found.index.value, found.determined) == (True, Fraction(3), 47)
    assert found.draft_reason.startswith("Semua indikator ditetapkan, tetapi nilai Pemda belum difinalkan")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_final_one_has_revision_and_digest_of_the_result(finished, kind):
    result = PemdaResult.objects.get(period=finished)
    rows = kind.sources(finished.pk)
    found = document(finished, kind)
    assert (rows.is_draft, rows.revision, rows.assessment) == (False, 1, None)
    assert (found.is_draft, found.mark) == (False, "")
    assert (found.revision, found.digest, found.finalised_at) == (1, result.digest, result.finalised_at)
    assert found.index.value == Fraction(result.index_exact)
    assert found.shown_index == "3,00 (Baik)"


def test_a_final_one_reads_the_levels_of_the_result_alone(finished):
    before, seen = key(finished), document(finished)
    Determination.objects.filter(period=finished).update(level=5, suggested=5)
    Assignment.objects.filter(period=finished).update(kind="support")
    Assessment.objects.filter(period=finished).update(verified_levels="")
    assert key(finished) == before
    assert document(finished) == seen


@pytest.mark.parametrize("kind", KINDS)
def test_a_period_that_is_not_there_is_not_found(db, kind):
    with pytest.raises(Period.DoesNotExist):
        KINDS[kind].sources(0)


def test_reasons_and_suggestions_are_those_of_the_determination(determined, city):
    determination.determine(
        period_id=determined.pk, code="12", user=city.coordinator, level=2, reason="Cakupan baru sebagian."
    )
    row = next(row for row in document(determined).indicators if row.code == "12")
    assert (row.level, row.suggested, row.reason, row.differs) == (2, 3, "Cakupan baru sebagian.", True)
    assert [found.code for found in document(determined).reasons] == ["12"]


# --- The key -------------------------------------------------------------------------------------------------


def test_the_same_data_has_the_same_key_and_each_kind_its_own(determined):
    assert key(determined) == key(determined)
    assert len({key(determined, kind) for kind in KINDS.values()}) == 3


@pytest.mark.parametrize("change", ["level", "follow-up", "external", "plan", "agency"])
def test_what_changes_the_document_changes_the_key(determined, city, change):
    before = key(determined)
    if change == "level":
        determination.determine(
            period_id=determined.pk, code="1", user=city.coordinator, level=4, reason="Bukti tambahan."
        )
    elif change == "follow-up":
        follow_up(determined, city)
    elif change == "external":
        determination.set_external_level(period_id=determined.pk, code="1", user=city.coordinator, level=2)
    elif change == "plan":
        plan(determined, city)
    else:
        Agency.objects.filter(pk=city.dinsos.pk).update(name="Dinas Sosial dan Tenaga Kerja")
    assert key(determined) != before


# --- What stands beside --------------------------------------------------------------------------------------


def test_agencies_have_their_true_state_and_no_index_before_approval(determined, city):
    lines = {line.name: line for line in document(determined).agencies}
    assert [line.name for line in document(determined).agencies] == sorted(lines)
    assert (lines["Dinas Kesehatan"].state, lines["Dinas Kesehatan"].index.value) == ("approved", Fraction(3))
    assert (lines["Dinas Sosial"].state, lines["Dinas Sosial"].index.value) == ("draft", None)
    workflow.cancel(
        assessment_id=Assessment.objects.get(period=determined, agency=city.dinsos).pk,
        user=city.coordinator,
        reason="Digabung.",
    )
    assert {line.name: line.state for line in document(determined).agencies}["Dinas Sosial"] == "cancelled"


def test_what_froze_unfinished_is_called_so_and_has_no_index(finished):
    lines = {line.name: line for line in document(finished).agencies}
    assert (lines["Dinas Kesehatan"].state, lines["Dinas Kesehatan"].index.predicate) == ("final", "Baik")
    assert (lines["Dinas Sosial"].state, lines["Dinas Sosial"].index.value) == ("unfinished", None)
    assert lines["Dinas Sosial"].reason == "Batas waktu sudah lewat."
    assert document(finished, minutes).agencies_handed_in == 1


def test_late_is_who_has_no_time_left_and_has_not_handed_in(determined):
    assert document(determined, brief).late_agencies == ()
    Period.objects.filter(pk=determined.pk).update(deadline=timezone.now() - timedelta(hours=1))
    late = document(determined, brief).late_agencies
    assert {line.short_name for line in late} == {"Dinsos", "Diskominfo"}


def test_an_external_index_needs_every_level(determined, city):
    indicators = list(Indicator.objects.filter(instrument=determined.instrument))
    rows = [
        ExternalLevel(
            period=determined, indicator=row, level=2, entered_by=city.coordinator, entered_at=timezone.now()
        )
        for row in indicators
    ]
    ExternalLevel.objects.bulk_create(rows[:-1])
    found = document(determined)
    assert (found.external_index.value, found.indicators[0].external_level) == (None, 2)
    rows[-1].save()
    assert document(determined).external_index.value == Fraction(2)
    assert document(determined).domains[0].external_value == Fraction(2)


def test_follow_ups_of_the_period_stand_with_owner_and_state(determined, city):
    today = timezone.localdate()
    follow_up(determined, city, due_on=today - timedelta(days=1))
    follow_up(determined, city, due_on=today)
    follow_up(determined, city, due_on=today - timedelta(days=9), status="done", closed_at=timezone.now())
    lines = document(determined).follow_ups
    assert [(line.agency, line.state, line.is_open, line.is_late) for line in lines] == [
        ("Dinas Kesehatan", "Selesai", False, False),
        ("Dinas Kesehatan", "Terbuka", True, True),
        ("Dinas Kesehatan", "Terbuka", True, False),
    ]


def test_what_an_earlier_period_left_open_says_of_which_it_is(finished, next_year, city):
    follow_up(finished, city)
    follow_up(finished, city, status="done", closed_at=timezone.now())
    follow_up(next_year, city, due_on=date(2027, 12, 31))
    lines = document(next_year).follow_ups
    assert [line.text for line in lines] == [f"Susun pedoman. ({finished.name})", "Susun pedoman."]


def test_last_years_result_stands_beside(finished, next_year):
    found = document(next_year)
    assert (found.last_year, found.last_index.value, found.last_comparable) == (2026, Fraction(3), True)
    assert found.domains[0].last_value == Fraction(3)
    assert found.indicators[0].last_level == 3
    assert [row.year for row in found.trend] == [2026]
    assert document(finished).last_year is None


# --- The way -------------------------------------------------------------------------------------------------


def test_the_way_is_the_cheapest_one_to_the_target(determined):
    way = document(determined).way
    spec_levels = {str(number): 3 for number in range(1, 48)}
    route = best_route(spec_of(determined.instrument), spec_levels, Fraction("3.6"))
    assert (way.start_name, way.start, way.target) == ("nilai Pemda 2026", Fraction(3), Fraction("3.6"))
    assert (way.index, way.effort) == (route.index, route.effort)
    assert [(rise.code, rise.from_level, rise.to_level) for rise in way.rises] == [
        (rise.indicator, rise.start, rise.end) for rise in route.rises
    ]
    assert way.start + sum(rise.gain for rise in way.rises) == way.index
    assert all(rise.criteria for rise in way.rises)


def test_once_the_target_is_met_the_way_goes_to_the_next_predikat(determined):
    Period.objects.filter(pk=determined.pk).update(target=Decimal("2.80"))
    way = document(determined).way
    assert (way.target, way.aim, way.predicate) == (Fraction("3.5"), "Sangat Baik", "Sangat Baik")


def test_while_levels_are_missing_the_way_starts_from_last_years(next_year):
    way = document(next_year).way
    assert (way.start_name, way.start) == ("hasil Pemda 2026", Fraction(3))


def test_without_a_level_for_every_indicator_there_is_no_way(period):
    assert document(period).way is None


def test_the_plan_in_force_comes_first(determined, city):
    plan(determined, city, name="Lama", replaced_at=timezone.now())
    plan(determined, city)
    way = document(determined).way
    assert (way.plan, way.start_name, way.effort) == ("Menuju 3,60", "Nilai sementara", 4)
    assert [(rise.code, rise.is_reached, rise.pics) for rise in way.rises] == [("12", False, ("Dinkes",))]
    determination.determine(
        period_id=determined.pk, code="12", user=city.coordinator, level=4, reason="Sudah direviu."
    )
    assert document(determined).way.reached == 1


def test_a_later_plan_that_starts_from_this_index_is_this_reports_way_too(finished, next_year, city):
    assert document(finished).way.plan == ""
    made = plan(next_year, city)
    assert document(finished).way.plan == "Menuju 3,60"
    Plan.objects.filter(pk=made.pk).update(start_exact="31/10")
    assert document(finished).way.plan == ""


def test_every_next_step_has_what_is_needed_and_by_whom(determined):
    found = document(determined)
    assert len(found.steps) == 47
    assert all(step.criterion and step.pics == ("Dinkes",) for step in found.steps)
    assert {step.code for step in found.steps if step.in_way} == {rise.code for rise in found.way.rises}


# --- Queries -------------------------------------------------------------------------------------------------


def many_agencies(period, count):
    packed = levels.pack((str(number), 4) for number in range(1, 48))
    made = Agency.objects.bulk_create(
        Agency(slug=f"opd-{n}", name=f"OPD {n}", short_name=f"OPD {n}", kind="dinas") for n in range(count)
    )
    now = timezone.now()
    Assessment.objects.bulk_create(
        Assessment(
            period=period, agency=agency, status="approved", submitted_at=now, approved_at=now, round=1,
            self_levels=packed, verified_levels=packed, verified_exact="4/1", verified_predicate="Sangat Baik",
        )
        for agency in made
    )  # fmt: skip


@pytest.mark.parametrize("kind, most", [(pemda, 27), (brief, 24), (minutes, 27)], ids=KINDS)
def test_a_draft_takes_the_same_queries_for_few_and_many(determined, city, kind, most):
    document(determined, kind)
    with CaptureQueriesContext(connection) as few:
        document(determined, kind)
    many_agencies(determined, 40)
    for _ in range(20):
        follow_up(determined, city)
    with CaptureQueriesContext(connection) as many:
        found = document(determined, kind)
    assert len(found.agencies) == 43
    assert len(many) == len(few) <= most


@pytest.mark.parametrize("kind, most", [(pemda, 17), (brief, 14), (minutes, 17)], ids=KINDS)
def test_a_final_one_takes_few_queries(finished, kind, most):
    document(finished, kind)
    with CaptureQueriesContext(connection) as taken:
        document(finished, kind)
    assert len(taken) <= most


def test_the_minutes_say_how_far_the_trail_had_come_and_stay_the_same_document(finished, assessment):
    make_anchor()
    trail = document(finished, minutes).trail
    chain = Chain.objects.get(stream=f"assessment:{assessment.pk}")
    assert (chain.stream, chain.count, chain.head) in trail.heads
    assert (trail.anchor_day, trail.anchor_digest) == (timezone.localdate(), Anchor.objects.get().digest)
    before = key(finished, minutes)
    with transaction.atomic():
        record("x.y", finished, actor=None)
    assert document(finished, minutes).trail.events == trail.events + 1
    assert document(finished, minutes).trail.digest != trail.digest
    assert key(finished, minutes) == before


# --- And made ------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_can_be_made_from_the_database(finished, kind, django_assert_num_queries):
    found = document(finished, kind)
    with django_assert_num_queries(0):
        assert kind.render_pdf(found).startswith(b"%PDF")
        assert kind.write_xlsx(found).startswith(b"PK")
