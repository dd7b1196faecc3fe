"""Follow-ups: their moves, where they come from, what their owner reports, and who may do what."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import rights_of
from assessments import permissions, workflow
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Assessment, Assignment, DocumentVersion, FollowUp, Period, Plan, PlanRise
from assessments.queries import followup_sources as sources
from assessments.queries import followups as queries
from assessments.services import followups as services
from assessments.services import reviews as review_services
from assessments.services.followups import Carried, Wanted
from assessments.tests.files import pdf
from assessments.workflow.followups import (
    CLOSING,
    FOLLOW_UP_MOVES,
    close_follow_up,
    follow_up_actions,
    report_follow_up,
)
from audit.models import Event
from conftest import accept_all, make_person

pytestmark = pytest.mark.django_db

Status = FollowUp.Status


def in_days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


def made(period, city, **fields) -> FollowUp:
    """Dinkes's follow-up on indicator 12, due in ten days."""
    given = {
        "agency_id": city.dinkes.pk,
        "indicator_id": period.instrument.indicators.get(code="12").pk,
        "text": "Tetapkan SOP pengelolaan data.",
        "due_on": in_days(10),
        "aim": 4,
    }
    return services.create_follow_up(user=city.coordinator, period_id=period.pk, **given | fields)


def a_file(name: str = "sk-tim.pdf", pages: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf(pages), content_type="application/pdf")


def reported(follow_up: FollowUp, user, **fields) -> FollowUp:
    given = {"progress": 100, "report": "SOP ditetapkan 3 November."}
    return report_follow_up(
        follow_up_id=follow_up.pk, user=user, version=follow_up.version, carried=Carried(**given | fields)
    )


def closed(follow_up: FollowUp, user, name: str, note: str = "Sesuai.") -> FollowUp:
    follow_up.refresh_from_db()
    return close_follow_up(follow_up_id=follow_up.pk, user=user, name=name, note=note, version=follow_up.version)


def in_state(period, city, status: str) -> FollowUp:
    """One that came to `status` by its moves."""
    follow_up = made(period, city)
    if status in (Status.REPORTED, Status.DONE):
        reported(follow_up, city.operator)
    if status == Status.DONE:
        closed(follow_up, city.coordinator, "confirm")
    if status == Status.DROPPED:
        closed(follow_up, city.coordinator, "drop")
    follow_up.refresh_from_db()
    assert follow_up.status == status
    return follow_up


@pytest.fixture
def everyone(city) -> SimpleNamespace:
    both = make_person("rangkap", (Role.OPERATOR, city.dinkes), (Role.COORDINATOR, city.diskominfo))
    member = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    return SimpleNamespace(**vars(city), both=both, member_verifier=member)


# --- The matrix ------------------------------------------------------------------------------------

WHO = (
    "operator",
    "other_operator",
    "verifier",
    "member_verifier",
    "coordinator",
    "both",
    "leader",
    "admin",
    "outsider",
)
#: What each person may do in each state. Who is not named may do nothing in any.
ALLOWED = {
    "operator": {Status.OPEN: {"carry", "report"}},
    "coordinator": {
        Status.OPEN: {"edit", "drop"},
        Status.REPORTED: {"confirm", "return", "drop"},
        Status.DONE: {"reopen"},
        Status.DROPPED: {"reopen"},
    },
    "both": {
        Status.OPEN: {"carry", "report", "edit", "drop"},
        Status.REPORTED: {"confirm", "return", "drop"},
        Status.DONE: {"reopen"},
        Status.DROPPED: {"reopen"},
    },
}
ACTS = {
    "carry": lambda it, user: services.carry_out(
        follow_up_id=it.pk, user=user, version=it.version, carried=Carried(55, "Sedang disusun.")
    ),
    "report": reported,
    "edit": lambda it, user: services.edit_follow_up(
        follow_up_id=it.pk, user=user, details={"text": "Lain."}, version=it.version
    ),
    **{name: lambda it, user, name=name: closed(it, user, name) for name in CLOSING},
}


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("who", WHO)
def test_who_may_do_what_in_which_state(period, everyone, who, status):
    follow_up = in_state(period, everyone, status)
    user = getattr(everyone, who)
    events = Event.objects.count()
    expected = ALLOWED.get(who, {}).get(status, set())
    for name, act in ACTS.items():
        if name in expected:
            continue
        with pytest.raises((PermissionDenied, WrongState)):
            act(follow_up, user)
    follow_up.refresh_from_db()
    assert (follow_up.status, Event.objects.count()) == (status, events)
    moves = [name for name in ACTS if name in expected and name not in ("carry", "edit")]
    assert sorted(follow_up_actions(rights_of(user), follow_up)) == sorted(moves)


def test_the_matrix_names_every_move():
    assert {move.name for move in FOLLOW_UP_MOVES} | {"carry", "edit"} == set(ACTS)


@pytest.mark.parametrize("move", [move for move in FOLLOW_UP_MOVES if move.name != "report"], ids=lambda m: m.name)
def test_a_coordinators_move_leads_where_the_table_says_and_writes_one_event(period, city, move):
    for source in move.sources:
        follow_up = in_state(period, city, source)
        events = Event.objects.count()
        moved = closed(follow_up, city.coordinator, move.name)
        follow_up.refresh_from_db()
        assert (moved.status, follow_up.status) == (move.target, move.target)
        assert (follow_up.closed_at is not None) == (move.target in (Status.DONE, Status.DROPPED))
        event = Event.objects.last()
        assert (Event.objects.count() - events, event.action, event.reason) == (
            1,
            f"followup.{move.name}",
            "Sesuai.",
        )
        assert (event.before["status"], event.after["status"]) == (source, move.target)
        FollowUp.objects.filter(pk=follow_up.pk).delete()


@pytest.mark.parametrize("move", FOLLOW_UP_MOVES, ids=lambda move: move.name)
def test_a_move_that_must_say_why_does(period, city, move):
    if not move.asks_note:
        return
    follow_up = in_state(period, city, move.sources[0])
    with pytest.raises(Invalid) as refused:
        closed(follow_up, city.coordinator, move.name, note="  ")
    assert list(refused.value.errors) == ["note"]
    follow_up.refresh_from_db()
    assert follow_up.status == move.sources[0]


def test_nobody_confirms_what_they_reported_themselves(period, everyone):
    follow_up = reported(made(period, everyone), everyone.both)
    with pytest.raises(WrongState):
        closed(follow_up, everyone.both, "confirm")
    assert "confirm" not in follow_up_actions(rights_of(everyone.both), follow_up)
    assert closed(follow_up, everyone.coordinator, "confirm").status == Status.DONE


def test_a_coordinator_decides_only_on_what_they_saw(period, city):
    follow_up = reported(made(period, city), city.operator)
    with pytest.raises(Stale):
        close_follow_up(
            follow_up_id=follow_up.pk, user=city.coordinator, name="confirm", version=follow_up.version - 1
        )
    follow_up.refresh_from_db()
    assert follow_up.status == Status.REPORTED


# --- Making ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"text": "  "}, "text"),
        ({"due_on": in_days(-1)}, "due_on"),
        ({"due_on": date(2101, 1, 1)}, "due_on"),
        ({"aim": 6}, "aim"),
        ({"agency_id": 0}, "agency_id"),
        ({"indicator_id": 0}, "indicator_id"),
        ({"indicator_id": None}, "aim"),
    ],
)
def test_what_makes_no_sense_is_not_made(period, city, wrong, key):
    with pytest.raises(Invalid) as refused:
        made(period, city, **wrong)
    assert (list(refused.value.errors), FollowUp.objects.count()) == ([key], 0)


def test_only_a_period_that_was_opened_has_follow_ups(period, city):
    workflow.cancel_period(period_id=period.pk, user=city.coordinator, reason="Salah instrumen.")
    with pytest.raises(WrongState):
        made(period, city)


@pytest.fixture
def noted(submitted, period, city) -> Assessment:
    """Dinkes approved: indicator 3 adjusted to 2 and 4 to 1, each with a note."""
    for code, level in (("3", 2), ("4", 1)):
        review_services.decide(
            assessment_id=submitted.pk,
            code=code,
            user=city.verifier,
            decision="adjust",
            verified_level=level,
            note=f"Bukti indikator {code} belum cukup.",
        )
    submitted.refresh_from_db()
    return submitted


def approve(assessment, city) -> None:
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)


def test_only_published_notes_are_offered(noted, period, city):
    assert sources.notes_page(period, None)[1] == []
    approve(noted, city)
    offered = sources.notes_page(period, None)[1]
    assert [(note.code, note.agency, note.aim, note.taken) for note in offered] == [
        ("3", "Dinas Kesehatan", 3, None),
        ("4", "Dinas Kesehatan", 3, None),
    ]
    assert sources.notes_page(period, city.dinsos.pk)[1] == []


def test_returns_are_offered_too(returned, period):
    assert [(note.code, note.text) for note in sources.notes_page(period, None)[1]] == [
        ("1", "Belum ditandatangani."),
        ("2", "Belum ditandatangani."),
    ]


def test_notes_become_follow_ups_once(noted, period, city):
    approve(noted, city)
    reviews = [note.review.pk for note in sources.notes_page(period, None)[1]]
    events = Event.objects.count()
    wanted = {reviews[0]: Wanted("Lengkapi buktinya.", in_days(5))}
    first = services.create_from_reviews(user=city.coordinator, period_id=period.pk, wanted=wanted)
    both = {pk: Wanted(f"Rekomendasi {pk}", in_days(7)) for pk in reviews}
    second = services.create_from_reviews(user=city.coordinator, period_id=period.pk, wanted=both)
    assert (first, second) == (services.Made(1, 0), services.Made(1, 1))
    one, other = FollowUp.objects.order_by("pk")
    assert (one.text, one.due_on, one.agency, one.indicator.code) == (
        "Lengkapi buktinya.",
        in_days(5),
        city.dinkes,
        "3",
    )
    assert (one.source, one.aim, other.review_id) == ("review", 3, reviews[1])
    assert [event.action for event in Event.objects.order_by("pk")[events:]] == ["followup.create"] * 2
    assert [note.taken for note in sources.notes_page(period, None)[1]] == [one.pk, other.pk]


def test_one_bad_line_makes_none(noted, period, city):
    approve(noted, city)
    first, second = (note.review.pk for note in sources.notes_page(period, None)[1])
    wanted = {first: Wanted("Baik.", in_days(5)), second: Wanted("Terlambat.", in_days(-1))}
    with pytest.raises(Invalid):
        services.create_from_reviews(user=city.coordinator, period_id=period.pk, wanted=wanted)
    assert FollowUp.objects.count() == 0


def test_another_periods_decision_is_not_taken_over(noted, period, city):
    approve(noted, city)
    accepted = noted.answers.get(indicator__code="5").reviews.get()
    with pytest.raises(WrongState):
        services.create_from_reviews(
            user=city.coordinator, period_id=period.pk, wanted={accepted.pk: Wanted("Salah.", in_days(5))}
        )


def a_plan(period, city, *codes: str) -> Plan:
    Plan.objects.filter(period=period, replaced_at=None).update(replaced_at=timezone.now())
    plan = Plan.objects.create(
        period=period,
        name="Peta jalan",
        target="3.6",
        start="Hasil 2025",
        start_exact="3",
        index_exact="18/5",
        predicate="Sangat Baik",
        effort=7,
        created_by=city.coordinator,
        created_at=timezone.now(),
    )
    for code in codes:
        indicator = period.instrument.indicators.get(code=code)
        PlanRise.objects.create(plan=plan, indicator=indicator, from_level=2, to_level=4, effort=7)
    return plan


def be_pic(period, agency, *codes: str) -> None:
    Assignment.objects.filter(period=period, agency=agency, indicator__code__in=codes).update(kind="pic")


def test_a_rise_of_the_plan_is_work_for_each_of_its_pics(period, city):
    a_plan(period, city, "1", "12", "13")
    be_pic(period, city.diskominfo, "1", "12")
    be_pic(period, city.dinkes, "12")
    found = sources.plan_steps(period)
    assert [(step.rise.indicator.code, step.agency.short_name) for step in found.steps] == [
        ("1", "Diskominfo"),
        ("12", "Dinkes"),
        ("12", "Diskominfo"),
    ]
    assert [rise.indicator.code for rise in found.without_pic] == ["13"]
    lines = found.steps[0].text.splitlines()
    criteria = period.instrument.indicators.get(code="1").criteria
    assert lines[0].endswith("dari level 2 ke level 4.")
    assert lines[1:] == [f"Kriteria level {n}: {criteria.get(level=n).text}" for n in (3, 4)]


def test_the_plan_becomes_follow_ups_once_and_a_new_plan_does_not_double_them(period, city):
    a_plan(period, city, "1", "12")
    be_pic(period, city.diskominfo, "1", "12")

    def take() -> services.Made:
        steps = sources.plan_steps(period).steps
        wanted = {(step.rise.pk, step.agency.pk): Wanted(step.text, in_days(30)) for step in steps}
        return services.create_from_plan(user=city.coordinator, period_id=period.pk, wanted=wanted)

    assert (take(), take()) == (services.Made(2, 0), services.Made(0, 2))
    assert {(row.source, row.aim) for row in FollowUp.objects.all()} == {("plan", 4)}
    a_plan(period, city, "1", "12", "13")
    be_pic(period, city.diskominfo, "13")
    assert take() == services.Made(1, 2)
    done = FollowUp.objects.get(indicator__code="1")
    closed(done, city.coordinator, "drop")
    a_plan(period, city, "1")
    assert take() == services.Made(1, 0)


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "admin", "outsider"])
def test_only_a_coordinator_makes_them(period, city, who):
    user = getattr(city, who)
    for act in (
        lambda: services.create_follow_up(
            user=user, period_id=period.pk, agency_id=city.dinkes.pk, text="x", due_on=in_days(1)
        ),
        lambda: services.create_from_reviews(user=user, period_id=period.pk, wanted={}),
        lambda: services.create_from_plan(user=user, period_id=period.pk, wanted={}),
    ):
        with pytest.raises(PermissionDenied):
            act()


# --- Changing and carrying out ---------------------------------------------------------------------


def test_a_change_over_an_older_version_is_refused_and_the_same_change_twice_is_not(period, city):
    follow_up = made(period, city)
    change = {"text": "Tetapkan dua SOP.", "due_on": in_days(20)}
    for _ in range(2):
        services.edit_follow_up(follow_up_id=follow_up.pk, user=city.coordinator, details=change, version=1)
    with pytest.raises(Stale) as refused:
        services.edit_follow_up(follow_up_id=follow_up.pk, user=city.coordinator, details={"text": "Tiga."}, version=1)
    assert (refused.value.current.text, refused.value.current.version) == ("Tetapkan dua SOP.", 2)
    assert Event.objects.filter(action="followup.edit").count() == 1


def test_a_due_date_in_the_past_may_stay_but_not_be_chosen(period, city):
    follow_up = made(period, city)
    FollowUp.objects.filter(pk=follow_up.pk).update(due_on=in_days(-3))
    edit = {"follow_up_id": follow_up.pk, "user": city.coordinator}
    services.edit_follow_up(**edit, details={"text": "Tetap."}, version=1)
    with pytest.raises(Invalid):
        services.edit_follow_up(**edit, details={"due_on": in_days(-2)}, version=2)


def test_another_owner_begins_anew(period, city):
    follow_up = made(period, city)
    services.carry_out(
        follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(60, "Hampir.", a_file())
    )
    services.edit_follow_up(
        follow_up_id=follow_up.pk, user=city.coordinator, details={"agency_id": city.dinsos.pk}, version=2
    )
    follow_up.refresh_from_db()
    assert (follow_up.agency, follow_up.progress, follow_up.report, follow_up.proof) == (city.dinsos, 0, "", None)
    before = Event.objects.get(action="followup.edit").before
    assert (before["progress"], before["file"]) == (60, "sk-tim.pdf")


def test_proof_goes_to_the_owners_library_and_the_same_content_is_stored_once(period, city):
    first, second = made(period, city), made(period, city)
    for follow_up in (first, second):
        services.carry_out(follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(40, "", a_file()))
        follow_up.refresh_from_db()
    version = DocumentVersion.objects.get()
    assert (first.proof, second.proof, version.document.agency) == (version, version, city.dinkes)
    assert len(default_storage.listdir(f"evidence/{city.dinkes.pk}")[1]) == 1
    assert (version.original_name, version.uploaded_by) == ("sk-tim.pdf", city.operator)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("catatan.exe", b"MZ", "tidak termasuk"),
        ("palsu.pdf", b"bukan pdf sama sekali", "bukan PDF"),
        ("a.pdf", b"", ""),
    ],
)
def test_a_file_that_evidence_refuses_is_no_proof_either_and_nothing_is_saved(period, city, name, content, text):
    follow_up = made(period, city)
    file = SimpleUploadedFile(name, content)
    with pytest.raises(Invalid) as refused:
        services.carry_out(follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(10, "Ya.", file))
    follow_up.refresh_from_db()
    assert list(refused.value.errors) == ["file"]
    assert text in refused.value.message
    assert (follow_up.report, follow_up.version, DocumentVersion.objects.count()) == ("", 1, 0)


def test_a_refused_save_leaves_no_file_behind(period, city):
    follow_up = made(period, city)
    services.carry_out(follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(10, "Ya."))
    with pytest.raises(Stale):
        services.carry_out(
            follow_up_id=follow_up.pk, user=city.operator2, version=1, carried=Carried(20, "Lain.", a_file())
        )
    assert DocumentVersion.objects.count() == 0
    assert default_storage.listdir(f"evidence/{city.dinkes.pk}")[1] == []


def test_reporting_needs_words_and_keeps_what_was_typed_in_one_step(period, city):
    follow_up = made(period, city)
    with pytest.raises(Invalid) as refused:
        reported(follow_up, city.operator, report="  ")
    assert list(refused.value.errors) == ["report"]
    reported(follow_up, city.operator, file=a_file())
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.reported_by, follow_up.version) == (Status.REPORTED, city.operator, 2)
    event = Event.objects.get(action="followup.report")
    assert (event.after["status"], event.after["file"]) == ("reported", "sk-tim.pdf")
    assert Event.objects.filter(stream=f"followup:{follow_up.pk}").count() == 2


def test_saving_the_same_again_writes_nothing(period, city):
    follow_up = made(period, city)
    for _ in range(2):
        services.carry_out(follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(50, "Ya."))
    assert Event.objects.filter(action="followup.progress").count() == 1


def test_proof_can_be_taken_away(period, city):
    follow_up = made(period, city)
    services.carry_out(follow_up_id=follow_up.pk, user=city.operator, version=1, carried=Carried(50, "Ya.", a_file()))
    services.carry_out(
        follow_up_id=follow_up.pk, user=city.operator, version=2, carried=Carried(50, "Ya.", drops_proof=True)
    )
    follow_up.refresh_from_db()
    assert (follow_up.proof, DocumentVersion.objects.count()) == (None, 1)


# --- Reads -----------------------------------------------------------------------------------------


def test_who_sees_a_follow_up_and_its_proof(period, everyone):
    follow_up = in_state(period, everyone, Status.REPORTED)
    seen, proof = {}, {}
    for status in (Status.REPORTED, Status.DONE):
        if status == Status.DONE:
            follow_up = closed(follow_up, everyone.coordinator, "confirm")
        for who in WHO:
            rights = rights_of(getattr(everyone, who))
            visible = queries.visible(rights).filter(pk=follow_up.pk).exists()
            assert visible == permissions.can_see_follow_up(rights, follow_up), who
            seen[who] = visible
            proof.setdefault(who, []).append(permissions.can_see_proof(rights, follow_up))
    assert [who for who in WHO if not seen[who]] == ["other_operator", "admin", "outsider"]
    assert [who for who in WHO if proof[who] == [True, True]] == [
        "operator",
        "verifier",
        "member_verifier",
        "coordinator",
        "both",
    ]
    assert [who for who in WHO if proof[who] == [False, True]] == ["leader"]


def test_those_beside_an_indicator_are_unfinished_its_own_and_not_from_later_years(period, city):
    indicator = period.instrument.indicators.get(code="12")
    mine = made(period, city)
    made(period, city, agency_id=city.dinsos.pk)
    made(period, city, indicator_id=period.instrument.indicators.get(code="13").pk)
    closed(made(period, city), city.coordinator, "drop")
    waiting = reported(made(period, city, due_on=in_days(2)), city.operator)
    assert [row.pk for row in queries.beside(city.dinkes.pk, indicator, period)] == [waiting.pk, mine.pk]
    earlier = SimpleNamespace(year=period.year - 1)
    assert queries.beside(city.dinkes.pk, indicator, earlier) == []
    later = SimpleNamespace(year=period.year + 1)
    assert len(queries.beside(city.dinkes.pk, indicator, later)) == 2


@pytest.mark.parametrize(
    ("days", "text", "late", "soon"),
    [
        (-2, "lewat 2 hari", True, False),
        (0, "hari ini", False, True),
        (7, "7 hari lagi", False, True),
        (8, "8 hari lagi", False, False),
    ],
)
def test_a_row_says_how_long_there_is(period, city, days, text, late, soon):
    follow_up = made(period, city)
    FollowUp.objects.filter(pk=follow_up.pk).update(due_on=in_days(days))
    follow_up = FollowUp.objects.select_related("agency", "indicator", "period").get()
    row = queries.row_of(follow_up, timezone.localdate())
    assert (row.due_text, row.is_late, row.is_soon) == (text, late, soon)
    standing = queries.standing_of(FollowUp.objects.all())
    assert (standing.late, standing.soon, standing.open) == (int(late), int(soon), 1)


def test_what_was_reported_in_time_is_not_late_while_it_waits(period, city):
    follow_up = reported(made(period, city), city.operator)
    FollowUp.objects.filter(pk=follow_up.pk).update(due_on=in_days(-5))
    row = queries.row_of(queries.concerning(period).get(), timezone.localdate())
    assert (row.is_late, row.badge[0], row.agency, row.code, row.aim) == (
        False,
        "Menunggu pemeriksaan",
        "Dinas Kesehatan",
        "12",
        4,
    )


def test_a_report_is_concerned_with_this_periods_and_with_what_earlier_ones_left_open(period, city):
    left = made(period, city)
    dropped = closed(made(period, city, text="Dihentikan."), city.coordinator, "drop")
    following = Period.objects.create(
        name="Penilaian berikutnya",
        year=period.year + 1,
        instrument=period.instrument,
        starts_on=period.starts_on,
        deadline=period.deadline,
    )
    assert set(queries.concerning(period)) == {left, dropped}
    assert list(queries.concerning(following)) == [left]
