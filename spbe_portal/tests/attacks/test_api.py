"""The API under attack: every address that writes, asked by who may not and in ways that must not work.

A new address needs its scene in `api_scenes`. The oracle is the one of the pages: a refused request writes nothing.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Membership, User
from accounts.services import passwords, sign_ins
from spbe_portal.tests.attacks import bodies
from spbe_portal.tests.attacks.api_scenes import SCENES, Ask, Scene, token_of
from spbe_portal.tests.attacks.exchange_scenes import HOSTS
from spbe_portal.tests.attacks.staging import COLLEAGUES, _said
from spbe_portal.tests.attacks.suite import NOT_COUNTED, digest, watched
from spbe_portal.tests.attacks.world import World, build
from spbe_portal.tests.test_api_guard import ADDRESSES, OPEN_WRITES, addresses_to_write
from spbe_portal.tests.test_guard import WHO

pytestmark = pytest.mark.django_db

JSON = "application/json"
WRITES = ("post", "put", "patch", "delete")


@dataclass(frozen=True)
class Try:
    attack: str
    scene: str
    sent: str
    status: int
    problem: str


@dataclass
class Answer:
    status: int
    text: str
    changed: tuple[str, ...]
    said: list[str] = field(default_factory=list)


def send(
    method: str,
    url: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    *,
    kind: str = JSON,
    client: Client | None = None,
    people: set[int] | None = None,
) -> Answer:
    """One request of a program, taken back. `people`: also what the written rows say of rights, states and actors."""
    client = client or Client(raise_request_exception=False)
    data: Any = b""
    if isinstance(body, dict) and any(hasattr(value, "seek") for value in body.values()):
        for value in body.values():
            if hasattr(value, "seek"):
                value.seek(0)
        data, kind = encode_multipart(BOUNDARY, body), MULTIPART_CONTENT
    elif isinstance(body, str | bytes):
        data = body
    elif body is not None:
        data = json.dumps(body)
    cache.clear()
    with transaction.atomic():
        with watched() as touched:
            response = client.generic(method.upper(), url, data, content_type=kind, headers=headers or {})
            text = b"".join(response.streaming_content) if response.streaming else response.content
        tables = sorted(touched - NOT_COUNTED)
        after = {table: digest(table) for table in tables}
        said = [row for table in tables for row in _said(table, people)] if people is not None else []
        transaction.set_rollback(True)
    changed = tuple(table for table in tables if digest(table) != after[table])
    return Answer(response.status_code, text.decode(errors="replace"), changed, said)


# --- Ways in which a right ended ----------------------------------------------------------------------


def is_revoked(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())


def is_expired(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1), created_at=timezone.now() - timedelta(days=2)
    )


def is_deactivated(token: ApiToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


def has_another_password(token: ApiToken) -> None:
    passwords.change_own_password(user=User.objects.get(pk=token.user_id), password="gunung-merapi-77")


def has_its_sessions_ended(token: ApiToken) -> None:
    sign_ins.end_all_of(actor=User.objects.get(username="admin"), person_id=token.user_id)


def has_no_role_since_yesterday(token: ApiToken) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=token.user_id).update(valid_until=yesterday)


def only_reads(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(scope="read")


#: A look, whatever else it says it is.
NOTHING_TO_READ = {200, 401, 404, 405, 409}
#: What then is answered. Where only the role is gone, the rest of what everybody may is still theirs.
ENDED: dict[Callable[[ApiToken], None], set[int]] = {
    is_revoked: {401},
    is_expired: {401},
    is_deactivated: {401},
    has_another_password: {401},
    has_its_sessions_ended: {401},
    has_no_role_since_yesterday: {403, 404},
    only_reads: {403},
}
#: Where somebody may come with another agency, this one is refused as a value.
NOT_THEIRS = {"api_applications": {400}}
#: Theirs without any role.
OWN = {"api_token", "api_notification_read", "api_notifications_read_all"}


class Stage:
    """One scene, set up; what is tried against it."""

    def __init__(self, world: World, scene: Scene, done: list[Try]):
        self.world, self.scene, self.done = world, scene, done
        self.ask: Ask = scene.make(world)
        self.url = reverse(scene.address, kwargs=self.ask.of) + self.ask.query
        self.people = set(User.objects.values_list("pk", flat=True))
        self.mine = world.things["tokens"].get(scene.who, {})

    def note(self, attack: str, sent: str, answer: Answer, problem: str) -> None:
        if answer.status >= 500:
            problem = f"answered {answer.status}"
        self.done.append(Try(attack, self.scene.name, sent, answer.status, problem))

    def refused(self, attack: str, sent: str, answers: set[int], **how: Any) -> Answer:
        """Sent, refused with one of `answers`, and nothing changed."""
        given = {"method": self.scene.method, "url": self.url, "body": self.ask.body, "headers": self.mine} | how
        got = send(**given)
        problem = f"wrote {', '.join(got.changed)}" if got.changed else ""
        if not problem and got.status not in answers:
            problem = f"answered {got.status}: {got.text[:200]}"
        self.note(attack, sent, got, problem)
        return got

    def play(self) -> None:
        if self.scene.address != "api_token":
            self.others()
            self.ended()
        self.other_ways()
        plain = self.rightful()
        self.forged(plain)
        for sent, body in self.ask.foreign.items():
            self.refused("keys", sent, {400, 403, 404, 409}, body=body)
        for sent, keys in self.ask.nested.items():
            self.refused("nested", sent, {404}, url=reverse(self.scene.address, kwargs=keys) + self.ask.query)
        self.hostile()

    def rightful(self) -> Answer:
        got = send(self.scene.method, self.url, self.ask.body, self.mine, people=self.people)
        wanted = (self.scene.writes in got.changed) if self.scene.writes else not got.changed
        problem = "" if wanted and 200 <= got.status < 300 else f"wrote {got.changed}: {got.text[:400]}"
        self.note("rightful", "valid", got, problem)
        return got

    def others(self) -> None:
        for who in WHO:
            if who not in self.scene.may:
                answers = {401} if who == "anonymous" else {403, 404} | NOT_THEIRS.get(self.scene.address, set())
                self.refused("others", who, answers, headers=self.world.things["tokens"].get(who, {}))

    def ended(self) -> None:
        """Every way in turn; those that the token itself does not show at every scene."""
        token = self.world.things["made"][self.scene.who]
        for at, (end, answers) in enumerate(ENDED.items()):
            if answers == {401} and at % 2 == len(self.done) % 2:
                continue
            if end is has_no_role_since_yesterday and (self.scene.address in OWN or self.scene.who == "admin"):
                continue
            if end is has_its_sessions_ended and self.scene.who == "admin":
                continue  # nobody else ends an administrator's
            with transaction.atomic():
                end(token)
                self.refused("ended", end.__name__, answers)
                transaction.set_rollback(True)

    def other_ways(self) -> None:
        """Who one is, said otherwise than by the token's header; and what to do, otherwise than by the method."""
        if self.mine:
            self.refused("ways", "a session", {401}, headers={}, client=self.world.client(self.scene.who))
            plain = self.mine["Authorization"].partition(" ")[2]
            query = "&".join(f"{name}={plain}" for name in ("token", "auth_token", "access_token", "Authorization"))
            self.refused("ways", "a query", {401}, headers={}, url=f"{self.url.partition('?')[0]}?{query}")
            cookie = f"token={plain}; Authorization=Token {plain}; auth_token={plain}"
            named = {"Cookie": cookie, "Remote-User": "admin", "X-Forwarded-User": "admin", "X-Token": plain}
            self.refused("ways", "cookies and other headers", {401}, headers=named)
            word = ("Bearer", "Basic", "Token Token", "Tokenx")[len(self.done) % 4]
            self.refused("ways", word, {401}, headers={"Authorization": f"{word} {plain}"})
        names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
        over = self.mine | dict.fromkeys(names, self.scene.method.upper())
        look = ("GET", "HEAD")[len(self.done) % 2]
        self.refused("ways", f"{look} that says otherwise", NOTHING_TO_READ, method=look, headers=over)
        others = ("OPTIONS", "TRACE", *sorted(set(WRITES) - allowed(self.scene.address)))
        method = others[len(self.done) % len(others)]
        self.refused("ways", method, {405} if self.mine else {401}, method=method)
        if isinstance(self.ask.body, dict) and self.ask.body:
            text = json.dumps(self.ask.body, default=str)
            kind = ("text/plain", "application/x-www-form-urlencoded", "application/xml")[len(self.done) % 3]
            self.refused("ways", kind, {415}, body=text, kind=kind)

    def forged(self, plain: Answer) -> None:
        """What nobody asked for, added: refused, or exactly the same is written."""
        city = self.world.city
        colleague = getattr(city, COLLEAGUES.get(self.scene.who, "admin")).pk
        names = ("user", "user_id", "actor", "reviewer", "created_by", "uploaded_by", "added_by", "person")
        added: dict[str, Any] = {**bodies.FORGED, **dict.fromkeys(names, colleague)}
        added |= dict.fromkeys(("agency_id", "assessment_id", "answer_id", "period_id", "pk", "id"), city.dinsos.pk)
        added |= {"on_behalf_of": city.dinsos.pk, "on_behalf": True, "is_active": True, "_method": "DELETE"}
        added |= {"decided_at": "2020-01-01", "now": "2020-01-01", "is_current": True, "__class__": "x"}
        held = self.ask.body if isinstance(self.ask.body, dict) else {}
        body = {name: value for name, value in added.items() if name not in held} | held
        got = send(self.scene.method, self.url, body, self.mine, people=self.people)
        problem = ""
        if got.changed and got.said != plain.said:
            problem = f"took what was forged: {sorted(set(got.said) ^ set(plain.said))[:4]}"
        elif held and got.status != 400:
            problem = f"passed over what it does not know: {got.status}"
        self.note("forged", "added fields", got, problem)

    def hostile(self) -> None:
        """Values of every wrong kind in every field: never a fault of ours."""
        held = self.ask.body
        if not isinstance(held, dict) or any(hasattr(value, "seek") for value in held.values()):
            held = {}
        for turn in range(TURNS):
            got = send(self.scene.method, self.url, wrong_body(list(held), turn), self.mine)
            self.note("values", f"turn {turn}", got, "")


#: As many bodies of wrong values, each field another value in each. (Every value in every field takes minutes.)
TURNS = 5
HOSTILE = {
    "null": "null",
    "empty": '""',
    "list": "[[[]]]",
    "object": '{"a": {"$ne": null}}',
    "negative": "-1",
    "large": f"{2**63}",
    "larger": "1" + "0" * 400,
    "float": "1e308",
    "true": "true",
    "digits": '"%s"' % ("9" * 40),
    "nul": '"a\\u0000b"',
    "arabic digits": '"١٢"',
    "nan": '"NaN"',
    "long": '"%s"' % ("A" * 20_000),
}


def wrong_body(names: list[str], turn: int) -> str:
    values = list(HOSTILE.values())
    if not names:
        return values[turn % len(values)]
    step = len(values) // TURNS
    fields = (f"{json.dumps(name)}: {values[(at + turn * step) % len(values)]}" for at, name in enumerate(names))
    return "{" + ", ".join(fields) + "}"


def allowed(address: str) -> set[str]:
    view = ADDRESSES[address].callback.view_class
    return {method for method in WRITES if hasattr(view, method)}


@contextmanager
def world_of(files: Any) -> Iterator[World]:
    """A government as the pages' suite has it, with tokens of everybody; taken back."""
    import conftest

    logging.disable(logging.CRITICAL)
    quick = override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        MEDIA_ROOT=files,
        WEBHOOK_HOSTS=HOSTS,
        STORAGES={
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": files, "base_url": None},
            },
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with quick, transaction.atomic():
        call_command("load_instruments", verbosity=0)
        city = conftest.city.__wrapped__(None)
        instrument = conftest.Instrument.objects.get(code="spbe-47-7aspek")
        world = build(city, conftest.period.__wrapped__(city, instrument))
        made = {who: token_of(getattr(city, who)) for who in WHO if who != "anonymous"}
        world.things["made"] = {who: token for who, (token, _) in made.items()}
        world.things["tokens"] = {who: headers for who, (_, headers) in made.items()}
        yield world
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def tries(django_db_setup, django_db_blocker, tmp_path_factory) -> list[Try]:
    """Everything is tried once for the module, in one transaction that is taken back."""
    done: list[Try] = []
    with django_db_blocker.unblock(), world_of(tmp_path_factory.mktemp("files")) as world:
        for scene in SCENES:
            with transaction.atomic():
                Stage(world, scene, done).play()
                transaction.set_rollback(True)
        keys(world, done)
    return done


def keys(world: World, done: list[Try]) -> None:
    """Keys that are none, at every address, whether it reads or writes."""
    wild = {
        "IntConverter": (0, 2**31, 2**63, 10**30),
        "SlugConverter": ("-", "0012", "x" * 300),
        "UUIDConverter": ("00000000-0000-0000-0000-000000000000",),
    }
    for name, pattern in ADDRESSES.items():
        usual = {
            key: {"IntConverter": 1, "SlugConverter": "12"}.get(type(kind).__name__, wild["UUIDConverter"][0])
            for key, kind in pattern.pattern.converters.items()
        }
        if "pk" in usual and "period" in str(pattern.pattern):
            usual["pk"] = world.period.pk
        elif "pk" in usual and "assessment" in str(pattern.pattern):
            usual["pk"] = world.assessment.pk
        for key, kind in pattern.pattern.converters.items():
            methods = ["get", *sorted(allowed(name) if hasattr(pattern.callback, "view_class") else ())]
            for at, value in enumerate(wild.get(type(kind).__name__, ())):
                method, url = methods[at % len(methods)], reverse(name, kwargs={**usual, key: value})
                got = send(method, url, None, world.things["tokens"]["coordinator"])
                refused = got.status in (400, 404, 405, 409, 415)
                problem = "" if refused and not got.changed else f"answered {got.status}, wrote {got.changed}"
                done.append(Try("wild", f"{method} {name}", f"{key} {value!r:.12}", got.status, problem))


ATTACKS = ("rightful", "others", "ended", "ways", "forged", "keys", "nested", "values", "wild")


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_holds(tries, attack):
    tried = [one for one in tries if one.attack == attack]
    assert tried
    wrong = [f"{one.scene}, {one.sent}: {one.problem} [{one.status}]" for one in tried if one.problem]
    assert not wrong, "\n".join(wrong)


def test_every_address_that_writes_has_a_scene():
    writes = {(name, method) for name, method, _ in addresses_to_write()} | set(OPEN_WRITES)
    assert writes == {(scene.address, scene.method) for scene in SCENES}
