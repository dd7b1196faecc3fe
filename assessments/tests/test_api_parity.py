"""The API and the pages answer alike: the table of `test_permission_matrix`, asked over HTTP with tokens.

Every act of that table has an address here. What comes back is a status: not visible is 404, visible but not allowed
is 403, allowed is done or, where the state or the time forbids it, 409.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.permissions import rights_of
from accounts.services import tokens
from assessments import workflow
from assessments.models import Answer, Assessment, Evidence, Status
from assessments.services import reviews
from assessments.tests.test_permission_matrix import (
    EXPECTED,
    PEOPLE,
    STATES,
    Undo,
    expected,
    in_state,
    person,
    wanted_outcome,
)

pytestmark = pytest.mark.once  # who may do what is decided in Python

READING = {
    "see": ("api_assessment",),
    "see answers": ("api_answers",),
    "see evidence": ("api_evidence_file", "1", "evidence"),
}
WRITING = {
    "edit answer": ("patch", "api_answer", "1"),
    "add evidence": ("post", "api_evidence_list", "1"),
    "submit": ("post", "api_assessment_submit"),
    "withdraw": ("post", "api_assessment_withdraw"),
    "reply": ("post", "api_answer_reply", "1"),
    "review": ("put", "api_review", "1"),
    "return": ("post", "api_assessment_return"),
    "approve": ("post", "api_assessment_approve"),
    "reopen": ("post", "api_assessment_reopen"),
    "cancel": ("post", "api_assessment_cancel"),
    "extend": ("post", "api_assessment_extend"),
}
#: Asked otherwise, and where.
ELSEWHERE = {
    "see history": "test_api_library",
    "see open decisions": "test_decisions_are_shown_to_whom_the_table_says, below",
    "report": "reports.tests.test_api: POST reports/",
}


def body_of(act: str, assessment: Assessment) -> dict:
    version = Answer.objects.values_list("version", flat=True).get(assessment=assessment, indicator__code="1")
    return {
        "edit answer": {"fact": "Diperbaiki.", "version": version},
        "add evidence": {"url": "https://contoh.go.id/sk"},
        "reply": {"text": "Sudah kami perbaiki."},
        "review": {"decision": "accept"},
        "reopen": {"reason": "Ada bukti baru."},
        "cancel": {"reason": "Digabung."},
        "extend": {"until": (timezone.now() + timedelta(days=60)).isoformat(), "reason": "Bencana."},
    }.get(act, {})


def client_of(user) -> APIClient:
    client = APIClient()
    client.default_format = "json"
    plain = tokens.make(user=user, name="uji", scope="write", days=1)[1]
    client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
    return client


def status_of(client: APIClient, method: str, url: str, body: dict) -> int:
    """What the act answers; nothing of it stays."""
    try:
        with transaction.atomic():
            answer = getattr(client, method)(url, body, format="json")
            raise Undo
    except Undo:
        return answer.status_code


def wanted_status(act: str, roles: tuple[str, ...], letter: str) -> set[int]:
    if not expected("see", roles, letter, wrote=False):
        return {404}
    wanted = wanted_outcome(act, roles, letter)
    if wanted == "done" and act == "reply":
        return {200, 404}  # allowed to speak; in some states there is nothing to answer
    if wanted == "done" and act in ("submit", "return", "approve"):
        return {200, 409}  # something may be missing, which says all of it
    return {"done": {200, 201}, "refused": {409}, "denied": {403}}[wanted]


def test_every_act_has_an_address():
    assert {*READING, *WRITING, *ELSEWHERE} == set(EXPECTED)
    moves = {move.name: f"api_assessment_{move.name}" for move in workflow.MOVES}
    assert {act: WRITING[act][1] for act in moves} == moves


@pytest.mark.parametrize("letter", STATES)
def test_the_api_agrees_with_the_table(letter, request, city, period):
    assessment = in_state(letter, request, city)
    clients = {roles: client_of(person(roles, city)) for roles in PEOPLE}
    got, wanted = {}, {}
    for act, (method, name, *rest) in WRITING.items():
        url, body = reverse(name, args=[assessment.pk, *rest]), body_of(act, assessment)
        for roles, client in clients.items():
            status = status_of(client, method, url, body)
            allowed = wanted_status(act, roles, letter)
            got[act, roles] = status
            wanted[act, roles] = status if status in allowed else allowed
    assert got == wanted


@pytest.mark.parametrize("letter", STATES)
def test_reading_and_the_offered_actions_agree_with_the_table(letter, request, city, period):
    assessment = in_state(letter, request, city)
    evidence = Evidence.objects.filter(answer__assessment=assessment, answer__indicator__code="1").first()
    people = {roles: person(roles, city) for roles in PEOPLE}
    got, wanted = {}, {}
    for roles, user in people.items():
        client = client_of(user)
        sees = expected("see", roles, letter, wrote=False)
        for act, (name, *rest) in READING.items():
            if "evidence" in rest and evidence is None:
                continue  # cancelled before anything was filled in
            args = [evidence.pk if each == "evidence" else each for each in rest]
            answer = client.get(reverse(name, args=[assessment.pk, *args]))
            allowed = expected(act, roles, letter, wrote=False)
            got[act, roles], wanted[act, roles] = answer.status_code, 200 if allowed else 403 if sees else 404
        if sees:
            mine = rights_of(user)
            found = Assessment.objects.found_by(mine).get(pk=assessment.pk)
            offered = workflow.actions(mine, found, wrote=found.wrote, now=timezone.now())
            shown = client.get(reverse("api_assessment", args=[assessment.pk])).json()["actions"]
            got["actions", roles], wanted["actions", roles] = shown, offered
            listed = client.get(reverse("api_assessments"), {"period": period.pk, "agency": city.dinkes.pk}).json()
            got["listed", roles] = [row["actions"] for row in listed["results"]]
            wanted["listed", roles] = [offered]
            got["moves", roles] = {name for name in shown if expected(name, roles, letter, wrote=False)}
            wanted["moves", roles] = set(shown)
    assert got == wanted
    assert {STATES[letter]} == {Status(Assessment.objects.get(pk=assessment.pk).status).value}


def test_decisions_are_shown_to_whom_the_table_says(request, submitted, city):
    """Made and not announced yet: only who may see open decisions gets them, anywhere."""
    reviews.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    got, wanted = {}, {}
    for roles in PEOPLE:
        client = client_of(person(roles, city))
        if not expected("see answers", roles, "S", wrote=False):
            continue
        sees = expected("see open decisions", roles, "S", wrote=False)
        row = client.get(reverse("api_answer", args=[submitted.pk, "1"])).json()
        listed = client.get(reverse("api_reviews", args=[submitted.pk])).json()
        one = client.get(reverse("api_review", args=[submitted.pk, "1"]))
        whole = client.get(reverse("api_assessment", args=[submitted.pk])).json()
        got[roles] = [row["review"] is not None, listed["count"], one.status_code, whole["decided"]]
        wanted[roles] = [True, 1, 200, 1] if sees else [False, 0, 404, None]
    assert got == wanted
    assert {tuple(each) for each in got.values()} == {(True, 1, 200, 1), (False, 0, 404, None)}
