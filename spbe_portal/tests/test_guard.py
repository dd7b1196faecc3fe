"""Every address of the portal as everyone. A new address without a row here fails.

Columns of a row: what a GET answers to each of `WHO`. Not visible is 404, visible but not allowed
is 403, an address that only takes POST is 405, or leads back to its page whoever may see that.
`-` means the log-in page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Membership, Role, Webhook
from assessments.models import Assessment, Evidence, Status
from assessments.services.documents import add_link
from assessments.services.followups import create_follow_up
from audit.models import Event
from conftest import make_person
from inventory.services import create_application
from reports.services import request_agency_report

WHO = (
    "anonymous",
    "operator",
    "other_operator",
    "verifier",
    "member_verifier",
    "coordinator",
    "leader",
    "admin",
    "outsider",
)


@dataclass(frozen=True)
class Row:
    """One address: arguments by name, and the statuses of a GET in the order of `WHO`."""

    statuses: str
    args: tuple[str, ...] = ()
    state: str = "draft"
    post: dict[str, str] = field(default_factory=dict)


PUBLIC = {
    "health_live",
    "health_ready",
    "account_login",
    "mfa_authenticate",
    "oidc_start",
    "oidc_back",
    "password_link",
    "session_state",
    "verify",
    "verify_code",
}
OWN_DRAFT = "- 200 404 404 200 200 404 404 404"
OWN_DRAFT_WRITE = "- 200 404 404 403 200 404 404 404"
OWN_DRAFT_BACK = "- 302 404 404 302 302 404 404 404"
POST_ONLY = "- 405 405 405 405 405 405 405 405"
LIBRARY = "- 200 404 404 404 200 404 404 404"
REVIEWER = "- 403 404 200 403 200 403 404 404"
COORDINATOR = "- 403 403 403 403 200 403 403 403"
MANAGER = "- 403 403 403 403 200 403 200 403"
EVERYONE = "- 200 200 200 200 200 200 200 200"

TABLE: dict[str, list[Row]] = {
    "past_import": [Row(COORDINATOR)],
    "past_export": [Row(COORDINATOR)],
    "health_live": [Row("200 " * 9)],
    "health_ready": [Row("200 " * 9)],
    "session_state": [Row("200 " * 9)],
    "account_login": [Row("200 302 302 302 302 302 302 302 302")],
    "account_logout": [Row("405 " * 9)],
    "account_change_password": [Row(EVERYONE)],
    "account_security": [Row(EVERYONE)],
    # A second factor: asked for once more who it is, or nothing there yet to change.
    "two_factor_on": [Row("- 302 302 302 302 302 302 302 302")],
    "account_reauthenticate": [Row(EVERYONE)],
    **{
        name: [Row("- 302 302 302 302 302 302 302 302")]
        for name in ("mfa_reauthenticate", "two_factor_codes", "two_factor_off")
    },
    "token_list": [Row(EVERYONE)],
    "token_make": [Row("- 302 302 302 302 302 302 302 302")],
    "token_revoke": [Row(POST_ONLY, ("person",))],
    # Without a log-in under way the code page leads back to its beginning.
    "mfa_authenticate": [Row("- 302 302 302 302 302 302 302 302")],
    # No identity provider is connected: 404, after the method.
    "oidc_start": [Row("405 " * 9)],
    "oidc_back": [Row("404 " * 9)],
    "session_end": [Row(POST_ONLY, ("person",))],
    "sessions_end_others": [Row(POST_ONLY)],
    "person_sessions_end": [Row(POST_ONLY, ("person",))],
    **{name: [Row(MANAGER, ("person",))] for name in ("person_two_factor_reset", "person_identity_unlink")},
    **{name: [Row(EVERYONE)] for name in ("notification_list", "notification_count", "notification_settings")},
    "notification_read_all": [Row(POST_ONLY)],
    "home": [Row("- 200 200 302 302 302 302 302 200")],
    "instrument": [Row(EVERYONE, ("instrument",))],
    "instrument_list": [Row(EVERYONE)],
    # Instruments being edited; drafts are their editors' alone.
    "instrument_import": [Row(MANAGER)],
    **{
        name: [Row(MANAGER, ("instrument",))]
        for name in ("instrument_copy", "instrument_file", "instrument_differences", "instrument_edit")
    },
    "instrument_frame": [Row(MANAGER, ("instrument",))],
    **{name: [Row(POST_ONLY, ("instrument",))] for name in ("instrument_publish", "instrument_discard")},
    # Nothing is added to what is published: back to its page.
    "instrument_part_add": [Row("- 403 403 403 403 302 403 302 403", ("instrument", "kind"))],
    "instrument_part": [Row(MANAGER, ("instrument", "kind", "code"))],
    "instrument_part_remove": [Row(POST_ONLY, ("instrument", "kind", "code"))],
    # People and agencies
    **{name: [Row(MANAGER)] for name in ("agency_list", "agency_create", "person_list", "person_create")},
    **{name: [Row(MANAGER, ("agency",))] for name in ("agency", "agency_edit", "agency_end")},
    **{name: [Row(MANAGER, ("person",))] for name in ("person", "person_edit", "person_deactivate", "membership_add")},
    "membership_end": [Row(MANAGER, ("membership",))],
    "people_invite": [Row(POST_ONLY)],
    "person_invite": [Row(POST_ONLY, ("person",))],
    **{
        name: [Row(MANAGER)]
        for name in ("agency_import", "agency_import_template", "person_import", "person_import_template")
    },
    # Systems that are told of what happens
    **{name: [Row(MANAGER)] for name in ("webhook_list", "webhook_create")},
    **{name: [Row(MANAGER, ("webhook",))] for name in ("webhook", "webhook_edit")},
    **{
        name: [Row(POST_ONLY, ("webhook",))]
        for name in ("webhook_pause", "webhook_resume", "webhook_secret", "webhook_remove", "webhook_test")
    },
    "password_forgotten": [Row("200 " * 9)],
    # The agency's own pages
    "sheet": [
        Row(OWN_DRAFT, ("assessment",)),
        Row("- 200 404 200 200 200 200 404 404", ("assessment",), "submitted"),
        Row("- 200 404 200 200 200 200 404 404", ("assessment",), "approved"),
    ],
    "index_breakdown": [
        Row(OWN_DRAFT, ("assessment",)),
        Row("- 200 404 200 200 200 200 404 404", ("assessment",), "submitted"),
    ],
    "answer": [
        Row(OWN_DRAFT, ("assessment", "code")),
        Row("- 200 404 200 200 200 403 404 404", ("assessment", "code"), "submitted"),
        Row("- 200 404 200 200 200 200 404 404", ("assessment", "code"), "approved"),
    ],
    "submit": [Row(OWN_DRAFT_WRITE, ("assessment",))],
    "withdraw": [Row("- 200 404 403 403 200 403 404 404", ("assessment",), "submitted")],
    "answer_save": [
        Row(OWN_DRAFT_BACK, ("assessment", "code")),
        Row("- 302 404 302 302 302 403 404 404", ("assessment", "code"), "submitted"),
    ],
    **{name: [Row(OWN_DRAFT_BACK, ("assessment", "code"))] for name in ("reply", "evidence_reuse")},
    "evidence_remove": [Row(OWN_DRAFT_BACK, ("assessment", "code", "evidence"))],
    "evidence_download": [
        Row("- 200 404 200 200 200 403 404 404", ("evidence",), "submitted"),
        Row("- 200 404 200 200 200 200 404 404", ("evidence",), "approved"),
    ],
    "evidence_page": [Row("- 404 404 404 404 404 403 404 404", ("evidence", "page"), "submitted")],
    "upload_begin": [Row(POST_ONLY)],
    "carry_over": [
        Row(OWN_DRAFT_WRITE, ("assessment",)),
        Row("- 302 404 403 403 302 403 404 404", ("assessment",), "submitted"),
    ],
    "carry_over_several": [
        Row("- 302 404 404 403 302 404 404 404", ("assessment",)),
        Row("- 302 404 403 403 302 403 404 404", ("assessment",), "submitted"),
    ],
    "carry_over_one": [Row("- 404 404 404 403 404 404 404 404", ("assessment", "code"))],
    # The agency's library of documents
    "document_list": [Row("- 200 200 403 403 200 403 403 403")],
    "document_add": [Row("- 200 200 403 403 302 403 403 403")],
    **{name: [Row(LIBRARY, ("document",))] for name in ("document", "document_edit", "document_version")},
    "document_remove": [Row("- 302 404 404 404 302 404 404 404", ("document",))],
    "document_use": [Row(POST_ONLY, ("document",))],
    "document_preview": [Row("- 404 404 404 404 404 404 404 404", ("version", "page"))],
    "evidence_pick": [Row(OWN_DRAFT_WRITE, ("assessment", "code"))],
    # Review
    "review_queue": [Row("- 403 403 200 200 200 403 403 403")],
    "review_overview": [Row(REVIEWER, ("assessment",), "submitted")],
    "review": [Row(REVIEWER, ("assessment", "code"), "submitted")],
    "return": [Row(REVIEWER, ("assessment",), "submitted")],
    "approve": [Row(REVIEWER, ("assessment",), "submitted")],
    # Who did what; a file of it is an event
    "history": [
        Row(OWN_DRAFT, ("assessment",)),
        Row("- 200 404 200 200 200 403 404 404", ("assessment",), "submitted"),
    ],
    "answer_history": [
        Row(OWN_DRAFT, ("assessment", "code")),
        Row("- 200 404 200 200 200 403 404 404", ("assessment", "code"), "approved"),
    ],
    "audit_trail": [Row(COORDINATOR)],
    "consistency": [Row(COORDINATOR, ("period",))],
    # Periods
    **{name: [Row(COORDINATOR)] for name in ("period_list", "period_create")},
    **{
        name: [Row(COORDINATOR, ("period",))]
        for name in ("period", "period_edit", "period_finalise", "period_cancel", "period_copy")
    },
    **{name: [Row("- 403 404 404 403 200 404 404 404", ("assessment",))] for name in ("extend", "cancel")},
    "reopen": [Row("- 403 404 403 403 200 403 404 404", ("assessment",), "approved")],
    "results": [Row("- 403 403 200 200 200 200 403 403")],
    # Files
    **{name: [Row(OWN_DRAFT, ("assessment",))] for name in ("working_paper", "working_paper_download")},
    "evidence_export": [
        Row(OWN_DRAFT, ("assessment",)),
        Row("- 200 404 200 200 200 403 404 404", ("assessment",), "submitted"),
    ],
    "results_export": [Row("- 403 403 200 200 200 404 403 403", ("period",))],
    "not_handed_in": [Row(COORDINATOR, ("period",))],
    "remind": [Row("- 403 403 403 403 302 403 403 403", ("period",))],
    # Assignments
    **{
        name: [Row(COORDINATOR, ("period",))]
        for name in ("assignments", "assignments_preset", "assignments_export", "assignments_import")
    },
    "assignments_save": [Row(POST_ONLY, ("period",))],
    # Follow-ups
    "followup_list": [Row("- 200 200 200 200 200 200 403 403")],
    **{name: [Row(COORDINATOR)] for name in ("followup_create", "followup_from_reviews", "followup_from_plan")},
    "followup": [Row("- 200 404 200 200 200 200 404 404", ("followup",))],
    "followup_edit": [Row("- 403 404 403 403 200 403 404 404", ("followup",))],
    **{
        name: [Row("- 302 404 302 302 302 302 404 404", ("followup",))]
        for name in ("followup_report", "followup_close")
    },
    # The way to the target
    "roadmap_projection": [Row("- 403 403 200 200 200 200 403 403")],
    "roadmap": [Row("- 403 403 200 200 200 200 403 403")],
    "roadmap_compute": [Row("- 403 403 200 200 200 200 403 403", ("period",))],
    "roadmap_save": [Row(POST_ONLY, ("period",))],
    # The government's levels
    "determination": [Row("- 403 403 200 200 200 200 403 403")],
    "determine": [Row("- 403 403 200 200 200 200 403 403", ("period", "code"))],
    **{
        name: [Row(POST_ONLY, ("period",))]
        for name in ("determine_suggested", "determination_finalise", "determination_reopen")
    },
    **{name: [Row(POST_ONLY, ("period", "code"))] for name in ("determination_clear", "external_level")},
    **{
        name: [Row("- 403 403 200 200 200 200 403 403", ("period",))]
        for name in ("external_comparison", "external_export")
    },
    **{name: [Row(COORDINATOR, ("period",))] for name in ("external_import", "external_import_template")},
    **{name: [Row("- 403 403 200 200 200 200 403 403")] for name in ("pemda", "heat")},
    "own_place": [Row("- 200 200 403 403 403 403 403 403")],
    # Reports
    "report_list": [Row(EVERYONE)],
    "report_request": [Row(POST_ONLY, ("assessment",))],
    "report": [Row("- 200 404 200 200 200 200 404 404", ("report",), "submitted")],
    "report_retry": [Row(POST_ONLY, ("report",), "submitted")],
    "report_cancel": [Row(POST_ONLY, ("report",), "submitted")],
    "report_request_period": [Row(POST_ONLY, ("period",))],
    "package": [Row(COORDINATOR, ("period",))],
    # What anybody may ask of a paper; a code that is none is not found.
    "verify": [Row("200 " * 9)],
    "verify_code": [Row("404 " * 9, ("code",))],
    # Applications
    **{name: [Row("- 200 200 200 200 200 200 403 403")] for name in ("application_list", "application_export")},
    **{name: [Row("- 200 200 403 403 200 403 403 403")] for name in ("application_create", "application_import")},
    "application_overlaps": [Row("- 403 403 200 200 200 200 403 403")],
    "application": [Row("- 200 404 200 200 200 200 404 404", ("application",))],
    **{
        name: [Row("- 200 404 403 403 200 403 404 404", ("application",))]
        for name in ("application_edit", "application_remove")
    },
    "application_mark": [Row("- 403 404 403 403 200 403 404 404", ("application",))],
    "application_confirm": [Row(POST_ONLY, ("application",))],
}

#: Checked in the tests of their own page, with the reason why not here.
ELSEWHERE = {
    "webhook_delivery": "needs something sent; accounts/tests/test_webhook_pages.py",
    "webhook_resend": "needs something sent; accounts/tests/test_webhook_pages.py",
    "password_link": "needs a token; accounts/tests",
    "notification_open": "needs a notification of one's own; accounts/tests",
    "agency_reinstate": "needs an agency that ended; accounts/tests",
    "person_activate": "needs a deactivated person; accounts/tests",
    "person_password_link": "POST only; accounts/tests",
    "period_open": "needs a period in preparation; assessments/tests",
    "evidence_add": "GET falls back to the indicator's page; assessments/tests",
    "upload": "belongs to one person; assessments/tests",
    "upload_cancel": "belongs to one person; assessments/tests",
    "evidence_edit": "GET falls back to the indicator's page; assessments/tests",
    "agency_import_review": "needs an uploaded list of one's own; accounts/tests",
    "person_import_review": "needs an uploaded list of one's own; accounts/tests",
    "past_review": "needs an uploaded list of one's own; assessments/tests/test_past_pages.py",
    "past_remove": "needs an imported year; assessments/tests/test_past_pages.py",
    "application_import_review": "needs an uploaded list of one's own; inventory/tests",
    "document_download": "needs a file; assessments/tests",
    "followup_proof": "needs a file; assessments/tests",
    "report_download": "needs a made file; reports/tests",
    "working_paper_review": "needs an uploaded paper of one's own; assessments/tests/test_working_paper.py",
    "period_evidence_export": "recorded; assessments/tests/test_exports.py",
    "external_import_review": "needs an uploaded list of one's own; assessments/tests/test_external.py",
    "history_export": "recorded; assessments/tests/test_history.py",
    "audit_trail_export": "recorded; assessments/tests/test_audit_trail.py",
}


def named(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from named(pattern)
        elif isinstance(pattern, URLPattern):
            yield pattern.name or str(pattern.pattern)


def test_every_address_has_a_row():
    # The API has a guard of its own: it knows tokens, not sessions.
    pages = [name for name in named(get_resolver()) if not name.startswith("api_")]
    assert sorted(pages) == sorted([*TABLE, *ELSEWHERE])


STEPS_TO = {"draft": [], "submitted": ["submitted"], "approved": ["submitted", "approved"]}
CASES = [
    pytest.param(name, row, id=f"{name}-{row.state}", marks=pytest.mark.begins(*STEPS_TO[row.state]))
    for name, rows in TABLE.items()
    for row in rows
]


@pytest.fixture
def world(assessment, city, period, request) -> dict[str, Any]:
    """Dinkes's assessment in the state the row asks for, and everyone."""
    row: Row = request.getfixturevalue("row")
    city.member_verifier = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    assert assessment.status == row.state
    things: dict[str, Any] = {
        "assessment": assessment.pk,
        "code": "12",
        "kind": "indikator",
        "page": 1,
        "period": period.pk,
        "agency": city.dinkes.pk,
        "person": city.operator2.pk,
        "membership": Membership.objects.get(user=city.operator2).pk,
        "instrument": period.instrument.code,
        "evidence": 0,
        "report": "",
        "application": 0,
        "city": city,
    }
    if "evidence" in row.args and row.state != "draft":
        things["evidence"] = Evidence.objects.filter(answer__assessment=assessment).first().pk
    if "application" in row.args:
        things["application"] = create_application(
            actor=city.operator,
            agency=city.dinkes,
            facts={"name": "e-Surat", "purpose": "Surat", "kind": "publik", "category": "kearsipan"},
        ).pk
    if "document" in row.args or "version" in row.args:
        kept = add_link(agency_id=city.dinkes.pk, user=city.operator, url="https://jdih.example/perwal/1")
        things |= {"document": kept.version.document_id, "version": kept.version.pk}
    if "webhook" in row.args:
        things["webhook"] = Webhook.objects.create(
            name="Dasbor", url="https://dasbor.contoh.go.id/", events=["report.ready"], created_by=city.admin
        ).pk
    if "followup" in row.args:
        things["followup"] = create_follow_up(
            user=city.coordinator,
            period_id=period.pk,
            agency_id=city.dinkes.pk,
            text="Lengkapi SOP.",
            due_on=date.today() + timedelta(days=30),
        ).pk
    if "report" in row.args:
        things["report"] = request_agency_report(assessment.pk, city.operator).pk
    return things


@pytest.fixture
def row(request) -> Row:
    return request.param


def client_of(world: dict[str, Any], who: str, **options: Any) -> Client:
    client = Client(**options)
    if who != "anonymous":
        client.force_login(getattr(world["city"], who))
    return client


@pytest.mark.parametrize(("name", "row"), CASES, indirect=["row"])
def test_everyone_gets_what_the_table_says_and_neither_a_look_nor_a_forged_post_changes_anything(name, row, world):
    url = reverse(name, args=[world[arg] for arg in row.args])
    watched = Assessment.objects.values_list("status", "revision", "round").get(pk=world["assessment"])
    expected = dict(zip(WHO, row.statuses.split(), strict=True))
    events = Event.objects.exclude(action="evidence.download").count()
    got = {}
    for who in WHO:
        response = client_of(world, who).get(url)
        to_login = response.status_code == 302 and response.url.startswith(reverse("account_login"))
        got[who] = "-" if to_login else str(response.status_code)
    assert got == expected
    assert Event.objects.exclude(action="evidence.download").count() == events
    assert client_of(world, "coordinator", enforce_csrf_checks=True).post(url, {}).status_code in (403, 405)
    assert watched == Assessment.objects.values_list("status", "revision", "round").get(pk=world["assessment"])


@pytest.mark.parametrize("who", [person for person in WHO if person not in ("operator", "coordinator", "anonymous")])
def test_nobody_else_posts_into_a_draft(assessment, city, period, who):
    """Every writing address of an assessment, with a plausible body, as those who may not write."""
    city.member_verifier = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    client = client_of({"city": city}, who)
    before = Event.objects.count()
    later = f"{date.today().year + 1}-01-31"
    for name in ("answer_save", "reply", "evidence_reuse", "evidence_add", "review"):
        args = [assessment.pk, "12"]
        body = {
            "self_level": "5",
            "version": "1",
            "fact": "x",
            "text": "x",
            "decision": "accept",
            "url": "https://a.id",
        }
        assert client.post(reverse(name, args=args), body).status_code in (403, 404), name
    for name in ("submit", "withdraw", "return", "approve", "reopen", "cancel", "extend"):
        body = {"reason": "x", "until_0": later, "until_1": "10:00", "until": f"{later}T10:00"}
        assert client.post(reverse(name, args=[assessment.pk]), body).status_code in (403, 404), name
    for name in ("period_edit", "period_open", "period_finalise", "period_cancel", "period_copy"):
        assert client.post(reverse(name, args=[period.pk]), {"reason": "x"}).status_code in (403, 404), name
    assert Event.objects.count() == before
    assessment.refresh_from_db()
    assert (assessment.status, assessment.revision) == (Status.DRAFT, 1)
