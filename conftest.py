"""The cast and the small city every test plays in."""

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from django.utils import timezone

import accounts.errors
import assessments.errors
from accounts.models import Agency, Membership, Role, User
from assessments import specs, workflow
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, Period, Review, Status
from assessments.services import periods as period_services
from assessments.services import reviews as review_services
from assessments.services._base import locked, note_contribution, refresh_totals
from audit import triggers
from indicators.models import Instrument
from spbe_portal.tests import kept

DEFAULT_INSTRUMENT = "spbe-47-7aspek"
PASSWORD = "sandi-untuk-uji-2026"
#: What a page says and where it leads. On PostgreSQL the guard and the attack suite ask every page as everyone, and
#: the services and queries under them have their own tests.
DRAWN = frozenset(
    {
        "test_edit_pages",
        "test_fill",
        "test_followups_pages",
        "test_home",
        "test_library_pages",
        "test_links",
        "test_pages",
        "test_past_pages",
        "test_review_overview",
        "test_review_page",
        "test_roadmap_page",
        "test_views",
        "test_views_assignments",
        "test_views_determination",
        "test_views_periods",
        "test_views_results",
    }
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""


def pytest_collection_modifyitems(config, items):
    """A missing service is a visible skip on a desk, and a failure where it is required.

    Where all services are, everything runs on SQLite first: what touches no database is left out on PostgreSQL, and
    what proves nothing more there (`once`, and the pages in `DRAWN`).
    """
    required = os.environ.get("REQUIRE_SERVICES") == "1"
    if required and connection.vendor == "postgresql":
        again = [item for item in items if _proves_more_there(item)]
        config.hook.pytest_deselected(items=[item for item in items if not _proves_more_there(item)])
        items[:] = again
    for item in items:
        if item.get_closest_marker("browser"):
            # The browser's event loop runs in the test's thread, where Django sees it and refuses queries.
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
            if not CHROMIUM and not required:
                item.add_marker(pytest.mark.skip(reason="Chromium tidak ada"))
            if required:
                # A real browser on a machine full of other work misses a beat now and then: once is listed in the
                # summary (R), twice is a failure.
                item.add_marker(pytest.mark.flaky(reruns=1))
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql" and not required:
            item.add_marker(pytest.mark.skip(reason="DATABASE_URL bukan PostgreSQL"))


def _proves_more_there(item) -> bool:
    if item.get_closest_marker("once") or item.path.stem in DRAWN:
        return False
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(
        item.fixturenames
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium instead of one of Playwright's own."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "id-ID", "timezone_id": "Asia/Jakarta"}


@pytest.fixture(autouse=True)
def _separate_files(settings, tmp_path):
    """Every test has its own folder for files; nothing it stores outlives it."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": settings.MEDIA_ROOT, "base_url": None, "file_permissions_mode": 0o600},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    specs._kept.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_triggers():
    """A test with real transactions leaves its rows behind, and the tables are cleared: past what forbids it."""
    flush = TransactionTestCase._fixture_teardown

    def cleared(case: TransactionTestCase) -> None:
        with triggers.lifted(connection):
            flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", cleared)
        yield


@pytest.fixture
def _world(db, request) -> None:
    """What the test asks for of city, instrument and period, and how far Dinkes is, at once."""
    asked = tuple(name for name in ("city", "instrument", "period") if name in request.fixturenames)
    if asked:
        marker = request.node.get_closest_marker("begins")
        steps = _steps([*request.fixturenames, *(marker.args if marker else ())])
        kept.begin_in((*asked, *steps), lambda: _built(asked, steps))


def _steps(names: list[str]) -> tuple[str, ...]:
    """The states of Dinkes's assessment that the test begins after; what it asks for on its way comes as it goes."""
    if "assessment" not in names or {"returned", "approved"} <= set(names):
        return ()
    return tuple(name for name in STEPS if name in names)


def _built(asked: tuple[str, ...], steps: tuple[str, ...]) -> None:
    city = _make_city() if "city" in asked else None
    if "instrument" in asked:
        call_command("load_instruments")
    if city and "period" in asked:
        period = _make_period(city)
        for step in steps:
            STEPS[step](Assessment.objects.get(period=period, agency=city.dinkes), city)


@pytest.fixture
def instrument(_world) -> Instrument:
    """The shipped default instrument: SPBE 47, seven aspects."""
    if not Instrument.objects.filter(code=DEFAULT_INSTRUMENT).exists():
        call_command("load_instruments")
    return Instrument.objects.get(code=DEFAULT_INSTRUMENT)


def make_person(username: str, *roles: tuple[str, Agency], **fields) -> User:
    """A person with current memberships, each (role, agency)."""
    person = User.objects.create_user(username, password=PASSWORD, name=fields.pop("name", username.title()), **fields)
    for role, agency in roles:
        Membership.objects.create(user=person, agency=agency, role=role, valid_from=date(2020, 1, 1))
    return person


#: Who stands for whom in `City`.
CAST = {
    "operator": "operator-dinkes",
    "operator2": "operator2-dinkes",
    "other_operator": "operator-dinsos",
    "verifier": "verifikator",
    "verifier2": "verifikator2",
    "coordinator": "koordinator",
    "leader": "pimpinan",
    "admin": "admin",
    "outsider": "tamu",
}


@dataclass
class City:
    """A government of three agencies and its people."""

    dinkes: Agency
    dinsos: Agency
    diskominfo: Agency
    operator: User  # of Dinkes
    operator2: User  # of Dinkes too
    other_operator: User  # of Dinsos
    verifier: User  # at Diskominfo
    verifier2: User  # at Dinsos
    coordinator: User  # at Diskominfo
    leader: User  # at Diskominfo
    admin: User  # superuser without a role
    outsider: User  # an account without any role


@pytest.fixture
def city(_world) -> City:
    if not Agency.objects.filter(slug="dinkes").exists():
        return _make_city()
    agency = {each.slug: each for each in Agency.objects.all()}
    person = {each.username: each for each in User.objects.all()}
    return City(
        **{slug: agency[slug] for slug in ("dinkes", "dinsos", "diskominfo")},
        **{name: person[username] for name, username in CAST.items()},
    )


def _make_city() -> City:
    dinkes = Agency.objects.create(slug="dinkes", name="Dinas Kesehatan", short_name="Dinkes", kind="dinas")
    dinsos = Agency.objects.create(slug="dinsos", name="Dinas Sosial", short_name="Dinsos", kind="dinas")
    diskominfo = Agency.objects.create(
        slug="diskominfo", name="Dinas Komunikasi dan Informatika", short_name="Diskominfo", kind="dinas"
    )
    return City(
        dinkes=dinkes,
        dinsos=dinsos,
        diskominfo=diskominfo,
        operator=make_person("operator-dinkes", (Role.OPERATOR, dinkes)),
        operator2=make_person("operator2-dinkes", (Role.OPERATOR, dinkes)),
        other_operator=make_person("operator-dinsos", (Role.OPERATOR, dinsos)),
        verifier=make_person("verifikator", (Role.VERIFIER, diskominfo)),
        verifier2=make_person("verifikator2", (Role.VERIFIER, dinsos)),
        coordinator=make_person("koordinator", (Role.COORDINATOR, diskominfo)),
        leader=make_person("pimpinan", (Role.LEADER, diskominfo)),
        admin=User.objects.create_superuser("admin", password=PASSWORD, name="Administrator"),
        outsider=make_person("tamu"),
    )


@pytest.fixture
def period(city, instrument) -> Period:
    """An open period with all indicators assigned to Dinkes, Dinsos and Diskominfo."""
    there = Period.objects.select_related("instrument").filter(name="Penilaian 2026").first()
    return there or _make_period(city)


def _make_period(city: City) -> Period:
    instrument = Instrument.objects.get(code=DEFAULT_INSTRUMENT)
    made = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2026",
        year=2026,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes, city.dinsos, city.diskominfo],
        target=Decimal("3.60"),
    )
    return workflow.open_period(period_id=made.pk, user=city.coordinator)


@pytest.fixture
def assessment(period, city) -> Assessment:
    """Dinkes's draft."""
    return Assessment.objects.get(period=period, agency=city.dinkes)


def attach(answer: Answer, user: User, title: str = "Laporan kegiatan") -> Evidence:
    """A small stored file as evidence of `answer`, written past the upload page."""
    document = Document.objects.create(agency=answer.assessment.agency, title=title, created_by=user)
    version = DocumentVersion(
        document=document,
        original_name="laporan.pdf",
        content_type="application/pdf",
        size=9,
        sha256="0" * 64,
        uploaded_by=user,
    )
    version.file.save(f"evidence/{answer.pk}-{document.pk}.pdf", ContentFile(b"%PDF-1.4\n"), save=True)
    return Evidence.objects.create(answer=answer, version=version, added_by=user)


def fill(assessment: Assessment, user: User, level: int = 3, **levels: int) -> Assessment:
    """Answer everything completely at `level`; `levels` by code as `i12=4`. A state written in bulk, not acts."""
    answers = list(assessment.answers.select_related("indicator"))
    shared = attach(answers[0], user).version
    for answer in answers:
        answer.self_level = levels.get(f"i{answer.indicator.code}", level)
        answer.fact, answer.analysis, answer.version = "Ada.", "Memenuhi.", answer.version + 1
        answer.changed_at, answer.changed_by = timezone.now(), user
    Answer.objects.bulk_update(answers, ["self_level", "fact", "analysis", "version", "changed_at", "changed_by"])
    Evidence.objects.bulk_create(Evidence(answer=answer, version=shared, added_by=user) for answer in answers[1:])
    return _counted(assessment, user, wrote=True)


def _counted(assessment: Assessment, user: User, *, wrote: bool = False) -> Assessment:
    with transaction.atomic():
        acting = locked(assessment.pk, user)
        if wrote:
            note_contribution(acting)
        refresh_totals(acting)
    assessment.refresh_from_db()
    return assessment


def hand_in(assessment: Assessment, user: User, **levels: int) -> Assessment:
    fill(assessment, user, **levels)
    return workflow.submit(assessment_id=assessment.pk, user=user)


def accept_all(assessment: Assessment, user: User) -> None:
    """Accept every answer that has no decision."""
    Review.objects.bulk_create(
        Review(
            answer=answer,
            round=assessment.round,
            decision="accept",
            verified_level=answer.self_level,
            reviewer=user,
            decided_at=timezone.now(),
        )
        for answer in assessment.answers.exclude(reviews__is_current=True)
    )
    _counted(assessment, user)


def _submit(assessment: Assessment, city: City) -> Assessment:
    return hand_in(assessment, city.operator)


def _return(assessment: Assessment, city: City) -> Assessment:
    for code in ("1", "2"):
        review_services.decide(
            assessment_id=assessment.pk,
            code=code,
            user=city.verifier,
            decision="return",
            reason="not_signed",
            note="Belum ditandatangani.",
        )
    assessment.refresh_from_db()
    accept_all(assessment, city.verifier)
    return workflow.return_assessment(assessment_id=assessment.pk, user=city.verifier)


def _approve(assessment: Assessment, city: City) -> Assessment:
    accept_all(assessment, city.verifier)
    return workflow.approve(assessment_id=assessment.pk, user=city.verifier)


def _finalise(assessment: Assessment, city: City) -> Assessment:
    workflow.finalise_period(period_id=assessment.period_id, user=city.coordinator, reason="Batas waktu sudah lewat.")
    assessment.refresh_from_db()
    return assessment


#: What brings Dinkes's assessment from a draft to each state, in this order.
STEPS: dict[str, Callable[[Assessment, City], Assessment]] = {
    "submitted": _submit,
    "returned": _return,
    "approved": _approve,
    "final": _finalise,
}


def _there(assessment: Assessment) -> Assessment:
    """As a step gives it back."""
    return Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk)


@pytest.fixture
def submitted(assessment, city) -> Assessment:
    """Dinkes handed in, everything at level 3."""
    return _submit(assessment, city) if assessment.status == Status.DRAFT else _there(assessment)


@pytest.fixture
def returned(submitted, city) -> Assessment:
    """Indicators 1 and 2 came back."""
    return _return(submitted, city) if submitted.status == Status.SUBMITTED else submitted


@pytest.fixture
def approved(submitted, city) -> Assessment:
    return _approve(submitted, city) if submitted.status == Status.SUBMITTED else submitted


@pytest.fixture
def final(approved, period, city) -> Assessment:
    return approved if approved.status == Status.FINAL else _finalise(approved, city)


@pytest.fixture
def login(client):
    """`login(user)` gives the test client, logged in as that person."""

    def _login(user: User):
        client.force_login(user)
        return client

    return _login


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once, each on its own connection; the value or the refusal of each, in order."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            outcomes[position] = act()
        except (accounts.errors.Refused, assessments.errors.Refused) as refusal:
            outcomes[position] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(position, act)) for position, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes
