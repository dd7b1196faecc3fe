"""The roadmap's page: where it starts, what it answers, who saves the plan, and how the plan is doing."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency
from assessments import workflow
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Assessment, Assignment, Determination, ExternalLevel, Period, Plan, Status
from assessments.queries import roadmap as queries
from assessments.services import periods as period_services
from assessments.services.plans import save_plan
from audit.models import Event
from conftest import City, accept_all, hand_in
from indicators.roadmap import Limits, routes

F = Fraction


def determine_all(period: Period, user, level: int = 3, **levels: int) -> None:
    """Every level of the government at once; `levels` by code as `i12=4`. A state written in bulk, not acts."""
    Determination.objects.filter(period=period).delete()
    Determination.objects.bulk_create(
        Determination(
            period=period,
            indicator=indicator,
            level=levels.get(f"i{indicator.code}", level),
            reason="Menurut rapat.",
            determined_by=user,
            determined_at=timezone.now(),
        )
        for indicator in period.instrument.indicators.all()
    )


@pytest.fixture
def determined(period, city) -> Period:
    """All of the government's levels are 3 but 11 (1) and 12 (4); Diskominfo is PIC of 11."""
    determine_all(period, city.coordinator, i11=1, i12=4)
    Assignment.objects.filter(period=period, agency=city.diskominfo, indicator__code="11").update(kind="pic")
    return period


@pytest.fixture
def opened(client, city):
    """The page as a person sees it: `opened(period, user=..., target="4")` gives the answer of the server."""

    def open_page(period: Period, *, user=None, name: str = "roadmap", **asked):
        client.force_login(user or city.coordinator)
        if name == "roadmap":
            return client.get(reverse(name), {"periode": period.pk, **asked})
        return client.get(reverse(name, args=[period.pk]), asked)

    return open_page


def found(period: Period, target: str, start: str = queries.NOW, limits: Limits | None = None):
    base = queries.ground(period)
    return routes(base.spec, base.start(start).levels, F(target), limits)


def save(period: Period, user, *, target="3.2", choice=0, start=queries.NOW, limits: Limits | None = None, **changed):
    """`save_plan` of what is true now."""
    limits = limits or Limits()
    seen = found(period, target, start, limits)
    return save_plan(
        user=user,
        period_id=period.pk,
        start=start,
        target=Decimal(target),
        limits=limits,
        choice=choice,
        **{"mark": queries.mark_of(seen[min(choice, len(seen) - 1)]), "name": "Rencana"} | changed,
    )


# --- where it starts ---------------------------------------------------------------------------------


def test_without_any_level_all_counts_as_the_lowest(period):
    (start,) = queries.ground(period).starts
    assert (start.key, start.known, start.total, start.index) == ("sementara", 0, 47, 1)
    assert start.label == "Nilai sementara Penilaian 2026"


def test_determined_levels_come_before_suggested_ones(determined, city):
    start = queries.ground(determined).default_start
    assert (start.key, start.levels["11"], start.levels["12"], start.known) == ("sementara", 1, 4, 47)


def test_last_years_result_is_the_start_until_this_years_levels_are_all_there(instrument, city):
    def run(year: int) -> Period:
        made = period_services.create_period(
            user=city.coordinator,
            name=f"Penilaian {year}",
            year=year,
            instrument=instrument,
            starts_on=timezone.localdate(),
            deadline=timezone.now() + timedelta(days=10),
            agencies=[city.dinkes],
        )
        return workflow.open_period(period_id=made.pk, user=city.coordinator)

    last = run(2025)
    mine = Assessment.objects.get(period=last, agency=city.dinkes)
    hand_in(mine, city.operator)
    accept_all(mine, city.verifier)
    workflow.approve(assessment_id=mine.pk, user=city.verifier)
    determine_all(last, city.coordinator, 4)
    workflow.finalise_period(period_id=last.pk, user=city.coordinator)
    now = run(2026)
    base = queries.ground(now)
    assert [start.key for start in base.starts] == ["sementara", "lalu"]
    assert (base.default_start.label, base.default_start.index) == ("Hasil Pemda 2025", 4)
    determine_all(now, city.coordinator, 3)
    assert queries.ground(now).default_start.key == "sementara"


def test_the_ministrys_levels_are_a_start_once_all_are_there(determined, city):
    *most, last = determined.instrument.indicators.all()
    entered = {"period": determined, "level": 5, "entered_by": city.coordinator, "entered_at": timezone.now()}
    for indicator in most:
        ExternalLevel.objects.create(indicator=indicator, **entered)
    assert [start.key for start in queries.ground(determined).starts] == ["sementara"]
    ExternalLevel.objects.create(indicator=last, **entered)
    external = queries.ground(determined).start("eksternal")
    assert (external.known, external.missing, external.index) == (47, 0, 5)


# --- what it answers -----------------------------------------------------------------------------------


def test_the_page_shows_the_rises_with_criteria_pic_and_evidence(determined, opened):
    answer = opened(determined, target="3,02")
    assert answer.status_code == 200
    (rise,) = answer.context["rises"]
    assert (rise.code, rise.start, rise.end, rise.effort, rise.gain) == ("11", 1, 3, 5, F("0.05"))
    assert [pic.short_name for pic in rise.pics] == ["Diskominfo"]
    assert [(step.level, step.name != "", step.text != "", step.hints != ()) for step in rise.steps] == [
        (2, True, True, True),
        (3, True, True, True),
    ]
    html = answer.content.decode()
    assert rise.steps[1].text in html
    assert rise.steps[1].hints[0] in html


def test_the_answer_is_the_solvers(determined, opened):
    answer = opened(determined, target="3,50", langkah="1", tetap=["36", "37"], upaya_4="9", u_12_5="1")
    limits = Limits(fixed=("36", "37"), max_step=1, efforts={4: 9}, indicator_efforts={"12": {5: 1}})
    assert tuple(option.route for option in answer.context["options"]) == found(determined, "3.5", limits=limits)
    assert answer.context["route"].index >= F("3.5")
    assert len(answer.context["options"]) == 3


def test_a_comma_and_a_dot_mean_the_same(determined, opened):
    comma, dot = (opened(determined, name="roadmap_compute", target=text).context["route"] for text in ("3,2", "3.20"))
    assert comma == dot


@pytest.mark.parametrize("choice, shown", [("0", 0), ("1", 1), ("2", 2), ("9", 0), ("x", 0)])
def test_the_route_looked_at_is_the_one_chosen(determined, opened, choice, shown):
    answer = opened(determined, name="roadmap_compute", target="3.2", pilihan=choice)
    assert [option.number for option in answer.context["options"] if option.is_chosen] == [shown]
    assert answer.context["route"] == found(determined, "3.2")[shown]


@pytest.mark.parametrize(
    "asked, message",
    [
        ({"target": ""}, "Target: Isi target antara 1,00 dan 5,00"),
        ({"target": "5,01"}, "Target: Isi target antara 1,00 dan 5,00"),
        ({"target": "tiga"}, "Target: Isi target antara 1,00 dan 5,00"),
        ({"target": "3,005"}, "Target: Isi target antara 1,00 dan 5,00"),
        ({"target": "3", "langkah": "0"}, "Pilih berapa level suatu indikator boleh naik."),
        ({"target": "3", "langkah": "9"}, "Pilih berapa level suatu indikator boleh naik."),
        ({"target": "3", "tetap": "99"}, "Indikator 99 tidak ada dalam instrumen ini."),
        ({"target": "3", "upaya_3": "1001"}, "Upaya ke level 3: isi bilangan bulat 0 sampai 1000."),
        ({"target": "3", "u_12_3": "-1"}, "Indikator 12, upaya ke level 3: isi bilangan bulat 0 sampai 1000."),
        ({"target": "3", "u_12_3": "1,5"}, "Indikator 12, upaya ke level 3: isi bilangan bulat 0 sampai 1000."),
    ],
)
@pytest.mark.parametrize("name", ["roadmap", "roadmap_compute"])
def test_what_cannot_be_read_is_said_and_stays_typed(determined, opened, name, asked, message):
    answer = opened(determined, name=name, **asked)
    assert answer.status_code == 200
    assert "route" not in answer.context
    html = answer.content.decode()
    assert message in html
    if name == "roadmap":
        for field, text in asked.items():
            assert f'value="{text}"' in html or field in ("langkah", "tetap")


def test_a_target_out_of_reach_is_said_with_what_can_be_reached(determined, opened):
    answer = opened(determined, target="4", langkah="1", upaya_2="3")
    html = answer.content.decode()
    assert "Target 4,00 tidak dapat dicapai dengan batas ini." in html
    assert answer.context["route"].index == F("3.975")
    assert "pakai target 3,97</a>" in html
    assert "Simpan sebagai rencana periode" not in html
    lower = opened(determined, name="roadmap_compute", target="3.97", langkah="1", upaya_2="3")
    assert lower.context["route"].reachable


def test_a_target_that_is_met_needs_nothing(determined, opened):
    html = opened(determined, target="2,5").content.decode()
    assert "Target 2,50 sudah tercapai." in html
    assert "Simpan sebagai rencana periode" not in html


def test_the_usual_target_is_the_periods_and_where_that_is_met_the_next_predikat(determined, opened, city):
    assert opened(determined).context["form"].goal == Decimal("3.60")
    determine_all(determined, city.coordinator, 4)
    assert opened(determined).context["form"].goal == Decimal("4.20")
    determine_all(determined, city.coordinator, 5)
    assert opened(determined).context["form"].goal == Decimal("5.00")


def test_no_period_is_an_empty_page_and_an_unknown_one_is_not_found(client, city):
    client.force_login(city.leader)
    assert "Belum ada periode penilaian" in client.get(reverse("roadmap")).content.decode()
    assert client.get(reverse("roadmap"), {"periode": "77"}).status_code == 404
    assert client.get(reverse("roadmap_compute", args=[77])).status_code == 404


def test_the_number_of_queries_does_not_grow(determined, city, opened):
    save(determined, city.coordinator)
    few = {}
    for name in ("roadmap", "roadmap_compute"):
        opened(determined, name=name, target="3.2")
        with CaptureQueriesContext(
            connection,
        ) as queries_few:
            opened(determined, name=name, target="3.01")
        few[name] = len(queries_few)
    agencies = [
        Agency.objects.create(slug=f"opd-{n}", name=f"OPD {n}", short_name=f"OPD {n}", kind="dinas") for n in range(12)
    ]
    Assessment.objects.bulk_create(
        Assessment(period=determined, agency=agency, status=Status.DRAFT) for agency in agencies
    )
    Assignment.objects.bulk_create(
        Assignment(period=determined, agency=agency, indicator=indicator, kind="pic")
        for agency in agencies
        for indicator in determined.instrument.indicators.all()
    )
    for name in ("roadmap", "roadmap_compute"):
        with CaptureQueriesContext(connection) as many:
            opened(determined, name=name, target="4.9")
        assert len(many) == few[name]


# --- the plan ----------------------------------------------------------------------------------------

MAY_SEE = {"verifier", "verifier2", "coordinator", "leader"}
MAY_SAVE = {"coordinator"}
EVERYONE = (
    "operator",
    "operator2",
    "other_operator",
    "verifier",
    "verifier2",
    "coordinator",
    "leader",
    "admin",
    "outsider",
)


@pytest.mark.parametrize("state", ["open", "final"])
@pytest.mark.parametrize("who", EVERYONE)
def test_who_sees_reckons_and_saves(determined, opened, client, city: City, who, state):
    if state == "final":
        determined.status = Period.Status.FINAL
        determined.finalised_at = timezone.now()
        determined.save()
    user = getattr(city, who)
    seen = 200 if who in MAY_SEE else 403
    answer = opened(determined, user=user, target="3.2")
    assert answer.status_code == seen
    assert opened(determined, user=user, name="roadmap_compute", target="3.2").status_code == seen
    offered = seen == 200 and "Simpan sebagai rencana periode" in answer.content.decode()
    assert offered == (who in MAY_SAVE and state == "open")
    sent = client.post(
        reverse("roadmap_save", args=[determined.pk]),
        {"hitungan": "awal=sementara&target=3.2", "tanda": queries.mark_of(found(determined, "3.2")[0]), "nama": "R"},
    )
    if who not in MAY_SAVE:
        assert sent.status_code == 403
        with pytest.raises(PermissionDenied):
            save(determined, user)
    elif state == "open":
        assert sent.status_code == 302
    else:
        assert "Rencana disimpan pada periode yang berjalan." in sent.content.decode()
        with pytest.raises(WrongState):
            save(determined, user)
    assert Plan.objects.exists() == (who in MAY_SAVE and state == "open")


def test_a_saved_plan_holds_what_was_seen(determined, city):
    limits = Limits(fixed=("36",), max_step=1, efforts={4: 9}, indicator_efforts={"12": {5: 1}})
    route = found(determined, "3.3", limits=limits)[1]
    plan = save(determined, city.coordinator, target="3.3", choice=1, limits=limits, name="  Menuju 3,3 ")
    assert (plan.name, plan.target, plan.effort, plan.index, plan.predicate) == (
        "Menuju 3,3",
        Decimal("3.3"),
        route.effort,
        route.index,
        route.predicate,
    )
    assert (plan.start_index, plan.start) == (route.start, "Nilai Pemda Penilaian 2026: 2,98")
    assert plan.rules == {
        "fixed": ["36"],
        "max_step": 1,
        "efforts": {"4": 9},
        "indicator_efforts": {"12": {"5": 1}},
    }
    kept = [(rise.indicator.code, rise.from_level, rise.to_level, rise.effort) for rise in plan.rises.all()]
    assert kept == [(rise.indicator, rise.start, rise.end, rise.effort) for rise in route.rises]
    event = Event.objects.get(action="plan.save")
    assert (event.actor, event.subject_id, event.after["effort"]) == (city.coordinator, str(plan.pk), route.effort)


def test_a_new_plan_replaces_the_one_in_force(determined, city):
    first = save(determined, city.coordinator, name="Pertama")
    second = save(determined, city.coordinator, target="3.4", name="Kedua")
    first.refresh_from_db()
    assert first.replaced_at == second.created_at
    assert queries.plan_in_force(determined) == second
    event = Event.objects.filter(action="plan.save").latest("pk")
    assert (event.before["name"], event.after["name"]) == ("Pertama", "Kedua")


@pytest.mark.parametrize(
    "changed, error",
    [
        ({"name": " "}, Invalid),
        ({"name": "x" * 121}, Invalid),
        ({"name": "a\x00b"}, Invalid),
        ({"target": "2.5"}, Invalid),
        ({"target": "4", "limits": Limits(max_step=1, fixed=("1", "2"))}, Invalid),
        ({"mark": "lain"}, Stale),
        ({"choice": 7}, Stale),
    ],
)
def test_what_cannot_be_a_plan_is_refused_and_nothing_written(determined, city, changed, error):
    with pytest.raises(error):
        save(determined, city.coordinator, **changed)
    assert not Plan.objects.exists()
    assert not Event.objects.filter(action="plan.save").exists()


def test_a_level_that_changed_meanwhile_is_shown_before_anything_is_saved(determined, client, city):
    client.force_login(city.coordinator)
    body = {
        "hitungan": "awal=sementara&target=3,2",
        "tanda": queries.mark_of(found(determined, "3.2")[0]),
        "nama": "Menuju 3,2",
    }
    Determination.objects.filter(period=determined, indicator__code="12").update(level=3)
    answer = client.post(reverse("roadmap_save", args=[determined.pk]), body)
    html = answer.content.decode()
    assert "sudah berubah sejak halaman ini dibuka" in html
    assert 'value="Menuju 3,2"' in html
    assert not Plan.objects.exists()
    again = client.post(reverse("roadmap_save", args=[determined.pk]), {**body, "tanda": answer.context["mark"]})
    assert again.status_code == 302
    assert Plan.objects.get().name == "Menuju 3,2"


def test_the_plan_stands_beside_what_is_so_far(determined, opened, city):
    save(determined, city.coordinator, target="3.02")
    progress = opened(determined).context["progress"]
    (row,) = progress.rows
    assert (row.code, row.start, row.end, row.now, row.kind, row.is_reached) == ("11", 1, 3, 1, "determined", False)
    assert (progress.plan.index, progress.distance, progress.reached) == (F("3.025"), F("-0.05"), 0)
    Determination.objects.filter(period=determined, indicator__code="11").update(level=4)
    progress = opened(determined).context["progress"]
    assert (progress.rows[0].now, progress.reached, progress.distance) == (4, 1, F("0.025"))
    Determination.objects.filter(period=determined, indicator__code="11").delete()
    progress = opened(determined).context["progress"]
    assert (progress.rows[0].now, progress.rows[0].kind, progress.reached) == (None, "", 0)


def test_the_page_opens_with_what_the_plan_was_reckoned_with(determined, opened, city):
    limits = Limits(fixed=("36",), max_step=1, efforts={4: 9}, indicator_efforts={"12": {5: 1}})
    save(determined, city.coordinator, target="3.3", limits=limits)
    form = opened(determined).context["form"]
    assert (form.goal, form.limits) == (Decimal("3.3"), limits)


def test_the_way_to_follow_ups_is_the_coordinators(determined, opened, city):
    save(determined, city.coordinator)
    link = f"{reverse('followup_from_plan')}?periode={determined.pk}"
    assert link in opened(determined).content.decode()
    assert link not in opened(determined, user=city.leader).content.decode()
