"""The leader's page: every figure against one reckoned here, and what it says when there is little to say."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, Role
from accounts.permissions import rights_of
from assessments import workflow
from assessments.models import Assessment, Determination, Period
from assessments.services.determination import determine, determine_suggested, set_external_level
from conftest import accept_all, hand_in
from reports.benchmark import World
from reports.queries.dashboard import dashboard, next_step

pytestmark = pytest.mark.django_db


def fix(period, city, **levels):
    """The government's levels by code as `i12=4`."""
    for code, level in levels.items():
        determine(period_id=period.pk, code=code[1:], user=city.coordinator, level=level, reason="Rapat.")


def page(login, user, query=""):
    return login(user).get(reverse("pemda") + query)


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def determined(period, city):
    """Every indicator at 3, those of the first domain (1 to 10) at 4."""
    fix(period, city, **{f"i{number}": 4 if number <= 10 else 3 for number in range(1, 48)})
    return period


def test_the_index_is_the_weighted_mean_of_the_determined_levels(determined, city, login):
    weights = {each.code: each.weight for each in determined.instrument.indicators.all()}
    levels = dict(Determination.objects.filter(period=determined).values_list("indicator__code", "level"))
    expected = sum(levels[code] * weight for code, weight in weights.items()) / 100
    shown = page(login, city.leader).context["shown"]
    assert shown.index == expected
    assert expected == Fraction(313, 100)
    assert shown.predicate == "Baik"
    assert shown.next_step.name == "Sangat Baik"
    assert shown.next_step.gap == Fraction(35, 10) - expected
    assert shown.distance == expected - Fraction(36, 10)
    domains = {part.code: part.value for part in shown.domains}
    assert domains == {"1": 4, "2": 3, "3": 3, "4": 3}
    html = text(page(login, city.leader))
    assert "0,37 lagi ke <strong>Sangat Baik</strong> (3,50)." in html
    assert "<strong>Kurang 0,47</strong> dari target 3,60" in html
    assert [(each.level, len(each.rows)) for each in shown.levels] == [(5, 0), (4, 10), (3, 37), (2, 0), (1, 0)]


def test_while_indicators_are_missing_their_number_comes_first_and_there_is_no_predikat(period, city, login):
    fix(period, city, i1=5)
    response = page(login, city.leader)
    shown, html = response.context["shown"], text(response)
    weight = period.instrument.indicators.get(code="1").weight
    assert shown.index == (5 * weight + (100 - weight)) / 100
    assert (shown.undetermined, shown.is_final, shown.change) == (46, False, None)
    assert (shown.predicate, shown.next_step, shown.distance, shown.shortfall) == ("", None, None, None)
    assert (html.count("pemda-count"), html.count("pemda-value"), html.count("pemda-predicate")) == (1, 0, 0)
    assert html.index("1 dari 47</a> <span>indikator ditetapkan") < html.index("Indeks sementara <strong>")
    assert "<strong>bukan hasil penilaian</strong>" in html
    assert "sementara: 1," not in html  # no mark on the scale
    assert "Target 3,60; dibandingkan setelah semua ditetapkan." in html


def test_a_part_is_drawn_only_when_all_of_it_is_determined(period, city, login):
    fix(period, city, **{f"i{number}": 4 for number in range(1, 11)}, i11=5)
    shown = page(login, city.leader).context["shown"]
    assert [(part.code, part.determined, part.whole) for part in shown.domains] == [
        ("1", 10, 4),
        ("2", 1, None),
        ("3", 0, None),
        ("4", 0, None),
    ]
    assert shown.domains[1].value is not None


def test_external_levels_of_some_indicators_make_no_index(determined, city, login):
    set_external_level(period_id=determined.pk, code="1", user=city.coordinator, level=5)
    html = text(page(login, city.leader))
    assert f'Baru <a href="/pemda/penetapan/?periode={determined.pk}">1 dari 47 indikator</a> diisi' in html


def test_when_all_is_determined_but_not_frozen_it_says_so_beside_the_index(determined, city, login):
    html = text(page(login, city.leader))
    assert "Indeks Pemda 2026, sementara" in html
    assert "<strong>Belum final.</strong>" in html
    assert '<span class="pemda-predicate">Baik</span>' in html


def test_nothing_determined_is_not_zero(period, city, login):
    response = page(login, city.leader)
    assert response.context["shown"].index is None
    assert "Belum satu pun dari 47 indikator ditetapkan." in text(response)
    assert "Belum ada hasil tahun sebelumnya" in text(response)


def test_with_the_suggestions_it_says_what_the_index_would_be(period, city, login):
    from assessments.models import Assignment

    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    dinkes = Assessment.objects.get(period=period, agency=city.dinkes)
    hand_in(dinkes, city.operator)
    accept_all(dinkes, city.verifier)
    workflow.approve(assessment_id=dinkes.pk, user=city.verifier)
    shown = page(login, city.leader).context["shown"]
    assert (shown.index, shown.suggested_index, shown.suggested_count) == (None, 3, 47)
    determine_suggested(period_id=period.pk, user=city.coordinator)
    shown = page(login, city.leader).context["shown"]
    assert (shown.index, shown.suggested_index) == (3, None)


def test_last_years_result_stands_beside_it_and_the_trend_grows(instrument):
    world = World(4)
    coordinator = world.people[Role.COORDINATOR]
    for row in world.indicators[len(world.indicators) * 2 // 3 :]:
        determine(period_id=world.running.pk, code=row.code, user=coordinator, level=5, reason="Rapat.")
    shown = dashboard(world.running, rights_of(world.people[Role.LEADER]))
    before = Period.objects.get(year=world.running.year - 1)
    weights = {each.pk: each.weight for each in world.indicators}

    def index(period):
        rows = Determination.objects.filter(period=period).values_list("indicator", "level")
        return sum(weights[pk] * level for pk, level in rows) / 100

    assert shown.change == index(world.running) - index(before)
    assert [point.index for point in shown.trend] == [
        index(Period.objects.get(year=world.running.year - 2)),
        index(before),
    ]
    assert shown.last_period_id == before.pk


def test_progress_counts_every_agency_once_and_leads_to_them(period, city, login):
    hand_in(Assessment.objects.get(period=period, agency=city.dinkes), city.operator)
    Assessment.objects.filter(agency=city.diskominfo).update(status="cancelled")
    response = page(login, city.leader)
    shown = response.context["shown"]
    assert [(each.status, each.count) for each in shown.statuses] == [("draft", 1), ("submitted", 1)]
    assert shown.agencies == 2
    html = response.content.decode()
    assert f"{reverse('results')}?periode={period.pk}&amp;status=submitted" in html
    # A leader's list of results has no drafts: these are in the map.
    assert f"{reverse('heat')}?periode={period.pk}&amp;status=draft" in html
    assert (
        f"{reverse('results')}?periode={period.pk}&amp;status=draft" in page(login, city.coordinator).content.decode()
    )


def test_late_agencies_are_named_after_their_own_time(period, city, login):
    now = timezone.now()
    assert dashboard(period, rights_of(city.leader), now).late == ()
    after = period.deadline + timedelta(days=2)
    Assessment.objects.filter(agency=city.dinsos).update(extended_until=after + timedelta(days=1))
    Assessment.objects.filter(agency=city.diskominfo).update(
        status="returned", submitted_at=now, round=1, mend_by=period.deadline - timedelta(days=1)
    )
    shown = dashboard(period, rights_of(city.leader), after)
    assert [late.agency for late in shown.late] == ["Dinas Komunikasi dan Informatika", "Dinas Kesehatan"]
    assert [late.is_seen for late in shown.late] == [True, False]
    assert shown.late_count == 2
    for late in shown.late:
        assessment = Assessment.objects.get(pk=late.assessment_id)
        assert late.due_at == assessment.due_at


def test_the_agencies_indices_are_a_distribution_by_predikat_and_carry_no_names(period, city, login):
    dinkes = Assessment.objects.get(period=period, agency=city.dinkes)
    hand_in(dinkes, city.operator)
    hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    accept_all(dinkes, city.verifier)
    workflow.approve(assessment_id=dinkes.pk, user=city.verifier)
    shown = page(login, city.leader).context["shown"]
    assert [(band.name, band.count) for band in shown.bands if band.count] == [("Baik", 1)]
    assert shown.verified == 1
    assert "Dinas Kesehatan" not in page(login, city.leader).content.decode()


def test_the_highest_predikat_has_no_next_one(instrument):
    from assessments.specs import spec_of

    spec = spec_of(instrument)
    assert next_step(spec, Fraction(42, 10)) is None
    assert next_step(spec, Fraction(Decimal("4.1999"))).gap == Fraction(1, 10000)
    assert next_step(spec, None) is None


def test_without_a_period_it_says_what_to_do(city, login):
    assert "Buka halaman periode" in text(page(login, city.coordinator))
    leader = text(page(login, city.leader))
    assert "Belum ada periode yang berjalan" in leader
    assert "Buka halaman periode" not in leader


def test_an_unknown_period_is_not_found(period, city, login):
    assert page(login, city.leader, "?periode=999999").status_code == 404
    Period.objects.filter(pk=period.pk).update(status="draft")
    assert page(login, city.leader, f"?periode={period.pk}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_agencies(period, city, login):
    def queries():
        page(login, city.leader)
        with CaptureQueriesContext(connection) as captured:
            page(login, city.leader)
        return len(captured)

    hand_in(Assessment.objects.get(period=period, agency=city.dinkes), city.operator)
    before = queries()
    model = Assessment.objects.get(period=period, agency=city.dinkes)
    for number in range(12):
        agency = Agency.objects.create(
            slug=f"uji-{number}", name=f"Uji {number}", short_name=f"U{number}", kind="dinas"
        )
        model.pk, model.agency, model._state.adding = None, agency, True
        model.save()
    assert queries() == before


def test_a_report_is_asked_for_from_here(determined, city, login):
    html = page(login, city.leader).content.decode()
    assert f'action="{reverse("report_request_period", args=[determined.pk])}"' in html
    assert 'name="jenis" value="pemda"' in html


def test_an_instrument_without_domains_has_its_aspects_everywhere(determined, city, login):
    """As Pemdi 20: the bars are of aspects, the map is grouped by them."""
    from assessments import specs
    from indicators.models import Aspect

    Aspect.objects.filter(instrument=determined.instrument).update(domain=None)
    determined.instrument.domains.all().delete()
    specs._kept.cache_clear()
    response = page(login, city.leader)
    assert response.context["shown"].domains == ()
    assert response.context["charts"].bars.count('<text aria-hidden="true"') >= 7
    assert "Penyelenggara SPBE" in response.context["charts"].bars
    heat = login(city.leader).get(reverse("heat"))
    assert [group.span for group in heat.context["groups"]] == [10, 4, 4, 2, 11, 10, 6]


def test_where_the_instrument_changed_last_years_result_is_shown_but_not_compared(instrument, client):
    from assessments.models import PemdaResult

    world = World(3)
    PemdaResult.objects.filter(period__year=world.running.year - 1).update(instrument_code="spbe-35")
    client.force_login(world.people[Role.LEADER])
    response = client.get(reverse("pemda"))
    shown = response.context["shown"]
    assert [point.instrument_changed for point in shown.trend] == [False, True]
    assert {part.last for part in (*shown.aspects, *shown.domains)} == {None}
    assert "instrumen lain sehingga tidak dibandingkan" in text(response)
    assert "(instrumen berubah)" in text(response)
