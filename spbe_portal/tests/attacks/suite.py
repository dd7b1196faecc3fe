"""The attacks. Each sends one request, notes the answer and what it wrote, and takes everything back.

The oracle is the same for all: a hostile request writes nothing. A table counts as written where a statement touched
it and its content differs after the request, sessions and what a log-in counts apart.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from spbe_portal.tests.attacks import bodies
from spbe_portal.tests.attacks.pages import LEFT_EMPTY, forms_of
from spbe_portal.tests.attacks.world import Address, World

#: Session rows move with every request; a sign-in notes when its session was last seen.
NOT_COUNTED = {"django_session", "accounts_signin", "cache"}
_WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+["`]?(\w+)', re.IGNORECASE)
REFUSED = {302, 400, 401, 403, 404, 405, 410, 413, 429}


@dataclass(frozen=True)
class Attempt:
    """One request: what it tried, as whom, and what came of it. `problem` is empty where it held."""

    attack: str
    address: str
    state: str
    who: str
    sent: str
    status: int
    changed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_refused(self) -> bool:
        return self.status in REFUSED


@dataclass
class Baseline:
    """What the tables held before an attack; read once a state, as every attempt is taken back."""

    known: dict[str, str] = field(default_factory=dict)

    def of(self, table: str) -> str:
        if table not in self.known:
            self.known[table] = digest(table)
        return self.known[table]


def digest(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        rows = sorted(repr(row) for row in cursor.fetchall())
    return hashlib.sha256("\n".join(rows).encode(errors="replace")).hexdigest()


@contextmanager
def watched() -> Iterator[set[str]]:
    """The tables that statements touched meanwhile."""
    touched: set[str] = set()

    def note(execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        if found := _WRITE.match(sql):
            touched.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield touched


@dataclass
class Attacker:
    """Sends requests against one world and keeps what came of them."""

    world: World
    done: list[Attempt] = field(default_factory=list)
    baseline: Baseline = field(default_factory=Baseline)
    standing: str = ""
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    staged: frozenset[str] = frozenset()  # addresses whose valid form is tried apart (see `scenes`)

    def new_state(self, known: list[Address]) -> None:
        """The world moved on: what its tables and its pages' forms hold now."""
        self.baseline, self.standing, self.forms = Baseline(), _standing(self.world), {}
        for address in known:
            for who in writers(address)[::-1]:
                url = reverse(address.name, kwargs=address.args(self.world))
                with transaction.atomic():
                    response = self.world.client(who).get(url)
                    if not response.streaming and "html" in response.headers.get("Content-Type", ""):
                        self.forms |= forms_of(url, response.content.decode())
                    transaction.set_rollback(True)

    def body(self, address: Address, agency_pk: int | None = None) -> dict[str, Any]:
        """What a browser would send there: the page's own values, and something plausible in empty fields."""
        body = bodies.plausible(agency_pk or self.world.city.dinkes.pk)
        held = self.forms.get(reverse(address.name, kwargs=address.args(self.world)), {})
        for name, value in held.items():
            if value == LEFT_EMPTY:
                body[name] = ""
            elif not value:
                body.setdefault(name, "Teks")
            elif not (bodies.is_text(body.get(name)) and re.search("[A-Za-z]{3}", value)):
                body[name] = value  # a new text is typed, what is chosen or a figure stays
        return body

    def send(
        self,
        attack: str,
        address: Address,
        who: str,
        sent: str,
        *,
        method: str = "POST",
        url: str | None = None,
        data: dict[str, Any] | None = None,
        client: Client | None = None,
        may_write: Callable[[str], bool] | None = None,
        judge: Callable[[HttpResponse], str] | None = None,
        then: Callable[[Client, HttpResponse], str] | None = None,
        must_refuse: bool = False,
        **headers: str,
    ) -> Attempt:
        """One request; `judge` says what is wrong with the answer, `then` looks on before all is taken back."""
        client = client or self.world.client(who)
        where = url or reverse(address.name, kwargs=address.args(self.world))
        problem, before = "", {}
        cache.clear()
        with transaction.atomic():
            with watched() as touched:
                if method == "GET":
                    response = client.get(where, data or {}, headers=headers)
                else:
                    response = client.post(where, data or {}, headers=headers)
                if response.streaming:  # read to its end, as closing it early would close the connection
                    b"".join(response.streaming_content)
            tables = sorted(touched - NOT_COUNTED)
            after = {table: digest(table) for table in tables}
            if then:
                problem = then(client, response)
            transaction.set_rollback(True)
        before = {table: self.baseline.of(table) for table in tables}
        changed = tuple(table for table in tables if after[table] != before[table])
        wrong = changed if may_write is None else tuple(table for table in changed if not may_write(table))
        problem = problem or (f"wrote {', '.join(wrong)}" if wrong else "")
        if response.status_code >= 500:
            problem = f"answered {response.status_code}"
        elif must_refuse and response.status_code not in REFUSED:
            problem = problem or f"answered {response.status_code}"
        elif away := _leads_away(response):
            problem = problem or f"leads to {away}"
        elif judge and not problem:
            problem = judge(response)
        attempt = Attempt(attack, address.name, address.state, who, sent, response.status_code, changed, problem)
        self.done.append(attempt)
        return attempt


def _leads_away(response: HttpResponse) -> str:
    """Another host that the answer sends the browser to."""
    for name in ("Location", "HX-Redirect", "HX-Location", "Refresh"):
        host = urlsplit(response.headers.get(name, "")).netloc
        if host and host not in ("testserver", "127.0.0.1:8000"):
            return host
    return ""


# --- Attacks -----------------------------------------------------------------------------------------

#: Whoever these are, an address with a key leads to somebody else's thing, and they change nothing of it. (The leader
#: and the verifier of the agency itself see much of it.)
STRANGERS = ("anonymous", "outsider", "other_operator", "leader", "member_verifier")
#: What somebody of these may nevertheless write, by PRODUCT.md's table: the paper of an assessment is for the leader
#: from its hand-in on and for the agency's own verifier, evidence for the latter, and for the leader once approved.
MAY = {
    *((name, who) for name in ("report_request", "report_request_period") for who in ("leader", "member_verifier")),
    *(("report_retry", who) for who in ("leader", "member_verifier")),
    *(("evidence_download", who) for who in ("leader", "member_verifier")),
}


def strangers(attacker: Attacker, address: Address) -> None:
    """Others' things by key, and pages of another role: look and send."""
    body = attacker.body(address)
    for who in dict.fromkeys([*sorted(address.blocked), *(STRANGERS if address.has_args else ())]):
        if (address.name, who) in MAY:
            continue
        is_blocked = who in address.blocked
        if not address.is_in_table:  # else the guard looks
            attacker.send("others", address, who, "look", method="GET", must_refuse=is_blocked)
        if address.is_first and address.name in attacker.staged:
            continue  # a valid form says more: its scene
        attacker.send("others", address, who, "plausible form", data=body, must_refuse=is_blocked)


def looking(attacker: Attacker, address: Address) -> None:
    """A GET writes nothing, whoever sends it; that somebody read evidence is noted, and what was seen is seen."""
    for who in writers(address):
        attacker.send(
            "get",
            address,
            who,
            "look",
            method="GET",
            may_write=lambda table: table.startswith("audit_") or table == "accounts_notification",
        )


def without_token(attacker: Attacker, address: Address) -> None:
    """A form of another site, with the person's cookies and without the token."""
    if address.is_first and address.name in attacker.staged:
        return
    body = attacker.body(address)
    for who in writers(address)[:1]:
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        client.cookies = SimpleCookie(attacker.world.cookies[who])
        attacker.send("csrf", address, who, "plausible form", data=body, client=client, must_refuse=True)


FOREIGN_KEYS = (
    "agency",
    "opd",
    "assessment",
    "person",
    "user",
    "actor",
    "membership",
    "evidence",
    "document",
    "parent",
)


def forged(attacker: Attacker, address: Address) -> None:
    """Dinkes's operator adds version, state, actor and keys of Dinsos to what the form asks for."""
    world = attacker.world
    if "operator" in address.blocked or address.name in attacker.staged:
        return
    body = attacker.body(address, world.city.dinsos.pk) | bodies.FORGED
    body |= dict.fromkeys(FOREIGN_KEYS, f"{world.city.dinsos.pk}") | {"actor": f"{world.city.admin.pk}"}
    body |= {"next": "//evil.example/", "kembali": "https://evil.example/", "back": "//evil.example/"}

    def look(client: Client, response: HttpResponse) -> str:
        return "" if _standing(world) == before else "another agency's content or a right changed"

    before = attacker.standing
    attacker.send("forged", address, "operator", "foreign keys, version, state", data=body, may_write=_all, then=look)


def _standing(world: World) -> str:
    """What an operator never changes: states, other agencies' content, rights, what is written in others' names."""
    others = [world.city.dinsos.pk, world.city.diskominfo.pk]
    marks = ", ".join(["%s"] * len(others))
    held = []
    with connection.cursor() as cursor:
        for sql in (
            f"SELECT id, status, revision, round FROM assessments_assessment WHERE agency_id IN ({marks})",
            "SELECT a.id, a.self_level, a.fact FROM assessments_answer a JOIN assessments_assessment s "
            f"ON s.id = a.assessment_id WHERE s.agency_id IN ({marks})",
            f"SELECT id, title FROM assessments_document WHERE agency_id IN ({marks})",
            f"SELECT id, name, purpose FROM inventory_application WHERE agency_id IN ({marks})",
        ):
            cursor.execute(sql, others)
            held.append(sorted(map(repr, cursor.fetchall())))
        cursor.execute("SELECT id, username, is_superuser, is_active FROM accounts_user")
        held.append(sorted(map(repr, cursor.fetchall())))
        cursor.execute("SELECT user_id, agency_id, role, valid_until FROM accounts_membership")
        held.append(sorted(map(repr, cursor.fetchall())))
        cursor.execute("SELECT count(*) FROM audit_event WHERE actor_id = %s", [world.city.admin.pk])
        held.append(list(map(repr, cursor.fetchall())))
    return hashlib.sha256(repr(held).encode()).hexdigest()


def _all(table: str) -> bool:
    return True


def writers(address: Address) -> list[str]:
    """Of the people who write most, those that may come here."""
    return [who for who in ("operator", "coordinator", "verifier") if who not in address.blocked]


def rightful(attacker: Attacker, address: Address) -> None:
    """No attack: the plausible form sent by who may. Where it writes, a refusal of the same form means something."""
    if address.is_first and address.name in attacker.staged:
        return
    body = attacker.body(address)
    for who in writers(address):
        attacker.send("rightful", address, who, "plausible form", data=body, may_write=_all)


def texts(attacker: Attacker, address: Address) -> None:
    """Hostile text in every field, by who may write: never an error, never markup in a page that shows it."""
    world = attacker.world
    base = attacker.body(address)
    for who in writers(address)[:1]:
        for kind, text in bodies.HOSTILE_TEXTS.items():

            def look(client: Client, response: HttpResponse, kind: str = kind) -> str:
                pages = [response]
                if kind == "markup" and response.status_code == 302 and response.url.startswith("/"):
                    pages.append(client.get(response.url))
                if kind == "markup" and address.has_args:
                    pages.append(client.get(reverse(address.name, kwargs=address.args(world))))
                for page in pages:
                    if page.status_code >= 500:
                        return f"a page answers {page.status_code}"
                    is_page = "html" in page.headers.get("Content-Type", "")
                    if is_page and bodies.MARKUP in page.content.decode(errors="replace"):
                        return "markup stands in a page"
                return ""

            attacker.send("text", address, who, kind, data=bodies.hostile(base, text), may_write=_all, then=look)


def keys(attacker: Attacker, address: Address) -> None:
    """Keys that are none: zero, huge, of no row; texts with paths and line ends."""
    if not address.has_args:
        return
    wild = {
        "IntConverter": (0, 2**31, 2**63, 10**30),
        "StringConverter": ("..%2f..%2fetc%2fpasswd", "a\r\nX-A: b", "\x00"),
    }
    wild |= {"SlugConverter": ("-", "x" * 300), "UUIDConverter": ("00000000-0000-0000-0000-000000000000",)}
    usual = address.args(attacker.world)
    for name, kind in address.converters:
        for value in wild.get(kind, ()):
            try:
                url = reverse(address.name, kwargs={**usual, name: value})
            except NoReverseMatch:
                continue
            for method in ("GET", "POST"):
                attacker.send("key", address, "coordinator", f"{name} {value!r:.12}", method=method, url=url)


def redirects(attacker: Attacker, address: Address) -> None:
    """Another site to come back to, in the query, a header and the form."""
    usual = reverse(address.name, kwargs=address.args(attacker.world))
    for away in ("//evil.example/", "/\\evil.example"):
        for who in (
            ("anonymous", "operator") if address.name.startswith(("account", "home", "session")) else ("operator",)
        ):
            attacker.send(
                "redirect",
                address,
                who,
                away,
                method="GET",
                url=f"{usual}?next={away}&kembali={away}&dari={away}",
                may_write=_all,
                HX_Request="true",
                HX_Current_URL=away,
                Referer=f"https://evil.example{usual}",
            )


#: Tried in every state that the guard knows; the others in the first.
IN_EVERY_STATE = {"others", "csrf"}

ATTACKS: dict[str, tuple[str, Callable[[Attacker, Address], None]]] = {
    "others": ("Benda milik orang lain dan halaman peran lain: dibuka, dikirimi isian", strangers),
    "get": ("GET pada setiap alamat, oleh yang berhak: tidak menulis apa pun", looking),
    "csrf": ("Kiriman tanpa token CSRF, dengan sesi yang berhak", without_token),
    "forged": ("Kunci OPD lain, versi, status, dan pelaku palsu dalam isian", forged),
    "text": ("Markup, rumus, baris baru, teks panjang, angka besar, SQL di setiap kolom teks", texts),
    "key": ("Kunci yang bukan kunci dalam alamat", keys),
    "redirect": ("Alamat kembali ke situs lain", redirects),
}
