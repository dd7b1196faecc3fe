"""The government's table: what is suggested, what is determined, what it rests on."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency
from assessments import levels, workflow
from assessments.models import Assessment, Assignment, Determination, ExternalLevel, Period, Plan, PlanRise, Status
from assessments.queries import pemda
from assessments.queries.pemda import PicAnswer
from assessments.queries.pics import suggestion
from conftest import accept_all
from indicators.models import Indicator


def lead(period, code, *agencies):
    """Make these agencies the PICs of the indicator."""
    Assignment.objects.filter(period=period, indicator__code=code, agency__in=agencies).update(kind="pic")


def row_of(period, code):
    return next(row for row in pemda.board(period).rows if row.code == code)


def determine(period, code, level, user, suggested=None):
    return Determination.objects.create(
        period=period,
        indicator=Indicator.objects.get(instrument=period.instrument, code=code),
        level=level,
        suggested=suggested,
        reason="" if level == suggested else "Dibahas dalam rapat.",
        determined_by=user,
        determined_at=timezone.now(),
    )


def pic(name="Dinkes", status=Status.APPROVED, verified=None, **fields):
    approved = fields.pop("is_approved", status in (Status.APPROVED, Status.FINAL))
    return PicAnswer(
        agency_id=1,
        agency=name,
        short_name=name,
        assessment_id=1 if status else None,
        status=status,
        self_level=None,
        verified_level=verified,
        not_relevant=fields.pop("not_relevant", False),
        is_approved=approved,
    )


# --- The suggestion ----------------------------------------------------------------------

SUGGESTIONS = {
    "one": ([pic(verified=4)], (4, "")),
    "the lowest of several": ([pic(verified=4), pic("Dinsos", verified=2), pic("PU", verified=3)], (2, "")),
    "fractional": ([pic(verified=Decimal("1.26")), pic("Dinsos", verified=2)], (Decimal("1.26"), "")),
    "none at all": ([], (None, "Belum ada PIC.")),
    "one waits": (
        [pic(verified=4), pic("Dinsos", Status.SUBMITTED)],
        (None, "Penilaian Dinsos belum disetujui."),
    ),
    "all wait": (
        [pic("Dinkes", Status.DRAFT), pic("Dinsos", Status.SUBMITTED), pic("PU", Status.RETURNED)],
        (None, "Penilaian Dinkes, Dinsos dan PU belum disetujui."),
    ),
    "one not relevant": (
        [pic(verified=4), pic("Dinsos", not_relevant=True)],
        (None, "Tidak relevan bagi Dinsos."),
    ),
    "unfinished": (
        [pic(verified=4), pic("Dinsos", Status.FINAL, is_approved=False)],
        (None, "Penilaian Dinsos tidak selesai."),
    ),
    "taken out": ([pic(verified=4), pic("Dinsos", Status.CANCELLED)], (None, "Dinsos tidak ikut dinilai.")),
    "never took part": ([pic(verified=4), pic("Dinsos", "")], (None, "Dinsos tidak ikut dinilai.")),
}


@pytest.mark.parametrize("pics, expected", SUGGESTIONS.values(), ids=SUGGESTIONS)
def test_the_suggestion_is_the_lowest_verified_level_of_the_pics(pics, expected):
    assert suggestion(pics) == expected


def test_a_suggestion_comes_with_approval_and_not_before(submitted, period, city):
    lead(period, "12", city.dinkes)
    assert (row_of(period, "12").suggested, row_of(period, "12").obstacle) == (
        None,
        "Penilaian Dinkes belum disetujui.",
    )
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    row = row_of(period, "12")
    assert (row.suggested, row.obstacle) == (3, "")
    assert [(answer.short_name, answer.self_level, answer.verified_level) for answer in row.pics] == [("Dinkes", 3, 3)]


def test_a_draft_of_a_pic_is_not_shown(assessment, period, city):
    lead(period, "12", city.dinkes)
    Assessment.objects.filter(pk=assessment.pk).update(self_levels="12=4")
    (answer,) = row_of(period, "12").pics
    assert (answer.status, answer.self_level) == ("draft", None)


def test_a_claim_of_irrelevance_that_was_adjusted_is_a_level_like_another(approved, period, city):
    lead(period, "12", city.dinkes)
    Assessment.objects.filter(pk=approved.pk).update(self_levels="12=x 13=x", verified_levels="12=2 13=x")
    assert (row_of(period, "12").suggested, row_of(period, "12").pics[0].not_relevant) == (2, False)
    lead(period, "13", city.dinkes)
    assert (row_of(period, "13").suggested, row_of(period, "13").pics[0].not_relevant) == (None, True)


def test_what_froze_unfinished_suggests_nothing(final, period, city):
    lead(period, "12", city.dinkes, city.dinsos)
    row = row_of(period, "12")
    assert (row.suggested, row.obstacle) == (None, "Penilaian Dinsos tidak selesai.")
    assert [answer.shown_status for answer in row.pics] == ["final", "unfinished"]


# --- The supporting agencies ----------------------------------------------------------------------


def test_support_is_counted_without_the_pics_and_those_taken_out(approved, period, city):
    lead(period, "12", city.diskominfo)
    row = row_of(period, "12")
    assert (row.coverage.total, row.coverage.decided, row.coverage.counts) == (2, 1, {"3": 1})
    assert [row.coverage.at_least(level) for level in (2, 3, 4)] == [1, 1, 0]
    lead(period, "13", city.dinkes)
    assert (row_of(period, "13").coverage.total, row_of(period, "13").coverage.decided) == (2, 0)
    dinsos = Assessment.objects.get(period=period, agency=city.dinsos)
    workflow.cancel(assessment_id=dinsos.pk, user=city.coordinator, reason="Digabung.")
    assert (row_of(period, "12").coverage.total, row_of(period, "13").coverage.total) == (1, 1)


# --- The index ----------------------------------------------------------------------


def test_what_is_not_determined_counts_as_the_lowest_and_is_not_covered(approved, period, city):
    lead(period, "1", city.dinkes)
    determine(period, "2", 4, city.coordinator)
    board = pemda.board(period)
    weight = {row.code: row.weight for row in board.rows}
    assert board.score.index == 1 + 3 * weight["2"] / 100
    assert board.suggested_score.index == 1 + (2 * weight["1"] + 3 * weight["2"]) / 100
    assert (board.determined, board.total, board.score.answered) == (1, 47, 1)
    assert [row.code for row in board.ready] == ["1"]
    row = board.rows[1]
    assert (row.level, row.version, row.determined_by, row.reason) == (4, 1, "Koordinator", "Dibahas dalam rapat.")


def test_a_determined_level_outlives_its_suggestion(approved, period, city):
    lead(period, "1", city.dinkes)
    determine(period, "1", 3, city.coordinator, suggested=3)
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")
    row = row_of(period, "1")
    assert (row.suggested, row.level, row.suggested_then, row.differs, row.is_outdated) == (None, 3, 3, True, False)
    Assessment.objects.filter(pk=approved.pk).update(status="approved", verified_levels="1=2")
    row = row_of(period, "1")
    assert (row.suggested, row.level, row.is_outdated) == (2, 3, True)


def test_the_ministrys_levels_make_an_index_of_their_own(period, city):
    assert pemda.board(period).external_score is None
    for indicator in Indicator.objects.filter(instrument=period.instrument):
        ExternalLevel.objects.create(
            period=period, indicator=indicator, level=3, entered_by=city.coordinator, entered_at=timezone.now()
        )
    board = pemda.board(period)
    assert (board.external_score.index, board.score.index, board.rows[0].external) == (Fraction(3), Fraction(1), 3)


def test_the_target_of_an_indicator_is_the_plans_in_force_else_the_instruments(period, city):
    period.instrument.target_level = 3
    period.instrument.save(update_fields=["target_level"])
    for replaced_at, level in ((timezone.now(), 5), (None, 4)):
        plan = Plan.objects.create(
            period=period,
            name="Peta jalan",
            target=Decimal("3.6"),
            start="Nilai Pemda",
            start_exact="1/1",
            index_exact="2/1",
            predicate="Cukup",
            effort=1,
            created_by=city.coordinator,
            created_at=timezone.now(),
            replaced_at=replaced_at,
        )
        PlanRise.objects.create(
            plan=plan,
            indicator=Indicator.objects.get(instrument=period.instrument, code="1"),
            from_level=1,
            to_level=level,
            effort=1,
        )
    assert (row_of(period, "1").target, row_of(period, "2").target) == (4, 3)


@pytest.mark.parametrize("usual, last, aim", [(3, 4, 4), (3, 2, 3), (None, 4, 4), (3, None, 3), (None, None, None)])
def test_without_a_plan_nobody_aims_below_what_was_reached_last_year(usual, last, aim):
    assert pemda._aim(usual, last) == aim


# --- Which period ----------------------------------------------------------------------


def test_the_newest_running_period_comes_first_then_the_newest_final_one(period, instrument, city):
    old = Period.objects.create(
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        status="final",
        starts_on=timezone.localdate(),
        deadline=timezone.now(),
        opened_at=timezone.now(),
        finalised_at=timezone.now(),
    )
    draft = Period.objects.create(
        name="Penilaian 2028",
        year=2028,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now(),
    )
    assert pemda.periods() == [old, period]
    assert pemda.chosen_period("") == period
    assert pemda.chosen_period(str(old.pk)) == old
    assert [pemda.chosen_period(wanted) for wanted in (str(draft.pk), "0", "x", "-1", "²", "9" * 30)] == [None] * 6
    Period.objects.filter(pk=period.pk).update(status="cancelled")
    assert pemda.chosen_period("") == old


def test_without_a_period_there_is_none(db):
    assert (pemda.chosen_period(""), pemda.periods(), pemda.trend()) == (None, [], [])


# --- Queries ----------------------------------------------------------------------


def test_the_table_takes_the_same_queries_for_few_and_many_agencies(approved, period, city):
    lead(period, "1", city.dinkes)
    pemda.board(period)
    with CaptureQueriesContext(
        connection,
    ) as few:
        pemda.board(period)
    indicators = list(Indicator.objects.filter(instrument=period.instrument))
    packed = levels.pack((indicator.code, 4) for indicator in indicators)
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"opd-{n}", name=f"OPD {n}", short_name=f"OPD {n}", kind="dinas") for n in range(60)
    )
    Assessment.objects.bulk_create(
        Assessment(
            period=period,
            agency=agency,
            status="approved",
            submitted_at=timezone.now(),
            approved_at=timezone.now(),
            self_levels=packed,
            verified_levels=packed,
        )
        for agency in agencies
    )
    Assignment.objects.bulk_create(
        Assignment(period=period, agency=agency, indicator=indicator, kind="pic" if place < 3 else "support")
        for place, agency in enumerate(agencies)
        for indicator in indicators
    )
    for indicator in indicators:
        determine(period, indicator.code, 3, city.coordinator)
    with CaptureQueriesContext(connection) as many:
        board = pemda.board(period)
    assert len(many) == len(few) == 9
    assert (board.rows[0].coverage.counts, len(board.rows[0].pics), board.determined) == ({"4": 57}, 4, 47)
