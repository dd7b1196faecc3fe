"""Fixing the government's levels, and freezing its index."""

from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied

from assessments import pemda_snapshot, snapshot, workflow
from assessments.errors import Invalid, NotReady, Stale, WrongState
from assessments.models import Assessment, Assignment, Determination, ExternalLevel, PemdaResult, Period, Result
from assessments.queries import pemda
from assessments.services import determination as services
from audit.models import Event
from conftest import accept_all
from indicators.models import Indicator

CODES = [str(number) for number in range(1, 48)]


@pytest.fixture
def led(approved, period, city):
    """Dinkes is PIC of everything, approved at level 3."""
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    return period


@pytest.fixture
def determined(led, city):
    """Every level is fixed as suggested."""
    services.determine_suggested(period_id=led.pk, user=city.coordinator)
    return led


@pytest.fixture
def frozen(determined, city):
    """The period is final, and the government with it."""
    workflow.finalise_period(period_id=determined.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    determined.refresh_from_db()
    return determined


def determine(period, user, code="12", level=3, reason="", version=None):
    return services.determine(period_id=period.pk, code=code, user=user, level=level, reason=reason, version=version)


def finalise(period, user):
    return workflow.finalise_period(period_id=period.pk, user=user, reason="Batas waktu sudah lewat.")


# --- One by one ----------------------------------------------------------------------


def test_the_suggested_level_needs_no_reason_and_leaves_an_event(led, city):
    made = determine(led, city.coordinator)
    assert (made.level, made.suggested, made.reason, made.version) == (3, 3, "", 1)
    event = Event.objects.get(action="determination.set")
    assert (event.actor, event.stream) == (city.coordinator, f"period:{led.pk}")
    assert event.after == {"indicator": "12", "level": 3, "reason": "", "suggested": 3}


def test_another_level_needs_a_reason_and_keeps_what_was_suggested(led, city):
    with pytest.raises(Invalid) as refusal:
        determine(led, city.coordinator, level=4, reason="  ")
    assert refusal.value.errors == {"reason": "Tulis alasannya: levelnya berbeda dari usulan (level 3)."}
    made = determine(led, city.coordinator, level=4, reason="Berlaku di seluruh OPD.")
    assert (made.level, made.suggested, made.reason) == (4, 3, "Berlaku di seluruh OPD.")
    assert Event.objects.get(action="determination.set").reason == "Berlaku di seluruh OPD."


def test_without_a_suggestion_every_level_needs_a_reason(period, city):
    with pytest.raises(Invalid) as refusal:
        determine(period, city.coordinator)
    assert refusal.value.errors == {"reason": "Tulis alasannya: indikator ini tidak punya usulan."}
    assert determine(period, city.coordinator, reason="Hasil rapat.").suggested is None


@pytest.mark.parametrize("level", ["", None, 0, 6, "3,5", "2.5", "tiga", "NaN", "1e9", True])
def test_only_levels_of_the_scale_are_kept(level, led, city):
    with pytest.raises(Invalid) as refusal:
        determine(led, city.coordinator, level=level, reason="Alasan.")
    assert list(refusal.value.errors) == ["level"]
    assert not Determination.objects.exists()


def test_an_instrument_of_fractions_takes_them(led, city):
    type(led.instrument).objects.filter(pk=led.instrument_id).update(is_fractional=True)
    assert str(determine(led, city.coordinator, level="2.75", reason="Alasan.").level) == "2.75"


def test_an_unknown_indicator_is_said_so(led, city):
    with pytest.raises(Indicator.DoesNotExist):
        determine(led, city.coordinator, code="99")


def test_over_another_version_nothing_is_kept(led, city):
    made = determine(led, city.coordinator, level=4, reason="Satu.", version=0)
    with pytest.raises(Stale) as refusal:
        determine(led, city.coordinator, level=2, reason="Dua.", version=0)
    assert refusal.value.current == made
    assert determine(led, city.coordinator, level=2, reason="Dua.", version=1).version == 2
    event = Event.objects.filter(action="determination.set").last()
    assert (event.before["level"], event.after["level"]) == (4, 2)


def test_the_same_sent_twice_is_one_determination(led, city):
    determine(led, city.coordinator, version=0)
    assert determine(led, city.coordinator, version=0).version == 1
    assert Event.objects.filter(action="determination.set").count() == 1


def test_a_determination_can_be_taken_back(led, city):
    determine(led, city.coordinator)
    with pytest.raises(Stale):
        services.undetermine(period_id=led.pk, code="12", user=city.coordinator, version=2)
    services.undetermine(period_id=led.pk, code="12", user=city.coordinator, version=1)
    assert (Determination.objects.count(), pemda.board(led).determined) == (0, 0)
    assert Event.objects.get(action="determination.clear").before["level"] == 3


# --- All suggested ----------------------------------------------------------------------


def test_all_suggested_are_fixed_at_once_the_rest_is_listed_and_what_is_fixed_stays(led, city):
    Assignment.objects.filter(period=led, indicator__code="1").update(kind="support")
    Assignment.objects.filter(period=led, indicator__code="2", agency=city.dinsos).update(kind="pic")
    determine(led, city.coordinator, code="3", level=5, reason="Lebih tinggi.")
    done = services.determine_suggested(period_id=led.pk, user=city.coordinator)
    assert done.codes == tuple(CODES[3:])
    assert done.skipped == (("1", "Belum ada PIC."), ("2", "Penilaian Dinsos belum disetujui."))
    levels = dict(Determination.objects.values_list("indicator__code", "level"))
    assert (levels["3"], levels["4"], len(levels)) == (5, 3, 45)
    assert Event.objects.filter(action="determination.set").count() == 45
    again = services.determine_suggested(period_id=led.pk, user=city.coordinator)
    assert (again.codes, again.skipped) == ((), done.skipped)


# --- The ministry's --------------------------------------------------------------------------------------------


def test_the_ministrys_level_stands_beside_and_can_be_taken_out(frozen, city):
    before = pemda.board(frozen).score.index
    entered = services.set_external_level(period_id=frozen.pk, code="12", user=city.coordinator, level="4")
    assert (entered.level, pemda.board(frozen).score.index) == (4, before)
    services.set_external_level(period_id=frozen.pk, code="12", user=city.coordinator, level="4")
    services.set_external_level(period_id=frozen.pk, code="12", user=city.coordinator, level=None)
    assert not ExternalLevel.objects.exists()
    actions = Event.objects.filter(action__startswith="external").values_list("action", flat=True)
    assert list(actions) == ["external_level.set", "external_level.clear"]
    with pytest.raises(Invalid) as refusal:
        services.set_external_level(period_id=frozen.pk, code="12", user=city.coordinator, level="9")
    assert list(refusal.value.errors) == ["external"]


# --- Freezing ----------------------------------------------------------------------


def test_the_government_freezes_with_the_period_where_all_is_determined(determined, city):
    done = finalise(determined, city.coordinator)
    result = PemdaResult.objects.get()
    assert done.pemda == result
    assert (result.revision, result.index_exact, result.predicate) == (1, "3/1", "Baik")
    assert result.digest == snapshot.digest(result.snapshot)
    assert (result.snapshot["score"]["index"], len(result.snapshot["indicators"])) == ("3/1", 47)
    first = result.snapshot["indicators"][0]
    assert (first["level"], first["suggested"], first["coverage"]["total"]) == ("3", "3", 2)
    assert [pic["short_name"] for pic in first["pics"]] == ["Dinkes"]
    assert Event.objects.get(action="pemda.finalise").after["digest"] == result.digest


def test_without_all_levels_the_period_is_final_and_the_government_open(led, city):
    determine(led, city.coordinator)
    assert finalise(led, city.coordinator).pemda is None
    with pytest.raises(NotReady) as refusal:
        workflow.finalise_pemda(period_id=led.pk, user=city.coordinator)
    assert [problem.indicator for problem in refusal.value.problems] == [code for code in CODES if code != "12"]
    services.determine_suggested(period_id=led.pk, user=city.coordinator)
    result = workflow.finalise_pemda(period_id=led.pk, user=city.coordinator)
    assert (result.revision, result.index_exact, result.superseded_at) == (1, "3/1", None)
    with pytest.raises(WrongState):
        workflow.finalise_pemda(period_id=led.pk, user=city.coordinator)


def test_while_the_period_runs_the_government_is_not_frozen_by_itself(determined, city):
    with pytest.raises(WrongState):
        workflow.finalise_pemda(period_id=determined.pk, user=city.coordinator)
    assert not PemdaResult.objects.exists()


def test_what_is_frozen_changes_only_after_a_reopening(frozen, approved, city):
    acts = [
        lambda: determine(frozen, city.coordinator, level=2, reason="Turun."),
        lambda: services.determine_suggested(period_id=frozen.pk, user=city.coordinator),
        lambda: services.undetermine(period_id=frozen.pk, code="12", user=city.coordinator),
    ]
    for act in acts:
        with pytest.raises(WrongState):
            act()
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")
    assert determine(frozen, city.coordinator, level=2, reason="Turun.").level == 2
    assert PemdaResult.objects.get().superseded_at is None
    with pytest.raises(WrongState, match="pernah final"):
        services.undetermine(period_id=frozen.pk, code="12", user=city.coordinator)


def finalise_again(approved, period, city):
    accept_all(approved, city.verifier)
    workflow.approve(assessment_id=approved.pk, user=city.verifier)
    return finalise(period, city.coordinator)


def test_the_next_finalising_writes_a_revision_where_a_level_changed(frozen, approved, city):
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")
    determine(frozen, city.coordinator, level=2, reason="Turun.")
    done = finalise_again(approved, frozen, city)
    old, new = PemdaResult.objects.order_by("revision")
    assert (old.revision, old.superseded_at, old.index_exact) == (1, new.finalised_at, "3/1")
    weight = Indicator.objects.get(instrument=frozen.instrument, code="12").weight
    assert (new.revision, new.superseded_at, Fraction(new.index_exact)) == (2, None, 3 - weight / 100)
    assert done.pemda == new


def test_the_next_finalising_keeps_the_result_where_no_level_changed(frozen, approved, city):
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Catatan kurang.")
    done = finalise_again(approved, frozen, city)
    only = PemdaResult.objects.get()
    assert (only.revision, only.superseded_at, done.pemda) == (1, None, only)


def test_last_year_stands_beside_this_years(frozen, city, period):
    assert pemda.board(frozen).last is None
    later = Period.objects.create(
        name="Penilaian 2027",
        year=2027,
        instrument=frozen.instrument,
        status="open",
        starts_on=frozen.starts_on,
        deadline=frozen.deadline,
        opened_at=frozen.opened_at,
    )
    board = pemda.board(later)
    assert (board.last.year, board.last.index, board.last.is_comparable, board.rows[0].last) == (2026, 3, True, 3)
    assert board.change is None
    for code in CODES:
        determine(later, city.coordinator, code=code, level=4, reason="Naik.")
    assert pemda.board(later).change == 1
    (point,) = pemda.trend()
    assert (point.year, point.index, point.predicate, point.target) == (2026, 3, "Baik", Fraction(18, 5))


def test_a_draft_snapshot_says_what_is_not_determined(led):
    taken = pemda_snapshot.take(pemda.board(led))
    assert (taken["determined"], taken["score"]["answered"], taken["indicators"][0]["level"]) == (0, 0, None)


def test_a_mistake_in_a_determination_alone_is_mended_without_the_agencies(frozen, city):
    with pytest.raises(Invalid):
        workflow.reopen_pemda(period_id=frozen.pk, user=city.coordinator, reason="  ")
    old = workflow.reopen_pemda(period_id=frozen.pk, user=city.coordinator, reason="Salah ketik.")
    assert (old.revision, old.superseded_at is not None) == (1, True)
    assert Event.objects.get(action="pemda.reopen").reason == "Salah ketik."
    assert (pemda.board(frozen).result, pemda.board(frozen).is_locked) == (None, False)
    determine(frozen, city.coordinator, level=4, reason="Bukti lengkap.")
    new = workflow.finalise_pemda(period_id=frozen.pk, user=city.coordinator)
    assert (new.revision, new.superseded_at, new.index > old.index) == (2, None, True)
    assert Period.objects.get(pk=frozen.pk).status == Period.Status.FINAL
    assert not Result.objects.filter(superseded_at__isnull=False).exists()


# --- Who, and when ---------------------------------------------------------------------------------------------------

ACTS = {
    "determine": lambda period, user: determine(period, user, level=4, reason="Alasan."),
    "determine_suggested": lambda period, user: services.determine_suggested(period_id=period.pk, user=user),
    "undetermine": lambda period, user: services.undetermine(period_id=period.pk, code="12", user=user),
    "set_external_level": lambda period, user: services.set_external_level(
        period_id=period.pk, code="12", user=user, level=4
    ),
    "finalise_pemda": lambda period, user: workflow.finalise_pemda(period_id=period.pk, user=user),
    "reopen_pemda": lambda period, user: workflow.reopen_pemda(period_id=period.pk, user=user, reason="Keliru."),
}
#: State of the period (and of the government's result) -> what a coordinator gets, act by act.
STATES = {
    "draft": "state state state state state state",
    "cancelled": "state state state state state state",
    "open": "yes yes yes yes state state",
    "final": "yes yes yes yes yes state",
    "frozen": "state state state yes state yes",
    "reopened": "yes yes state yes state state",
}


def in_state(name, period, approved, city):
    if name in ("draft", "cancelled"):
        Period.objects.filter(pk=period.pk).update(status=name)
    elif name == "final":
        Assessment.objects.filter(period=period).update(status="final", finalised_at=period.opened_at)
        Period.objects.filter(pk=period.pk).update(status="final", finalised_at=period.opened_at)
    elif name in ("frozen", "reopened"):
        finalise(period, city.coordinator)
        if name == "reopened":
            workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada yang keliru.")


@pytest.mark.parametrize("state", STATES)
def test_a_coordinator_may_what_the_state_allows(state, determined, approved, city):
    in_state(state, determined, approved, city)
    got = []
    for act in ACTS.values():
        try:
            act(determined, city.coordinator)
        except WrongState:
            got.append("state")
        except NotReady:
            got.append("yes")  # allowed, though an act before took a level back
        else:
            got.append("yes")
    assert dict(zip(ACTS, got, strict=True)) == dict(zip(ACTS, STATES[state].split(), strict=True))


OTHERS = ["operator", "verifier", "leader", "admin", "outsider"]


@pytest.mark.parametrize("state", STATES)
def test_nobody_else_may_anything_in_any_state(state, determined, approved, city):
    in_state(state, determined, approved, city)
    before = Event.objects.count()
    for who in OTHERS:
        for act in ACTS.values():
            with pytest.raises(PermissionDenied):
                act(determined, getattr(city, who))
    assert Event.objects.count() == before
