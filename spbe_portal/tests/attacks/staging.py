"""Plays the scenes: the right person's request writes; sent by anybody else or in any other way it writes nothing."""

import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from spbe_portal.tests.attacks import bodies
from spbe_portal.tests.attacks.scenes import Ask, Scene
from spbe_portal.tests.attacks.suite import NOT_COUNTED, Attacker, Attempt, Baseline, digest, watched
from spbe_portal.tests.test_guard import WHO

TITLES = {
    "scene_others": "Isian sah yang dikirim orang lain (juga dengan tajuk “Remote-User” palsu)",
    "scene_keys": "Kunci milik OPD lain dalam isian sah, dikirim yang berhak atas halamannya",
    "scene_stale": "Versi, revisi, atau tanda yang usang, palsu, atau hilang dalam isian sah",
    "scene_forged": "Pelaku, status, nilai, peran, dan OPD palsu ditambahkan pada isian sah",
    "scene_get": "Isian sah sebagai GET dan HEAD, dan GET yang mengaku POST (tajuk dan `_method`)",
    "scene_method": "Isian sah sebagai PUT, PATCH, DELETE",
    "scene_csrf": "Isian sah tanpa token CSRF, dan dengan token serta asal situs lain",
}
#: Answers to who may not. An own page of everybody's leads back, and what is one person's alone is gone.
FORBIDDEN = {403, 404, 405}
LEADS_BACK = {
    "agency_import_review": "of another's list nothing is said",
    "person_import_review": "of another's list nothing is said",
    "two_factor_on": "asks once more who it is",
    "two_factor_codes": "asks once more who it is",
    "two_factor_off": "asks once more who it is",
    "token_make": "asks once more who it is",
    "session_end": "another's session is none of one's own",
    "document_add": "a coordinator has to choose an agency first",
}
AS_SOMEBODY = {"Remote-User": "koordinator", "X-Forwarded-User": "koordinator", "X-Portal-User": "1"}
#: Names that mean something there though the form at hand does not send them (tried under keys and versions).
KNOWN_THERE = {"begin_for_library": ("assessment",), "adjust": ("version",)}
COLLEAGUES = {"operator": "operator2", "coordinator": "coordinator2", "verifier": "verifier2"}
VERSIONS = ("version", "revision", "round", "unfinished", "token", "tanda", "sealed")
_OF_RIGHTS = re.compile(
    r"(status|state|version|revision|round|self_level|verified_level|level|decision|role|is_\w+|username|name|"
    r"on_behalf|\w*_by_id|(agency|user|actor|reviewer|person)_id|action|valid_until)"
)


def play(attacker: Attacker, scene: Scene) -> None:
    world = attacker.world
    with transaction.atomic():
        ask = scene.make(world)
        stage = _Stage(attacker, scene, ask)
        cache.clear()
        attacker.baseline = Baseline()
        stage.others()
        stage.other_ways()
        stage.outdated()
        plain = stage.send("rightful", scene.who, "valid", must_write=True)
        stage.foreign(plain)
        stage.forged(plain)
        transaction.set_rollback(True)
    attacker.baseline = Baseline()


class _Stage:
    def __init__(self, attacker: Attacker, scene: Scene, ask: Ask):
        self.attacker, self.scene, self.ask = attacker, scene, ask
        self.url = reverse(scene.address, kwargs=ask.of) + ask.query
        self.people = set(User.objects.values_list("pk", flat=True))

    def send(
        self,
        attack: str,
        who: str,
        sent: str,
        *,
        body: Any = None,
        method: str = "POST",
        client: Client | None = None,
        answers: set[int] | None = None,
        must_write: bool = False,
        same_as: list[str] | None = None,
        **headers: str,
    ) -> list[str]:
        """One request, judged and taken back. Gives what the written rows say of rights, states and actors."""
        client = client or self.attacker.world.client(who)
        with transaction.atomic():
            with watched() as touched:
                response = self._request(client, method, self.ask.body if body is None else body, headers)
                if response.streaming:
                    b"".join(response.streaming_content)  # type: ignore[attr-defined]
            tables = sorted(touched - NOT_COUNTED)
            after = {table: digest(table) for table in tables}
            changed = tuple(table for table in tables if after[table] != self.attacker.baseline.known.get(table, ""))
            said = (
                [row for table in tables for row in _said(table, self.people)]
                if must_write or same_as is not None
                else []
            )
            transaction.set_rollback(True)
        changed = tuple(table for table in changed if after[table] != self.attacker.baseline.of(table))
        problem = ""
        if response.status_code >= 500:
            problem = f"answered {response.status_code}"
        elif must_write:
            if self.scene.writes not in changed:
                problem = f"wrote {changed}, not {self.scene.writes}: {_text(response)}"
            elif same_as is not None and said != same_as:
                problem = f"took what was forged: {sorted(set(said) ^ set(same_as))[:4]}"
        elif same_as is not None:
            if changed and said != same_as:
                problem = f"took what was forged: {sorted(set(said) ^ set(same_as))[:4]}"
        elif changed:
            problem = f"wrote {', '.join(changed)}"
        elif answers and response.status_code not in answers:
            problem = f"answered {response.status_code}"
        state = self.scene.make.__name__
        attempt = Attempt(attack, self.scene.address, state, who, sent, response.status_code, changed, problem)
        self.attacker.done.append(attempt)
        return said

    def _request(self, client: Client, method: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        cache.clear()
        kind = self.ask.content_type
        if isinstance(body, dict):
            for value in body.values():
                if hasattr(value, "seek"):
                    value.seek(0)
            if kind == "application/json":
                body = json.dumps(body)
        if method in ("GET", "HEAD"):
            data = (
                {name: value for name, value in body.items() if not hasattr(value, "seek")} if _is_form(body) else {}
            )
            more = [pair.split("=", 1) for pair in self.ask.query.lstrip("?").split("&") if pair]
            return getattr(client, method.lower())(self.url.partition("?")[0], {**data, **dict(more)}, headers=headers)
        if kind:
            return client.generic(method, self.url, body, content_type=kind, headers=headers)
        if method == "POST":
            return client.post(self.url, body, headers=headers)
        return client.generic(
            method, self.url, "a=1", content_type="application/x-www-form-urlencoded", headers=headers
        )

    # --- What is tried -------------------------------------------------------------------------------

    def others(self) -> None:
        for who in WHO:
            if who in self.scene.may:
                continue
            is_soft = self.scene.address in LEADS_BACK
            answers = {302} if who == "anonymous" else FORBIDDEN | {410} | ({302} if is_soft else set())
            self.send("scene_others", who, "valid", answers=answers)
        if "anonymous" not in self.scene.may:
            self.send("scene_others", "anonymous", "valid, as somebody", answers={302, 401}, **AS_SOMEBODY)

    def other_ways(self) -> None:
        who = self.scene.who
        self.send("scene_get", who, "valid", method="GET")
        self.send("scene_get", who, "valid", method="HEAD")
        override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"}
        more = {**self.ask.body, "_method": "POST"} if _is_form(self.ask.body) else None
        self.send("scene_get", who, "says it is a POST", body=more, method="GET", **override)
        if who != "anonymous":
            for kind, headers in (
                ("none", {}),
                ("invented", {"X-CSRFToken": "a" * 64, "Cookie2": "csrftoken=" + "a" * 64}),
                ("another site", {"Origin": "https://evil.example", "Referer": "https://evil.example/"}),
            ):
                client = Client(enforce_csrf_checks=True, raise_request_exception=False)
                client.cookies = SimpleCookie(self.attacker.world.cookies[who])
                if kind == "invented":
                    client.cookies["csrftoken"] = "b" * 32
                self.send("scene_csrf", who, kind, client=client, answers={403}, **headers)
        for method in ("PUT", "PATCH", "DELETE"):
            self.send("scene_method", who, method, method=method, answers={405})

    def foreign(self, plain: list[str]) -> None:
        """Refused, or passed over: then the same is written as without."""
        for kind, body in self.ask.foreign.items():
            self.send("scene_keys", self.scene.who, kind, body=body, same_as=plain)

    def outdated(self) -> None:
        if not _is_form(self.ask.body):
            return
        for name in VERSIONS:
            if name not in self.ask.body:
                continue
            held = str(self.ask.body[name])
            number = int(held) if held.isdigit() else None
            wrong: tuple[Any, ...] = (number + 1, 999_999, -1, "x") if number is not None else ("x", f"{held}x", "0")
            if number:
                wrong += (number - 1,)
            for value in wrong:
                self.send("scene_stale", self.scene.who, f"{name} {value!r:.12}", body={**self.ask.body, name: value})
            without = {key: value for key, value in self.ask.body.items() if key != name}
            self.send("scene_stale", self.scene.who, f"no {name}", body=without)

    def forged(self, plain: list[str]) -> None:
        """What nobody asked for, added: exactly the same is written, or nothing."""
        if not _is_form(self.ask.body):
            return
        city = self.attacker.world.city
        colleague = COLLEAGUES.get(self.scene.who, "admin")  # who could do the same: no refusal hides it
        added = dict(bodies.FORGED) | {
            name: str(city.dinsos.pk)
            for name in ("agency", "agency_id", "opd", "assessment", "membership", "document")
        }
        added |= {
            name: str(getattr(city, colleague).pk)
            for name in (
                "user",
                "user_id",
                "actor",
                "actor_id",
                "person",
                "by",
                "created_by",
                "uploaded_by",
                "added_by",
            )
        }
        added |= {"on_behalf": "on", "on_behalf_of": str(city.dinsos.pk), "role": "coordinator", "is_active": "on"}
        added |= {
            "decided_at": "2020-01-01",
            "submitted_at": "2020-01-01",
            "created_at": "2020-01-01",
            "now": "2020-01-01",
        }
        added |= {"is_current": "on", "is_final": "on", "session_serial": "0", "pk": "1", "id": "1"}
        known = {*self.ask.body, *KNOWN_THERE.get(self.scene.make.__name__, ())}
        body = {name: value for name, value in added.items() if name not in known} | self.ask.body
        is_read_strictly = self.ask.content_type == "application/json"  # an unknown name is refused there
        self.send(
            "scene_forged", self.scene.who, "added fields", body=body, same_as=plain, must_write=not is_read_strictly
        )


def _is_form(body: Any) -> bool:
    return isinstance(body, dict)


def _said(table: str, people: set[int]) -> Iterator[str]:
    """What the rows of a table say of rights, states and actors. Who is new has a key of the database's choice."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in cursor.description]
        wanted = [at for at, name in enumerate(names) if _OF_RIGHTS.fullmatch(name)]
        rows = sorted(
            repr(
                [(names[at], "new" if names[at] == "user_id" and row[at] not in people else row[at]) for at in wanted]
            )
            for row in cursor.fetchall()
        )
    for row in rows:
        yield f"{table}: {row}"


def _text(response: HttpResponse) -> str:
    """What an answer says, for the report of a scene that went wrong."""
    if response.status_code in (301, 302):
        return f"{response.status_code} {response.headers.get('Location')}"
    if response.streaming:
        return str(response.status_code)
    text = re.sub(r"(?s)<(script|style|head|nav).*?</\1>|<[^>]+>", " ", response.content.decode(errors="replace"))
    return f"{response.status_code} {' '.join(text.split())[:600]}"
