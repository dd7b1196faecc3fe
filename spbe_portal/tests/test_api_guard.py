"""Every address of the API as everyone. A new address without a row here fails.

Columns of a row: what a GET answers to each of `WHO`, each with a token that may write (nothing: no token). Not
visible is 404, visible but not allowed is 403, an address that only takes writes is 405. `THINGS` says how what an
address is about is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Membership, Role, Webhook
from accounts.services.notifications import notify
from assessments import workflow
from assessments.models import Assessment, Evidence, FollowUp, Period, SheetDraft
from assessments.services.followups import create_follow_up
from audit.models import Event
from conftest import City, accept_all, hand_in, make_person
from inventory.models import Application
from inventory.services import create_application
from reports.services import request_agency_report
from spbe_portal.tests.api import client_of
from spbe_portal.tests.test_guard import WHO

pytestmark = pytest.mark.once  # who may do what is decided in Python

#: Answered without a token: they say nothing of anybody, or ask for a password.
OPEN = {"api_root", "api_schema", "api_docs", "api_unknown", "api_unknown_version"}

EVERYONE = "401 200 200 200 200 200 200 200 200"
WRITES_ONLY = "401 405 405 405 405 405 405 405 405"
OF_THE_PERIOD = "401 200 200 200 200 200 200 404 404"
SEES_FIGURES = "401 403 403 200 200 200 200 404 404"
PERIOD_MANAGER = "401 403 403 403 403 200 403 404 404"
COORDINATOR = "401 403 403 403 403 200 403 403 403"
MANAGER = "401 403 403 403 403 200 403 200 403"
OPEN_TO_ALL = "200 200 200 200 200 200 200 200 200"


@dataclass(frozen=True)
class Row:
    """One address: its arguments by their names in `THINGS`, and the statuses of a GET in the order of `WHO`."""

    statuses: str
    args: tuple[str, ...] = ()
    state: str = "draft"


@dataclass
class Scene:
    """Dinkes's assessment in the state the rows ask for, and everyone. `member`: a verifier of Dinkes itself."""

    city: City
    period: Period
    assessment: Assessment
    member: Any


def an_application(city: City) -> Application:
    facts = {"name": "e-Surat", "purpose": "Surat masuk dan keluar", "kind": "administrasi", "category": "kearsipan"}
    return create_application(actor=city.operator, agency=city.dinkes, facts=facts)


def a_follow_up(scene: Scene) -> FollowUp:
    told = {"text": "Tetapkan SOP.", "due_on": timezone.localdate(), "agency_id": scene.city.dinkes.pk}
    return create_follow_up(user=scene.city.coordinator, period_id=scene.period.pk, **told)


#: What an address is about, made once a state, only where a row asks for it.
THINGS: dict[str, Callable[[Scene], Any]] = {
    "assessment": lambda scene: scene.assessment.pk,
    "code": lambda scene: "12",
    "period": lambda scene: scene.period.pk,
    "agency": lambda scene: scene.city.dinkes.pk,
    "person": lambda scene: scene.city.operator2.pk,
    "membership": lambda scene: Membership.objects.get(user=scene.city.operator2).pk,
    "notification": lambda scene: notify([scene.city.operator], kind="account", title="Uji", key="uji")[0].pk,
    "webhook": lambda scene: (
        Webhook.objects.create(
            name="Dasbor", url="https://dasbor.contoh.go.id/", events=["report.ready"], created_by=scene.city.admin
        ).pk
    ),
    "instrument": lambda scene: scene.period.instrument.code,
    "report": lambda scene: request_agency_report(scene.assessment.pk, scene.city.coordinator).pk,
    "follow_up": lambda scene: a_follow_up(scene).pk,
    "application": lambda scene: an_application(scene.city).pk,
    "document_of_12": lambda scene: (
        Evidence.objects.get(answer__assessment=scene.assessment, answer__indicator__code="12").version.document_id
    ),
    "paper": lambda scene: (
        SheetDraft.objects.create(
            user=scene.city.operator, subject="working_paper", assessment=scene.assessment, file_name="a.csv", rows=[]
        ).pk
    ),
    "past_list": lambda scene: (
        SheetDraft.objects.create(
            user=scene.city.coordinator, subject="history", file_name="a.csv", rows={"entries": [], "chosen": {}}
        ).pk
    ),
    "first_version": lambda scene: 1,
    "evidence_of_12": lambda scene: (
        Evidence.objects.get(answer__assessment=scene.assessment, answer__indicator__code="12").pk
    ),
    "evidence": lambda scene: Evidence.objects.filter(answer__assessment=scene.assessment).first().pk,
}

TABLE: dict[str, list[Row]] = {
    **{name: [Row(OPEN_TO_ALL)] for name in ("api_root", "api_schema", "api_docs")},
    "api_unknown": [Row("404 " * 9, ("code",))],
    "api_unknown_version": [Row("404 " * 9)],
    "api_token": [Row(WRITES_ONLY)],
    # People and agencies
    **{name: [Row(EVERYONE)] for name in ("api_me", "api_notifications", "api_agencies")},
    "api_notifications_read_all": [Row(WRITES_ONLY)],
    "api_notification_read": [Row(WRITES_ONLY, ("notification",))],
    "api_agency": [Row(EVERYONE, ("agency",))],
    **{name: [Row(WRITES_ONLY, ("agency",))] for name in ("api_agency_end", "api_agency_reinstate")},
    "api_webhooks": [Row(MANAGER)],
    **{name: [Row(MANAGER, ("webhook",))] for name in ("api_webhook", "api_webhook_deliveries")},
    "api_webhook_test": [Row(WRITES_ONLY, ("webhook",))],
    **{name: [Row(WRITES_ONLY, ("instrument",))] for name in ("api_instrument_copy", "api_instrument_publish")},
    "api_people": [Row(MANAGER)],
    "api_person": [Row(MANAGER, ("person",))],
    **{
        name: [Row(WRITES_ONLY, ("person",))]
        for name in ("api_person_deactivate", "api_person_activate", "api_membership_add")
    },
    "api_membership_end": [Row(WRITES_ONLY, ("membership",))],
    # Assessments
    "api_assessments": [Row(EVERYONE)],
    "api_assessment": [
        Row("401 200 404 404 200 200 404 404 404", ("assessment",)),
        Row("401 200 404 200 200 200 200 404 404", ("assessment",), "submitted"),
    ],
    "api_assessment_problems": [
        Row("401 200 404 404 403 200 404 404 404", ("assessment",)),
        Row("401 200 404 403 403 200 403 404 404", ("assessment",), "submitted"),
    ],
    **{
        name: [
            Row("401 200 404 404 200 200 404 404 404", args),
            Row("401 200 404 200 200 200 403 404 404", args, "submitted"),
            Row("401 200 404 200 200 200 200 404 404", args, "approved"),
        ]
        for name, args in {
            "api_answers": ("assessment",),
            "api_answer": ("assessment", "code"),
            "api_evidence_list": ("assessment", "code"),
            "api_reviews": ("assessment",),
        }.items()
    },
    **{
        name: [
            Row("401 200 404 404 200 200 404 404 404", ("assessment",)),
            Row("401 200 404 200 200 200 403 404 404", ("assessment",), "submitted"),
        ]
        for name in ("api_working_paper", "api_assessment_evidence_file")
    },
    "api_working_paper_draft": [Row("401 200 404 404 403 404 404 404 404", ("assessment", "paper"))],
    "api_review": [Row("401 200 404 200 200 200 200 404 404", ("assessment", "code"), "approved")],
    **{
        name: [
            Row("401 200 404 200 200 200 403 404 404", ("assessment", "code", "evidence_of_12"), "submitted"),
            Row("401 200 404 200 200 200 200 404 404", ("assessment", "code", "evidence_of_12"), "final"),
        ]
        for name in ("api_evidence", "api_evidence_file")
    },
    **{
        f"api_assessment_{move}": [Row(WRITES_ONLY, ("assessment",))]
        for move in ("submit", "withdraw", "return", "approve", "reopen", "cancel", "extend")
    },
    "api_answer_reply": [Row(WRITES_ONLY, ("assessment", "code"))],
    "api_assessment_events": [
        Row("401 200 404 404 200 200 404 404 404", ("assessment",)),
        Row("401 200 404 200 200 200 403 404 404", ("assessment",), "submitted"),
    ],
    "api_events": [Row("401 403 403 403 403 200 403 403 403")],
    "api_carry_over": [
        Row("401 200 404 404 403 200 404 404 404", ("assessment",)),
        Row("401 200 404 403 403 200 403 404 404", ("assessment",), "submitted"),
    ],
    "api_carry_over_one": [Row("401 404 404 404 403 404 404 404 404", ("assessment", "code"))],
    # The library
    "api_documents": [Row("401 200 200 403 403 200 403 403 403")],
    "api_document": [Row("401 200 404 404 404 200 404 404 404", ("document_of_12",), "submitted")],
    "api_document_file": [
        Row("401 200 404 404 404 200 404 404 404", ("document_of_12", "first_version"), "submitted")
    ],
    "api_document_versions": [Row(WRITES_ONLY, ("document_of_12",), "submitted")],
    "api_document_use_newest": [Row(WRITES_ONLY, ("document_of_12",), "submitted")],
    # Instruments
    "api_instruments": [Row(EVERYONE)],
    "api_instrument": [Row(EVERYONE, ("instrument",))],
    "api_instrument_differences": [Row(MANAGER, ("instrument",))],
    # Periods. An operator knows of those in which the own agency is assessed.
    "api_periods": [Row(EVERYONE)],
    "api_period": [Row(OF_THE_PERIOD, ("period",))],
    "api_period_agencies": [Row(PERIOD_MANAGER, ("period",))],
    "api_package": [Row(PERIOD_MANAGER, ("period",))],
    "api_period_open": [Row(WRITES_ONLY, ("period",))],
    "api_period_cancel": [Row(WRITES_ONLY, ("period",))],
    "api_period_copy": [Row(PERIOD_MANAGER, ("period",))],
    "api_period_finalise": [Row(PERIOD_MANAGER, ("period",))],
    "api_period_assignments": [Row(PERIOD_MANAGER, ("period",))],
    "api_period_results": [Row(SEES_FIGURES, ("period",))],
    "api_period_results_file": [Row(SEES_FIGURES, ("period",))],
    # The government
    "api_pemda": [Row(SEES_FIGURES, ("period",))],
    "api_pemda_finalise": [Row(WRITES_ONLY, ("period",))],
    "api_pemda_reopen": [Row(WRITES_ONLY, ("period",))],
    "api_determination": [Row(SEES_FIGURES, ("period", "code"))],
    "api_determinations_suggested": [Row(WRITES_ONLY, ("period",))],
    "api_external": [Row(WRITES_ONLY, ("period", "code"))],
    "api_external_import": [Row(WRITES_ONLY, ("period",))],
    "api_comparison": [Row(SEES_FIGURES, ("period",))],
    "api_projection": [Row(SEES_FIGURES, ("period",))],
    "api_history": [Row(WRITES_ONLY)],
    "api_history_file": [Row(COORDINATOR)],
    "api_history_list": [Row(COORDINATOR, ("past_list",))],
    "api_period_history": [Row(WRITES_ONLY, ("period",))],
    "api_roadmap": [Row(WRITES_ONLY, ("period",))],
    "api_plan": [Row("401 403 403 404 404 404 404 404 404", ("period",))],  # there is none
    "api_own_place": [
        Row("401 404 404 403 403 403 403 404 404", ("period",)),  # nothing is final
        Row("401 200 200 403 403 403 403 404 404", ("period",), "final"),
    ],
    "api_trend": [Row("401 403 403 200 200 200 200 403 403")],
    # Follow-ups: Dinkes's
    "api_follow_ups": [Row("401 200 200 200 200 200 200 403 403")],
    "api_follow_up": [Row("401 200 404 200 200 200 200 404 404", ("follow_up",))],
    "api_follow_up_progress": [Row(WRITES_ONLY, ("follow_up",))],
    "api_follow_up_report": [Row(WRITES_ONLY, ("follow_up",))],
    "api_follow_up_move": [Row(WRITES_ONLY, ("follow_up",))],
    "api_follow_up_proof": [Row("401 404 404 404 404 404 404 404 404", ("follow_up",))],  # there is none
    # Reports
    "api_reports": [Row(EVERYONE)],
    "api_report": [
        Row("401 200 404 404 200 200 404 404 404", ("report",)),
        Row("401 200 404 200 200 200 200 404 404", ("report",), "submitted"),
    ],
    "api_report_download": [Row("401 409 404 409 409 409 409 404 404", ("report",), "submitted")],
    "api_report_retry": [Row(WRITES_ONLY, ("report",))],
    "api_report_cancel": [Row(WRITES_ONLY, ("report",))],
    # Applications
    "api_applications": [Row("401 200 200 200 200 200 200 403 403")],
    "api_application": [Row("401 200 404 200 200 200 200 404 404", ("application",))],
    "api_application_overlaps": [Row("401 403 403 200 200 200 200 403 403")],
    "api_application_confirm": [Row(WRITES_ONLY, ("application",))],
    "api_application_mark": [Row(WRITES_ONLY, ("application",))],
    "api_application_remove": [Row(WRITES_ONLY, ("application",))],
}

#: Checked in the tests of their own resource, with the reason why not here.
ELSEWHERE: dict[str, str] = {"api_period_evidence_file": "recorded; assessments/tests/test_api_sheets.py"}

#: Writes that a token to read with, or nobody at all, may send, with the reason why.
OPEN_WRITES: dict[tuple[str, str], str] = {
    ("api_token", "post"): "asks for a password; accounts/tests/test_api_token.py",
    ("api_token", "delete"): "a token to read with may end itself; accounts/tests/test_api_token.py",
}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        elif (each.name or "").startswith("api_"):
            yield each


ADDRESSES = {str(each.name): each for each in patterns(get_resolver())}


def test_every_address_of_the_api_has_a_row():
    assert sorted(ADDRESSES) == sorted([*TABLE, *ELSEWHERE])


def test_every_address_of_the_api_has_a_name_of_its_own():
    assert len(list(patterns(get_resolver()))) == len(ADDRESSES)


@pytest.fixture
def scene(request, assessment, city, period) -> Scene:
    state = request.param
    member = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    if state != "draft":
        hand_in(assessment, city.operator)
    if state in ("approved", "final"):
        accept_all(assessment, city.verifier)
        workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    if state == "final":
        workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    assessment.refresh_from_db()
    period.refresh_from_db()
    return Scene(city, period, assessment, member)


STATES = sorted({row.state for rows in TABLE.values() for row in rows})


@pytest.mark.parametrize("scene", STATES, indirect=True)
def test_everyone_gets_what_the_table_says_and_a_look_changes_nothing(scene, request):
    state = request.node.callspec.params["scene"]
    rows = [(name, row) for name, found in TABLE.items() for row in found if row.state == state]
    made = {name: THINGS[name](scene) for name in sorted({name for _, row in rows for name in row.args})}
    people = {who: getattr(scene.city, who) for who in WHO if who not in ("anonymous", "member_verifier")}
    clients = {who: client_of(user) for who, user in {**people, "member_verifier": scene.member}.items()}
    clients["anonymous"] = APIClient()
    watched = Assessment.objects.values_list("status", "revision", "round").get(pk=scene.assessment.pk)
    events = Event.objects.exclude(action__endswith=".download").count()
    got, expected = {}, {}
    for number, (name, row) in enumerate(rows):
        url = reverse(name, args=[made[arg] for arg in row.args])
        expected[name, number] = row.statuses.split()
        got[name, number] = [str(clients[who].get(url).status_code) for who in WHO]
    assert got == expected
    assert Event.objects.exclude(action__endswith=".download").count() == events
    assert watched == Assessment.objects.values_list("status", "revision", "round").get(pk=scene.assessment.pk)


def addresses_to_write() -> Iterator[tuple[str, str, str]]:
    """Name, method and some address of every write. What it is about need not be there: rights come first."""
    for name, pattern in ADDRESSES.items():
        converters = pattern.pattern.converters
        some = {arg: "1" if type(each).__name__ == "IntConverter" else _some(each) for arg, each in converters.items()}
        view = getattr(pattern.callback, "view_class", None)
        for method in ("post", "put", "patch", "delete"):
            if hasattr(view, method) and (name, method) not in OPEN_WRITES:
                yield name, method, reverse(name, kwargs=some)


def _some(converter: Any) -> str:
    plain = "00000000-0000-0000-0000-000000000001"
    return plain if type(converter).__name__ == "UUIDConverter" else quote("12")


def test_a_token_to_read_with_writes_nothing_anywhere(city, period):
    client = client_of(city.coordinator, "read")
    before = Event.objects.count()
    got = {
        (name, method): client.generic(method.upper(), url).status_code for name, method, url in addresses_to_write()
    }
    assert {each: status for each, status in got.items() if status != 403} == {}
    assert Event.objects.count() == before


@pytest.mark.parametrize("has_session", [True, False], ids=["session", "nothing"])
def test_without_a_token_nothing_is_written_not_even_with_a_session(has_session, city, period):
    client = APIClient()
    if has_session:
        client.force_login(city.coordinator)
    before = Event.objects.count()
    got = {
        (name, method): client.generic(method.upper(), url).status_code for name, method, url in addresses_to_write()
    }
    assert {each: status for each, status in got.items() if status != 401} == {}
    assert Event.objects.count() == before


def test_every_open_write_is_one_that_is_there():
    assert [name for name, method in OPEN_WRITES if not hasattr(ADDRESSES[name].callback.view_class, method)] == []


def test_what_needs_no_token_is_listed():
    """An address that lets anonymous callers in says so in the table."""
    open_rows = {name for name, rows in TABLE.items() for row in rows if not row.statuses.startswith("401")}
    assert open_rows == OPEN
