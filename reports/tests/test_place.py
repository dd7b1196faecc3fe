"""An agency's own place: its own figures by name, all others as numbers only."""

from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, Membership, Role
from assessments import levels as texts
from assessments.models import Assessment, Determination, Period, Result
from assessments.specs import spec_of
from indicators.scoring import score
from reports.benchmark import World
from reports.queries import place as queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(instrument):
    """Seven agencies, the operator at the first."""
    return World(7)


@pytest.fixture
def last(world):
    """The newest final period."""
    return Period.objects.get(year=world.running.year - 1)


def page(client, world, query=""):
    client.force_login(world.people[Role.OPERATOR])
    return client.get(reverse("own_place") + query)


def own_of(world, period):
    return Assessment.objects.select_related("period__instrument", "agency").get(
        period=period, agency=world.agencies[0]
    )


def test_no_other_agency_is_named_or_linked(world, last, client):
    html = page(client, world).content.decode()
    others = Assessment.objects.exclude(agency=world.agencies[0])
    assert others.filter(period=last, status="final").count() == 6  # there is something to leak
    assert world.agencies[0].name in html
    leaked = [a.name for a in world.agencies[1:] if a.name in html or a.short_name in html or a.slug in html]
    assert leaked == []
    assert [a.pk for a in others if f"/penilaian/{a.pk}/" in html] == []


def test_own_figures_are_those_of_the_result(world, last, client):
    own = own_of(world, last)
    shown = page(client, world).context["shown"]
    spec = spec_of(last.instrument)
    expected = score(spec, {code: int(level) for code, level in texts.unpack(own.verified_levels).items()})
    assert (shown.index, shown.predicate) == (expected.index, expected.predicate)
    assert {part.code: part.own for part in shown.parts if part.is_domain} == expected.domains
    assert {part.code: part.own for part in shown.parts if not part.is_domain} == expected.aspects
    fixed = dict(Determination.objects.filter(period=last).values_list("indicator__code", "level"))
    assert {row.column.code: row.government for row in shown.indicators} == fixed
    assert shown.government_index == score(spec, fixed).index


def test_the_distribution_counts_each_other_agency_once(world, last, client):
    shown = page(client, world).context["shown"]
    others = Assessment.objects.filter(period=last).exclude(agency=world.agencies[0])
    indices = [other.verified_index for other in others]
    for each in shown.bins:
        top = each.high == 5
        inside = [i for i in indices if each.low <= i and (i < each.high or (top and i == each.high))]
        assert (each.low, each.others) == (each.low, len(inside))
    assert sum(each.others for each in shown.bins) == 6
    assert [each.is_own for each in shown.bins].count(True) == 1
    own = next(each for each in shown.bins if each.is_own)
    assert own.low <= shown.index < own.high
    row = next(row for row in shown.indicators if row.column.code == "12")
    found = [texts.unpack(other.verified_levels)["12"] for other in others]
    assert dict(row.counts) == {level: found.count(str(level)) for level in range(1, 6)}


def test_indices_are_compared_only_with_the_same_assignments(world, last, client):
    others = list(Assessment.objects.filter(period=last).exclude(agency=world.agencies[0]))
    for other in others[:4]:
        other.verified_levels = other.verified_levels.replace("1=", "x=", 1).split(" ", 1)[1]  # without indicator 1
        other.save()
    shown = page(client, world).context["shown"]
    assert (shown.others, shown.same, shown.bins) == (6, 2, None)
    html = page(client, world).content.decode()
    assert "kurang dari 3, jadi sebarannya tidak ditampilkan" in html
    by_code = {row.column.code: row for row in shown.indicators}
    assert (by_code["1"].others, by_code["1"].counts) == (2, None)
    assert by_code["2"].others == 6


def test_what_was_accepted_as_not_relevant_is_left_out_and_said(world, last, client):
    own = own_of(world, last)
    levels = texts.unpack(own.verified_levels) | {"2": "x"}
    spec = spec_of(last.instrument)
    rest = score(spec, {code: None if level == "x" else int(level) for code, level in levels.items()})
    Assessment.objects.filter(pk=own.pk).update(
        verified_levels=texts.pack(levels.items()), verified_exact=f"{rest.index.numerator}/{rest.index.denominator}"
    )
    shown = page(client, world).context["shown"]
    assert shown.index == rest.index
    assert {part.code: part.own for part in shown.parts if not part.is_domain} == rest.aspects
    row = next(row for row in shown.indicators if row.column.code == "2")
    assert (row.level, row.not_relevant) == (None, True)


def test_it_appears_from_final_on(period, submitted, city, login):
    assert "Belum ada hasil final" in login(city.operator).get(reverse("own_place")).content.decode()
    assert login(city.operator).get(f"{reverse('own_place')}?periode={period.pk}").status_code == 404


def test_a_final_result_shows_and_one_that_froze_unfinished_says_so(final, city, login):
    shown = login(city.operator).get(reverse("own_place")).context["shown"]
    assert (shown.index, shown.others, shown.government_index) == (Fraction(3), 0, None)
    html = login(city.other_operator).get(reverse("own_place")).content.decode()
    assert "dibekukan sebagai tidak selesai" in html


@pytest.mark.parametrize("query", ["?opd={other}", "?periode={running}", "?periode=x", "?opd=999999"])
def test_others_and_what_is_not_final_are_not_found(world, client, query):
    wanted = query.format(other=world.agencies[1].pk, running=world.running.pk)
    assert page(client, world, wanted).status_code == 404


def test_the_operator_of_several_agencies_chooses(world, last, client):
    operator = world.people[Role.OPERATOR]
    Membership.objects.create(user=operator, agency=world.agencies[3], role="operator", valid_from="2020-01-01")
    assert page(client, world).context["assessment"].agency == world.agencies[0]
    response = page(client, world, f"?periode={last.pk}&opd={world.agencies[3].pk}")
    assert response.context["assessment"].agency == world.agencies[3]
    assert [agency.pk for agency in response.context["agencies"]] == [world.agencies[0].pk, world.agencies[3].pk]


def test_the_number_of_queries_does_not_grow_with_the_agencies(world, last, client):
    def number():
        page(client, world)
        with CaptureQueriesContext(connection) as captured:
            page(client, world)
        return len(captured)

    before = number()
    model = Assessment.objects.get(period=last, agency=world.agencies[1])
    for position in range(12):
        agency = Agency.objects.create(slug=f"uji-{position}", name=f"Uji {position}", short_name="U", kind="dinas")
        model.pk, model.agency, model._state.adding = None, agency, True
        model.save()
    assert page(client, world).context["shown"].others == 18
    assert number() == before


def test_a_fractional_level_counts_at_the_level_it_reaches(world, last):
    own = own_of(world, last)
    Assessment.objects.filter(period=last).exclude(pk=own.pk).update(verified_levels="1=2.75 2=x")
    own.period.instrument.is_fractional = True
    rows = {row.column.code: row for row in queries.place(own).indicators}
    assert dict(rows["1"].counts) == {1: 0, 2: 6, 3: 0, 4: 0, 5: 0}
    assert (dict(rows["2"].counts), rows["2"].others_not_relevant) == ({1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, 6)


def test_the_results_of_the_made_up_government_are_in_force(world, last):
    """What the other tests stand on."""
    assert Result.objects.filter(assessment__period=last, superseded_at=None, is_complete=True).count() == 7
