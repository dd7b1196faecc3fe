"""Who answers what: the rules of each state, patterns, and that nobody's work is lost by it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency
from assessments import workflow
from assessments.errors import Invalid, NotReady, Stale, WrongState
from assessments.models import Answer, Assessment, Assignment, Period, Status
from assessments.queries import assignment_presets as presets
from assessments.queries.assignments import grid, indicators_without_pic, spans
from assessments.services import periods as period_services
from assessments.services.assignments import plan_assignments, set_assignments
from audit.models import Event
from conftest import attach, fill, hand_in
from indicators.models import Instrument


@pytest.fixture
def draft(city, instrument) -> Period:
    """A period in preparation: Dinkes and Diskominfo support every indicator."""
    return period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=60),
        agencies=[city.dinkes, city.diskominfo],
    )


@pytest.fixture
def late(period, city) -> Agency:
    """An agency outside the running period."""
    return Agency.objects.create(slug="bappeda", name="Badan Perencanaan", short_name="Bappeda", kind="badan")


def assign(period: Period, city, *changes, **more):
    return set_assignments(period_id=period.pk, user=city.coordinator, changes=changes, **more)


def kinds(period: Period, agency: Agency) -> dict[str, str]:
    return dict(Assignment.objects.filter(period=period, agency=agency).values_list("indicator__code", "kind"))


# --- While it is prepared ------------------------------------------------------------------------------


def test_in_preparation_everything_may_change(draft, city):
    done = assign(
        draft,
        city,
        (city.dinkes.pk, "1", "pic"),
        (city.dinkes.pk, "2", None),
        (city.dinsos.pk, "47", "support"),
        (city.diskominfo.pk, "3", "support"),  # so already
    )
    assert (done.added, done.changed, done.removed) == (1, 1, 1)
    found = kinds(draft, city.dinkes)
    assert (len(found), found["1"], "2" in found) == (46, "pic", False)
    assert kinds(draft, city.dinsos) == {"47": "support"}
    assert not Assessment.objects.filter(period=draft).exists()


def test_one_event_tells_before_and_after_of_the_agencies_that_changed(draft, city):
    assign(draft, city, (city.dinkes.pk, "5", "pic"), (city.dinsos.pk, "1", "support"), reason="Rapat koordinasi.")
    event = Event.objects.get(action="period.assign")
    assert event.before == {"dinkes": {"support": "1–47"}, "dinsos": {}}
    assert event.after == {"dinkes": {"pic": "5", "support": "1–4, 6–47"}, "dinsos": {"support": "1"}}
    assert (event.reason, event.actor) == ("Rapat koordinasi.", city.coordinator)


def test_what_is_so_already_writes_nothing(draft, city):
    version = draft.version
    assign(draft, city, (city.dinkes.pk, "1", "support"), (city.dinsos.pk, "1", None))
    draft.refresh_from_db()
    assert draft.version == version
    assert not Event.objects.filter(action="period.assign").exists()


def test_unknown_names_and_kinds_are_refused(draft, city):
    for change in ((0, "1", "pic"), (city.dinkes.pk, "99", "pic"), (city.dinkes.pk, "1", "boss")):
        with pytest.raises(Invalid):
            assign(draft, city, change)


def test_an_agency_that_ended_gets_nothing_new_but_may_lose(draft, city):
    Agency.objects.filter(pk=city.dinsos.pk).update(
        valid_until=timezone.localdate() - timedelta(days=1), successor=city.dinkes
    )
    with pytest.raises(NotReady) as refused:
        assign(draft, city, (city.dinsos.pk, "1", "support"))
    assert [problem.message for problem in refused.value.problems] == [
        "Dinas Sosial: indikator 1 tidak dapat ditugaskan karena OPD-nya tidak berlaku hari ini "
        "(penerusnya Dinas Kesehatan)."
    ]
    Assignment.objects.create(
        period=draft, agency=city.dinsos, indicator=draft.instrument.indicators.get(code="1"), kind="pic"
    )
    assert assign(draft, city, (city.dinsos.pk, "1", None)).removed == 1


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "admin", "outsider"])
def test_only_a_coordinator_assigns(draft, city, who):
    with pytest.raises(PermissionDenied):
        set_assignments(period_id=draft.pk, user=getattr(city, who), changes=[(city.dinkes.pk, "1", "pic")])
    assert kinds(draft, city.dinkes)["1"] == "support"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(draft, city):
    cell = (city.dinkes.pk, "1")
    assign(draft, city, (*cell, "pic"))
    with pytest.raises(Stale) as refused:
        assign(draft, city, (*cell, None), expected={cell: "support"})
    assert refused.value.current == {cell: "pic"}
    assert kinds(draft, city.dinkes)["1"] == "pic"
    assert assign(draft, city, (*cell, "pic"), expected={cell: "support"}).changes == ()  # both want the same


# --- Editing the period ---------------------------------------------------------------------------------


def edit(period: Period, city, agencies=None, **details):
    return period_services.edit_period(period_id=period.pk, user=city.coordinator, details=details, agencies=agencies)


def test_editing_a_period_keeps_what_was_assigned(draft, city):
    assign(draft, city, (city.dinkes.pk, "1", "pic"), (city.dinkes.pk, "2", None))
    edit(draft, city, [city.dinkes, city.dinsos], name="Penilaian 2027 baru")
    found = kinds(draft, city.dinkes)
    assert (len(found), found["1"]) == (46, "pic")
    assert kinds(draft, city.diskominfo) == {}
    assert set(kinds(draft, city.dinsos).values()) == {"support"}
    assert len(kinds(draft, city.dinsos)) == 47


def test_another_instrument_keeps_indicators_of_the_same_code_and_name(draft, city):
    other = Instrument.objects.get(code="permenpanrb-59-2020")
    assign(draft, city, (city.dinkes.pk, "1", "pic"), (city.dinkes.pk, "2", None))
    renamed = other.indicators.get(code="3")
    renamed.name = "Lain"
    renamed.save(update_fields=["name"])
    assign(draft, city, (city.dinkes.pk, "3", None))
    edit(draft, city, instrument=other)
    found = kinds(draft, city.dinkes)
    assert (len(found), found["1"], "2" in found, found["3"]) == (46, "pic", False, "support")
    assert set(Assignment.objects.filter(period=draft).values_list("indicator__instrument", flat=True)) == {other.pk}


def test_the_period_form_over_an_older_table_is_stale(draft, city):
    version = draft.version
    assign(draft, city, (city.dinsos.pk, "1", "support"))
    with pytest.raises(Stale):
        period_services.edit_period(
            period_id=draft.pk,
            user=city.coordinator,
            details={},
            agencies=[city.dinkes, city.diskominfo],
            version=version,
        )
    assert kinds(draft, city.dinsos) == {"1": "support"}


# --- While it runs --------------------------------------------------------------------------------------


def test_opening_makes_answers_only_for_what_is_assigned(draft, city):
    assign(draft, city, *((city.dinkes.pk, str(code), None) for code in range(3, 48)))
    workflow.open_period(period_id=draft.pk, user=city.coordinator)
    made = Assessment.objects.get(period=draft, agency=city.dinkes)
    assert (made.assigned_count, made.answers.count(), made.self_levels) == (2, 2, "1= 2=")


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "approved", "cancelled"])
def test_the_kind_may_change_whatever_the_state(request, assessment, period, city, status):
    if status in ("submitted", "returned", "approved"):
        request.getfixturevalue(status)
    if status == "cancelled":
        workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Salah.")
    before = Assessment.objects.values_list("status", "revision").get(pk=assessment.pk)
    assign(period, city, (city.dinkes.pk, "12", "pic"))
    assert kinds(period, city.dinkes)["12"] == "pic"
    assert Assessment.objects.values_list("status", "revision").get(pk=assessment.pk) == before


@pytest.mark.parametrize("status", ["submitted", "returned", "approved", "cancelled"])
@pytest.mark.parametrize("kind", ["pic", None])
def test_what_left_the_desk_neither_gains_nor_loses_indicators(request, assessment, period, city, status, kind):
    if kind:  # one indicator short before it is handed in
        assign(period, city, (city.dinkes.pk, "12", None))
    if status == "cancelled":
        workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Salah.")
    else:
        request.getfixturevalue(status)
    label = Status(status).label
    act = "ditambahkan" if kind else "dihapus"
    with pytest.raises(NotReady) as refused:
        assign(period, city, (city.dinkes.pk, "12", kind), (city.dinkes.pk, "13", "pic"))
    assert [problem.message for problem in refused.value.problems] == [
        f"Dinas Kesehatan: indikator 12 tidak dapat {act} karena penilaiannya berstatus {label}."
    ]
    assert kinds(period, city.dinkes)["13"] == "support"  # nothing is half applied


def test_taking_an_untouched_indicator_from_a_draft_takes_its_answer_and_recounts(assessment, period, city):
    answer = assessment.answers.get(indicator__code="1")
    answer.self_level = 3
    answer.save(update_fields=["self_level"])
    assign(period, city, *((city.dinkes.pk, str(code), None) for code in range(3, 48)))
    assessment.refresh_from_db()
    assert (assessment.assigned_count, assessment.answers.count(), assessment.answered_count) == (2, 2, 1)
    assert (assessment.self_levels, assessment.self_index, assessment.revision) == ("1=3 2=", 2, 2)
    event = Event.objects.get(action="assessment.assign")
    assert (event.stream, event.after) == (f"assessment:{assessment.pk}", {"removed": "3–47"})


def test_giving_an_indicator_back_to_a_draft_adds_an_empty_answer(assessment, period, city):
    assign(period, city, (city.dinkes.pk, "5", None))
    assign(period, city, (city.dinkes.pk, "5", "pic"))
    assessment.refresh_from_db()
    assert (assessment.assigned_count, assessment.answers.count()) == (47, 47)
    assert assessment.answers.get(indicator__code="5").version == 1
    assert "5=" in assessment.self_levels.split()


@pytest.mark.parametrize("work", ["level", "fact", "analysis", "not_applicable", "reason", "evidence"])
def test_an_answer_somebody_worked_on_is_never_taken_away(assessment, period, city, work):
    answer = assessment.answers.get(indicator__code="7")
    values = {
        "level": {"self_level": 1},
        "fact": {"fact": "Ada."},
        "analysis": {"analysis": "Sesuai."},
        "not_applicable": {"not_applicable": True},
        "reason": {"not_applicable_reason": "Bukan tugas kami."},
        "evidence": {},
    }[work]
    Answer.objects.filter(pk=answer.pk).update(**values)
    if work == "evidence":
        attach(answer, city.operator)
    with pytest.raises(NotReady) as refused:
        assign(period, city, (city.dinkes.pk, "7", None), (city.dinkes.pk, "8", None))
    assert [problem.message for problem in refused.value.problems] == [
        "Dinas Kesehatan: indikator 7 tidak dapat dihapus karena sudah ada isian, bukti, atau keputusannya."
    ]
    assert assessment.answers.count() == 47


def test_an_agencys_last_indicators_stay_while_the_period_runs(assessment, period, city):
    codes = list(kinds(period, city.dinkes))
    with pytest.raises(NotReady) as refused:
        assign(period, city, *((city.dinkes.pk, code, None) for code in codes))
    assert "batalkan saja penilaiannya" in refused.value.problems[0].message
    assert assessment.answers.count() == 47


def test_an_agency_without_an_assessment_gets_one(period, city, late):
    done = assign(period, city, (late.pk, "13", "pic"), (late.pk, "32", "support"))
    made = Assessment.objects.get(period=period, agency=late)
    assert done.new_assessments == 1
    assert (made.status, made.assigned_count, made.answers.count(), made.self_levels) == ("draft", 2, 2, "13= 32=")


@pytest.mark.parametrize("status", ["final", "cancelled"])
def test_a_closed_period_keeps_its_assignments(request, period, city, status):
    if status == "final":
        request.getfixturevalue("final")
    else:
        workflow.cancel_period(period_id=period.pk, user=city.coordinator, reason="Salah instrumen.")
    with pytest.raises(WrongState):
        assign(period, city, (city.dinkes.pk, "1", "pic"))


# --- Plans ----------------------------------------------------------------------------------------------


def test_a_plan_counts_and_leaves_out_what_is_refused(submitted, period, city, late):
    plan = plan_assignments(period, [(city.dinkes.pk, "1", None), (city.dinkes.pk, "2", "pic"), (late.pk, "1", "pic")])
    assert (plan.added, plan.changed, plan.removed, plan.refused_count, plan.new_assessments) == (1, 1, 0, 1, 1)
    token = plan.token
    assign(period, city, (city.dinkes.pk, "2", "pic"))
    assert plan_assignments(period, plan.changes).token != token


def test_spans_join_neighbours_of_the_instrument():
    order = ["1", "2", "3", "35-1", "35-2", "36"]
    assert spans(["3", "1", "2", "36"], order) == "1–3, 36"
    assert spans(["35-1", "3"], order) == "3, 35-1"
    assert spans([], order) == ""


# --- Presets --------------------------------------------------------------------------------------------


def test_everything_keeps_pics_and_adds_all_agencies(draft, city):
    assign(draft, city, (city.dinkes.pk, "1", "pic"), (city.dinkes.pk, "2", None))
    plan = plan_assignments(draft, presets.everything(grid(draft)).changes)
    assert (plan.added, plan.changed, plan.removed) == (1 + 47, 0, 0)  # Dinkes 2, and all of Dinsos


def test_the_usual_pics_are_found_by_their_many_names(draft, city, db):
    Agency.objects.create(slug="hukum", name="Bagian Hukum Setda", short_name="Bag Hukum", kind="bagian")
    Agency.objects.create(slug="bapperida", name="Badan Perencanaan", short_name="BAPPERIDA", kind="badan")
    assign(draft, city, (city.dinkes.pk, "12", "pic"))
    usual = presets.usual(grid(draft))
    wanted = {(agency, code): kind for agency, code, kind in usual.changes}
    slugs = dict(Agency.objects.values_list("slug", "pk"))
    assert wanted[city.diskominfo.pk, "12"] == "pic"
    assert wanted[city.dinkes.pk, "12"] == "support"
    assert wanted[city.dinkes.pk, "47"] == "pic"
    assert wanted[slugs["hukum"], "44"] == "pic"
    assert wanted[slugs["bapperida"], "13"] == "pic"
    assert wanted[slugs["hukum"], "1"] == "support"
    assert "BPKAD (PIC indikator 24, 33, 34, 38): tidak ada OPD dengan nama ini. Tetapkan pada tabel." in usual.notes
    gaps = {code for _, code, kind in presets.usual(grid(draft), only_gaps=True).changes}
    assert "12" not in gaps
    assert "47" in gaps


def test_two_agencies_of_one_name_are_listed_not_guessed(draft, city):
    for slug in ("kominfo-a", "kominfo-b"):
        Agency.objects.create(slug=slug, name=f"Dinas {slug}", short_name="Kominfo", kind="dinas")
    usual = presets.usual(grid(draft))
    assert any(note.startswith("Diskominfo (PIC") and "lebih dari satu OPD" in note for note in usual.notes)


def test_every_name_of_the_mapping_has_aliases():
    mapping = presets.pic_mapping()
    names = {name for entry in mapping["indicators"].values() for name in (entry["pic"], *entry["support"])}
    assert names - {mapping["everyone"]} == set(mapping["agencies"])
    assert list(mapping["indicators"]) == [str(code) for code in range(1, 48)]


def test_a_copy_follows_successors_and_lists_what_has_none(final, period, draft, city):
    heir = Agency.objects.create(
        slug="dinsoskes", name="Dinas Sosial dan Kesehatan", short_name="Dinsoskes", kind="dinas"
    )
    Assignment.objects.filter(period=period, agency=city.dinsos, indicator__code="1").update(kind="pic")
    Assignment.objects.filter(period=period, agency=city.dinsos).exclude(indicator__code__in=["1", "2"]).delete()
    Assignment.objects.filter(period=period, agency=city.dinkes, indicator__code="9").delete()
    yesterday = timezone.localdate() - timedelta(days=1)
    Agency.objects.filter(pk=city.dinsos.pk).update(valid_until=yesterday, successor=heir)
    Agency.objects.filter(pk=city.diskominfo.pk).update(valid_until=yesterday)
    copy = presets.copied(grid(draft), period)
    wanted = {(agency, code): kind for agency, code, kind in copy.changes}
    assert wanted[heir.pk, "1"] == "pic"
    assert wanted[heir.pk, "2"] == "support"
    assert wanted[city.dinkes.pk, "9"] is None
    assert not any(agency in (city.dinsos.pk, city.diskominfo.pk) for agency, _ in wanted)
    assert copy.notes == (
        "Dinas Sosial sudah berakhir: penugasannya diteruskan kepada Dinas Sosial dan Kesehatan.",
        "Dinas Komunikasi dan Informatika sudah berakhir tanpa penerus: 47 penugasannya tidak disalin.",
        "Tidak ikut pada periode asal, jadi dibiarkan seperti sekarang: Dinas Komunikasi dan Informatika.",
    )
    assign(draft, city, *plan_assignments(draft, copy.changes).changes)
    assert kinds(draft, heir) == {"1": "pic", "2": "support"}
    assert len(kinds(draft, city.dinkes)) == 46


# --- Reading --------------------------------------------------------------------------------------------


def test_the_grid_shows_gaps(draft, city):
    assign(draft, city, (city.dinkes.pk, "1", "pic"), (city.diskominfo.pk, "1", "pic"), (city.dinkes.pk, "2", "pic"))
    shown = grid(draft)
    assert [column.code for column in shown.several_pics] == ["1"]
    assert shown.without_pic_text == "3–47"
    assert indicators_without_pic(draft) == 45
    assert shown.without_indicator == [city.dinsos]
    assert [number for _, number in shown.groups] == [10, 10, 11, 16]


def test_assigning_takes_as_many_queries_for_many_agencies_as_for_few_in_preparation(draft, city):
    def queries(agencies):
        with CaptureQueriesContext(connection) as found:
            assign(draft, city, *((agency.pk, "1", "pic") for agency in agencies))
        return len(found)

    few = queries([city.dinsos])
    more = [
        Agency.objects.create(slug=f"kec-{n}", name=f"Kecamatan {n}", short_name=f"Kec. {n}", kind="kecamatan")
        for n in range(40)
    ]
    assert queries(more) == few


def test_handed_in_after_its_indicators_changed(assessment, period, city):
    """The loop goes on with what is assigned."""
    assign(period, city, *((city.dinkes.pk, str(code), None) for code in range(11, 48)))
    hand_in(assessment, city.operator)
    assessment.refresh_from_db()
    assert (assessment.status, assessment.assigned_count, assessment.answered_count) == ("submitted", 10, 10)
    assert assessment.self_index == 3


def test_a_day_before_it_exists_an_agency_takes_no_part(draft, city):
    Agency.objects.filter(pk=city.dinsos.pk).update(valid_from=date(2999, 1, 1))
    with pytest.raises(NotReady):
        assign(draft, city, (city.dinsos.pk, "1", "pic"))
    assert city.dinsos not in [row.agency for row in grid(draft).rows]


def test_work_done_meanwhile_stops_a_planned_removal(assessment, period, city):
    plan = plan_assignments(period, [(city.dinkes.pk, "1", None)])
    fill(assessment, city.operator)
    with pytest.raises(NotReady):
        assign(period, city, *plan.changes)
