"""The demo city is a city in which every state can be met, and its figures are right."""

import io
import re
from collections import Counter
from fractions import Fraction

import pypdfium2
from django.contrib.auth import authenticate
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from PIL import Image

from accounts.models import Agency, Notification, User
from assessments.models import Assessment, CarryOver, DocumentVersion, Evidence, Period, Result, Review
from assessments.queries.answers import load_answers
from assessments.queries.carry_over import overview
from assessments.specs import spec_of
from assessments.totals import self_score, verified_score
from audit.models import Event
from reports.models import ReportJob
from spbe_portal.demo.seed import PASSWORD


def test_the_demo_city(instrument, rf):
    call_command("seed_demo")

    assert [(period.year, period.status) for period in Period.objects.order_by("year")] == [
        (2024, "final"),
        (2025, "final"),
        (2026, "open"),
    ]
    running = Assessment.objects.filter(period__year=2026).select_related("agency")
    assert set(Counter(running.values_list("status", flat=True))) == {
        "draft",
        "submitted",
        "returned",
        "approved",
        "cancelled",
    }
    for slug in ("dinkes", "diskominfo"):
        own = running.get(agency__slug=slug)
        assert own.status == "draft"
        assert 0 < own.answered_count < 47
        # What is filled took over what is still valid of last year's; the rest waits to be asked.
        assert overview(own, timezone.localdate()).decided >= own.answered_count
        assert set(CarryOver.objects.filter(answer__assessment=own).values_list("is_valid", flat=True)) >= {True}
    for slug in ("dinkes", "diskominfo"):
        assert Notification.objects.filter(user__username=f"operator-{slug}", kind="period").exists()
    assert Result.objects.filter(is_complete=True).count() == 2 * Agency.objects.count() == 80

    people = {f"operator-{slug}" for slug in Agency.objects.values_list("slug", flat=True)}
    people |= {"verifikator", "verifikator2", "koordinator", "pimpinan", "admin"}
    assert set(User.objects.values_list("username", flat=True)) == people
    assert authenticate(rf.post("/"), username="operator-dinkes", password=PASSWORD)
    # People can be written to, and nobody was about the past.
    assert [person.username for person in User.objects.filter(email="")] == ["pimpinan"]
    assert not Notification.objects.filter(email_wanted=True).exists()

    # Kept totals are what counting again gives, and nobody reviewed an agency of their own.
    for assessment in Assessment.objects.select_related("period__instrument", "agency").order_by("?")[:12]:
        answers, reviews = load_answers(assessment)
        spec = spec_of(assessment.period.instrument)
        assert assessment.self_index == self_score(spec, answers).index
        if assessment.verified_exact:
            assert assessment.verified_index == verified_score(spec, answers, reviews).index
        assert assessment.answered_count == sum(answer.is_answered for answer in answers)
    for reviewer_id, agency_id in Review.objects.values_list("reviewer", "answer__assessment__agency").distinct():
        assert not User.objects.get(pk=reviewer_id).memberships.filter(agency_id=agency_id).exists()
    result = Result.objects.order_by("?").first()
    assert Fraction(result.snapshot["verified"]["index"]) == Fraction(result.verified_exact)

    # The story left its events, in order, as the acts would have.
    for assessment in Assessment.objects.filter(period__year=2025)[:5]:
        events = list(Event.objects.filter(stream=f"assessment:{assessment.pk}").values_list("action", "at"))
        assert [action for action, _ in events if action.startswith("assessment.")] == [
            "assessment.submit",
            "assessment.approve",
            "assessment.finalise",
        ]
        assert [at for _, at in events] == sorted(at for _, at in events)
        assert events[-1][1].year == 2025

    # Nothing is dated after it was handed in, and no note stammers.
    late = Evidence.objects.filter(version__document__date__gt=F("answer__assessment__submitted_at__date"))
    assert late.count() == 0
    assert [note for note in Review.objects.values_list("note", flat=True) if re.search(r"\b(\w+) \1\b", note)] == []

    # Evidence is real: each stored file opens as what it says it is.
    opened = Counter()
    for name, kind, pages in DocumentVersion.objects.values_list("file", "content_type", "page_count").distinct():
        content = default_storage.open(name).read()
        if kind == "application/pdf":
            assert len(pypdfium2.PdfDocument(content)) == pages
        else:
            Image.open(io.BytesIO(content)).verify()
        opened[kind] += 1
    assert set(opened) == {"application/pdf", "image/png", "image/jpeg"}
    assert ReportJob.objects.filter(is_draft=False).count() == 6

    call_command("seed_demo")  # a second start changes nothing
    assert Period.objects.count() == 3
