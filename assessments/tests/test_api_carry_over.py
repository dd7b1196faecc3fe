"""An earlier year's answers for programs: asked one by one, taken over only where somebody says so."""

import pytest
from django.urls import reverse

from assessments.models import Answer, Assessment, CarryOver, Evidence
from assessments.tests.test_api_parity import client_of
from assessments.tests.test_last_year import run
from conftest import hand_in


def at(name: str, *args) -> str:
    return reverse(f"api_{name}", args=args)


@pytest.fixture
def operator(city):
    return client_of(city.operator)


@pytest.fixture
def last(assessment, city, instrument) -> Assessment:
    """Dinkes's result of 2025: everything at level 3, accepted."""
    return run(city, instrument, 2025, 3)


def test_without_an_earlier_result_there_is_nothing_to_take_over(operator, assessment):
    assert operator.get(at("carry_over", assessment.pk)).json()["count"] == 0
    assert operator.get(at("carry_over_one", assessment.pk, "1")).status_code == 404


def test_what_is_said_to_be_valid_becomes_this_years(operator, assessment, last):
    listed = operator.get(at("carry_over", assessment.pk)).json()
    assert (listed["count"], listed["results"][0]["number"], listed["results"][0]["level"]) == (47, "1", 3)
    url = at("carry_over_one", assessment.pk, "1")
    one = operator.get(url)
    (piece,) = one.json()["evidence"]
    assert (one.json()["is_open"], piece["decision"], one.headers["ETag"]) == (True, None, '"1"')
    assert Evidence.objects.filter(answer__assessment=assessment).count() == 0
    body = {"answer": "keep", "evidence": [{"evidence": piece["evidence"], "decision": "keep"}], "version": 1}
    done = operator.put(url, body)
    assert (done.status_code, done.json()["is_open"], done.json()["decision"]) == (200, False, "keep")
    assert done.json()["evidence"][0]["is_attached"] is True
    assert Answer.objects.get(assessment=assessment, indicator__code="1").self_level == 3
    assert CarryOver.objects.filter(is_valid=True).count() == 2


def test_what_was_typed_this_year_is_replaced_only_on_demand(operator, assessment, last):
    operator.patch(at("answer", assessment.pk, "1"), {"self_level": 2, "version": 1})
    url = at("carry_over_one", assessment.pk, "1")
    stale = operator.put(url, {"answer": "keep", "version": 1})
    assert (stale.status_code, stale.json()["current"]["self_level"]) == (409, 2)
    assert list(operator.put(url, {"answer": "keep", "version": 2}).json()) == ["answer"]
    assert operator.put(url, {"answer": "replace", "version": 2}).status_code == 200
    assert Answer.objects.get(assessment=assessment, indicator__code="1").self_level == 3


def test_a_choice_says_something_of_what_is_there(operator, assessment, last, city):
    url = at("carry_over_one", assessment.pk, "1")
    assert list(operator.put(url, {"version": 1}).json()) == ["answer"]
    assert list(operator.put(url, {"answer": "ya", "version": 1}).json()) == ["answer"]
    assert list(operator.put(url, {"answer": "drop"}).json()) == ["version"]
    foreign = {"evidence": [{"evidence": 999_999, "decision": "keep"}], "version": 1}
    assert operator.put(url, foreign).status_code == 404
    assert operator.put(url, {"answer": "drop", "version": 1}).json()["decision"] == "drop"
    hand_in(assessment, city.operator)
    assert operator.put(url, {"answer": "keep", "version": 1}).status_code == 409
    assert operator.get(at("carry_over", assessment.pk)).json()["count"] == 0
