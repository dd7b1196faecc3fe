"""Who gets anything out of the evidence's own addresses, above all by asking wrongly."""

import pytest
from django.urls import reverse

from assessments import workflow
from assessments.models import Evidence
from conftest import accept_all, attach

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}
SECRET = "Berita acara rahasia"
EVERYBODY = (
    "operator",
    "operator2",
    "coordinator",
    "other_operator",
    "verifier",
    "verifier2",
    "leader",
    "admin",
    "outsider",
)
#: Who finds a submitted assessment without filling it in.
READERS = ("verifier", "verifier2", "leader")
WRITERS = ("operator", "operator2", "coordinator")


@pytest.fixture
def secret(assessment, city) -> Evidence:
    return attach(assessment.answers.get(indicator__code="1"), city.operator, SECRET)


def wrong_posts(assessment, evidence) -> list[tuple[str, dict]]:
    """Every address that takes a POST, with a body it cannot accept."""

    def at(name, *rest):
        return reverse(name, args=[assessment.pk, "1", *rest])

    return [
        (at("answer_save"), {}),
        (at("answer_save"), {"version": "0", "choice": "99"}),
        (at("reply"), {}),
        (at("evidence_add"), {}),
        (at("evidence_add"), {"baru-kind": "x"}),
        (at("evidence_add"), {"url": "javascript:alert(1)"}),
        (at("evidence_edit", evidence.pk), {}),
        (at("evidence_edit", evidence.pk), {f"b{evidence.pk}-title": "", f"b{evidence.pk}-kind": "x"}),
        (at("evidence_edit", 0), {}),
        (at("evidence_remove", 0), {}),
        (at("evidence_reuse"), {"evidence": "x"}),
        (at("evidence_reuse"), {"evidence": str(evidence.pk)}),
    ]


def test_a_wrong_post_tells_nobody_what_they_may_not_read(login, secret, submitted, city):
    expected = {who: {403} if who in READERS else {404} for who in EVERYBODY if who not in WRITERS}
    found = {}
    for who in expected:
        client = login(getattr(city, who))
        answers = [
            client.post(where, body, headers=headers)
            for where, body in wrong_posts(submitted, secret)
            for headers in (SCRIPT, None)
        ]
        found[who] = {answer.status_code for answer in answers}
        assert not [answer for answer in answers if SECRET in answer.content.decode()]
    assert found == expected


def test_a_wrong_post_of_a_writer_still_says_what_is_wrong(login, secret, assessment, city):
    for who in WRITERS:
        client = login(getattr(city, who))
        answer = client.post(reverse("evidence_add", args=[assessment.pk, "1"]), {"baru-kind": "x"}, headers=SCRIPT)
        assert (who, answer.status_code, SECRET in answer.json()["html"]) == (who, 400, True)


def test_a_leader_writes_nothing_even_where_he_may_read(login, secret, submitted, city):
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    client = login(city.leader)
    assert client.get(reverse("evidence_add", args=[submitted.pk, "1"]), headers=SCRIPT).status_code == 200
    found = {client.post(where, body, headers=SCRIPT).status_code for where, body in wrong_posts(submitted, secret)}
    assert found == {403}


def test_the_list_of_a_draft_or_of_one_handed_in_is_not_the_leaders(login, secret, submitted, city):
    client = login(city.leader)
    answer = client.get(reverse("evidence_add", args=[submitted.pk, "1"]), headers=SCRIPT)
    assert answer.status_code == 403
    assert SECRET not in answer.content.decode()
