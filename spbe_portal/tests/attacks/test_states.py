"""Who held a right a moment ago, whose session is half open, and what may be told from answers about others."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import passwords, people, sign_ins, two_factor
from assessments.models import Assessment
from audit.models import Event
from conftest import PASSWORD
from spbe_portal.tests.attacks.scenes import SCENES, code_of
from spbe_portal.tests.attacks.suite import digest
from spbe_portal.tests.attacks.world import World, addresses, build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world(city, period) -> World:
    return build(city, period)


def demote(world: World, who: User) -> None:
    role = who.memberships.get()
    actor = world.city.admin
    people.end_membership(actor=actor, membership_id=role.pk, last_day=None, reason="Mutasi.")


def close(world: World, who: User) -> None:
    people.deactivate_person(actor=world.city.admin, person_id=who.pk, reason="Pensiun.")


def change_password(world: World, who: User) -> None:
    passwords.change_own_password(user=User.objects.get(pk=who.pk), password="gunung-merapi-77")


def log_out_everywhere(world: World, who: User) -> None:
    sign_ins.end_all_of(actor=world.city.admin, person_id=who.pk)


ACTS = ["save", "save_json", "submit", "add_link", "add_document_there", "adjust", "extend", "cancel", "create_period"]
ACTS += ["create_followup", "determine", "add_role", "password_link", "edit_person", "create_app", "remind", "part"]


@pytest.mark.parametrize("ended", [demote, close, change_password, log_out_everywhere], ids=lambda each: each.__name__)
@pytest.mark.parametrize("act", ACTS)
def test_a_form_opened_before_writes_nothing_after(world, act, ended):
    """The page is still on screen, its token and its session cookie are still there."""
    scene = next(each for each in SCENES if each.make.__name__ == act)
    ask = scene.make(world)
    client = world.client(scene.who)
    ended(world, getattr(world.city, scene.who))
    before, events = digest(scene.writes), Event.objects.count()
    kind = {"content_type": ask.content_type} if ask.content_type else {}
    response = client.post(reverse(scene.address, kwargs=ask.of) + ask.query, ask.body, **kind)
    assert response.status_code in (302, 401, 403, 404)
    assert (digest(scene.writes), Event.objects.count()) == (before, events)


@pytest.mark.parametrize("act", ["save", "extend", "adjust", "add_link"])
def test_a_password_alone_writes_nothing_where_a_code_is_due(world, act):
    """Between the two steps of a log-in there is a session, and nobody in it."""
    scene = next(each for each in SCENES if each.make.__name__ == act)
    ask = scene.make(world)
    secret = two_factor.new_secret()
    person = getattr(world.city, scene.who)
    two_factor.switch_on(user=person, secret=secret, code=code_of(secret))
    client = Client()
    response = client.post(reverse("account_login"), {"login": person.username, "password": PASSWORD})
    assert (response.status_code, response.url.startswith(reverse("mfa_authenticate"))) == (302, True)
    before = digest(scene.writes)
    response = client.post(reverse(scene.address, kwargs=ask.of) + ask.query, ask.body)
    assert (response.status_code, response.url.startswith(reverse("account_login"))) == (302, True)
    assert digest(scene.writes) == before


@pytest.mark.parametrize("role", ["coordinator", "operator"])
def test_who_must_have_a_second_factor_writes_nothing_without(world, settings, role):
    scene = next(each for each in SCENES if each.make.__name__ == {"coordinator": "extend", "operator": "save"}[role])
    ask = scene.make(world)
    settings.TWO_FACTOR_ROLES = frozenset({"coordinator", "operator"})
    before = digest(scene.writes)
    client = world.client(scene.who)
    response = client.post(reverse(scene.address, kwargs=ask.of), ask.body)
    assert response.status_code in (302, 401, 403)
    assert digest(scene.writes) == before


class TestTelling:
    @pytest.mark.parametrize(
        "name", ["operator-dinkes", "operator2-dinkes", "tidak-ada", "ADMIN", "a" * 100, "a@b.c", "' OR 1=1 --"]
    )
    def test_each_log_in_costs_one_hash_whoever_is_meant(self, city, monkeypatch, name):
        """Else the time tells who has an account. `operator2-dinkes` is closed."""
        User.objects.filter(pk=city.operator2.pk).update(is_active=False)
        hashed = []
        encode = MD5PasswordHasher.encode
        monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))
        Client().post(reverse("account_login"), {"login": name, "password": "salah-sekali-2026"})
        assert len(hashed) == 1

    NAMES = ["sheet", "answer", "submit", "history", "document", "document_edit", "followup", "application"]
    NAMES += ["evidence_download", "document_download", "notification_open", "report", "upload", "report_download"]

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_anothers_thing_and_one_that_is_not_are_the_same_page(self, world, name, method):
        address = next(one for one in addresses() if one.name == name)
        there = address.args(world)
        key = "key" if "key" in there else "pk"
        none = 10**8 if isinstance(there[key], int) else "00000000-0000-4000-8000-000000000000"
        seen = set()
        for value in (there[key], none):
            url = reverse(name, kwargs={**there, key: value})
            response = getattr(world.client("other_operator"), method)(url)
            text = re.sub(r'value="\w{64}"', "", response.content.decode().replace(url, "ADDRESS"))
            seen.add((response.status_code, text, response.headers.get("Location")))
        assert len(seen) == 1
        assert {status for status, *_ in seen} <= {400, 404, 405}


class TestTooMuch:
    @pytest.mark.parametrize("name", ["answer_save", "assignments_save"])
    @pytest.mark.parametrize(
        "body", ["[" * 100_000, '{"a":' * 50_000, '{"version": 1e999}', '{"version": NaN}', "\x00"]
    )
    def test_json_without_end_is_refused(self, world, name, body):
        who, args = ("operator", [world.assessment.pk, "12"]) if name == "answer_save" else ("coordinator", [1])
        args = args if name == "answer_save" else [world.period.pk]
        before = Event.objects.count()
        response = world.client(who).post(reverse(name, args=args), body, content_type="application/json")
        assert 400 <= response.status_code < 500
        assert Event.objects.count() == before

    @pytest.mark.parametrize("count", [150, 1200])
    def test_many_files_and_parts_are_refused(self, world, count):
        where = reverse("evidence_add", args=[world.assessment.pk, "12"])
        files = [SimpleUploadedFile(f"{number}.pdf", b"%PDF") for number in range(count)]
        response = world.client("operator").post(where, {"file": files})
        assert 400 <= response.status_code < 500

    @pytest.mark.parametrize("until", ["9" * 30, "9" * 5000, "-1", "٣", "²", "1e9", "\x00"])
    def test_a_number_that_is_none_is_no_error(self, world, until):
        assert world.client("operator").post(reverse("notification_read_all"), {"until": until}).status_code == 302

    def test_a_deadline_in_the_past_or_the_far_future_opens_nothing(self, world):
        """An extension ends somewhere, and never before now."""
        where, client = reverse("extend", args=[world.assessment.pk]), world.client("coordinator")
        held = Assessment.objects.get(pk=world.assessment.pk).due_at
        for day in (timezone.localdate() - timedelta(days=1), timezone.localdate().replace(year=9999)):
            body = {"deadline_date": f"{day:%d/%m/%Y}", "deadline_time": "16.00", "reason": "x"}
            assert client.post(where, body).status_code == 200
        assert Assessment.objects.get(pk=world.assessment.pk).due_at == held

    def test_slow_bodies_end_at_the_proxy(self):
        """Eight senders of a byte a second fill our threads: nginx takes the whole body in before any of them."""
        conf = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
        assert re.findall(r"proxy_request_buffering\s+off|proxy_http_version\s+2", conf) == []
        assert [int(seconds) <= 120 for seconds in re.findall(r"client_body_timeout\s+(\d+)s", conf)] == [True]
