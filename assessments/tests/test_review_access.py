"""Who gets what from each address of the review: role x state x page."""

import pytest
from django.urls import reverse

from accounts.models import Role
from assessments import workflow
from assessments.models import Assessment, Contributor
from conftest import hand_in, make_person

PAGES = ["review_overview", "review", "return", "approve"]
LOCKED = 302  # to a page that says why

# Dinkes's assessment. None: the page itself.
EXPECTED = {
    "draft": {
        "operator": 403, "other_operator": 404, "verifier": 404, "verifier2": 404, "coordinator": LOCKED,
        "leader": 404, "admin": 404, "outsider": 404,
    },
    "submitted": {
        "operator": 403, "other_operator": 404, "verifier": 200, "verifier2": 200, "coordinator": 200,
        "leader": 403, "admin": 404, "outsider": 404,
    },
    "returned": {
        "operator": 403, "other_operator": 404, "verifier": None, "verifier2": None, "coordinator": None,
        "leader": 403, "admin": 404, "outsider": 404,
    },
    "approved": {
        "operator": 403, "other_operator": 404, "verifier": None, "verifier2": None, "coordinator": None,
        "leader": 403, "admin": 404, "outsider": 404,
    },
    "final": {
        "operator": 403, "other_operator": 404, "verifier": None, "verifier2": None, "coordinator": None,
        "leader": 403, "admin": 404, "outsider": 404,
    },
}  # fmt: skip
READABLE = {"review_overview": 200, "review": 200, "return": LOCKED, "approve": LOCKED}


def address(page: str, assessment: Assessment) -> str:
    return reverse(page, args=[assessment.pk, "1"] if page == "review" else [assessment.pk])


@pytest.mark.parametrize("state", list(EXPECTED))
def test_each_role_gets_its_answer_in_each_state(state, request, city, client):
    assessment = request.getfixturevalue("assessment" if state == "draft" else state)
    for who, expected in EXPECTED[state].items():
        client.force_login(getattr(city, who))
        for page in PAGES:
            wanted = READABLE[page] if expected is None else expected
            if expected == LOCKED and page in ("return", "approve"):
                wanted = LOCKED
            assert (who, page, client.get(address(page, assessment)).status_code) == (who, page, wanted)


@pytest.mark.parametrize("who", ["operator", "other_operator", "leader", "admin", "outsider"])
def test_posts_of_those_who_do_not_review_change_nothing(who, submitted, city, login):
    client = login(getattr(city, who))
    before = submitted.revision
    for page in ("review", "return", "approve"):
        answer = client.post(address(page, submitted), {"accept": "1", "round": 1, "revision": before})
        assert answer.status_code in (403, 404)
    submitted.refresh_from_db()
    assert (submitted.status, submitted.revision, submitted.decided_count) == ("submitted", before, 0)


def test_nobody_without_a_session_sees_anything(submitted, client):
    for page in PAGES:
        answer = client.get(address(page, submitted))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))
    assert client.get(reverse("review_queue")).status_code == 302


@pytest.mark.parametrize(
    "who, status",
    [("verifier", 200), ("coordinator", 200), ("operator", 403), ("leader", 403), ("admin", 403), ("outsider", 403)],
)
def test_the_queue_is_for_reviewers(who, status, city, login):
    assert login(getattr(city, who)).get(reverse("review_queue")).status_code == status


def test_a_verifier_does_not_review_their_own_agency(period, city, login):
    own = hand_in(
        Assessment.objects.get(period=period, agency=city.diskominfo),
        make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)),
    )
    client = login(city.verifier)
    for page in PAGES:
        answer = client.get(address(page, own))
        assert answer.status_code == 403
        assert "Anda anggota OPD ini" in answer.content.decode()
    assert client.post(address("review", own), {"accept": "1", "round": 1}).status_code == 403
    own.refresh_from_db()
    assert own.decided_count == 0


def test_a_coordinator_does_not_review_their_own_agency(period, city, login):
    own = hand_in(
        Assessment.objects.get(period=period, agency=city.diskominfo),
        make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)),
    )
    assert login(city.coordinator).get(address("review", own)).status_code == 403


def test_whoever_wrote_in_it_does_not_review_it(submitted, city, login):
    Contributor.objects.create(assessment=submitted, user=city.coordinator)
    answer = login(city.coordinator).get(address("review", submitted))
    assert answer.status_code == 403
    assert "pernah mengisi" in answer.content.decode()


def test_an_assessment_that_does_not_exist_is_not_found(city, login, period):
    client = login(city.verifier)
    for page in PAGES:
        path = reverse(page, args=[999_999, "1"] if page == "review" else [999_999])
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", ["48", "0", "abc", "1-2"])
def test_an_unknown_indicator_is_not_found(code, submitted, city, login):
    client = login(city.verifier)
    path = reverse("review", args=[submitted.pk, code])
    assert client.get(path).status_code == 404
    assert client.post(path, {"accept": "1", "round": 1}).status_code == 404


def test_moves_that_are_no_get_or_post_are_refused(submitted, city, login):
    client = login(city.verifier)
    assert client.put(address("review", submitted)).status_code == 405
    assert client.post(address("review_overview", submitted)).status_code == 405
    assert client.post(reverse("review_queue")).status_code == 405


def test_a_withdrawn_assessment_is_gone_for_verifiers(submitted, city, login):
    workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    assert login(city.verifier).get(address("review", submitted)).status_code == 404
