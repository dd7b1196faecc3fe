"""Whatever the OpenAPI document allows, and what it does not, asked of every address as each role.

No fault of ours (5xx), no status and no body that the document does not describe, nothing taken that it forbids.
What is asked is thought up once and sent as everyone, each time about another of the things that are there.
`SCHEMA_EXAMPLES` asks more (default: a few, so that the suite stays quick); nothing asked here outlives its request.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache as counters
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.services import tokens
from spbe_portal.api.views import document
from spbe_portal.tests.schema_world import Where, World
from spbe_portal.wsgi import application

EXAMPLES = int(
    os.environ.get("SCHEMA_EXAMPLES") or (2 if connection.vendor == "sqlite" else 1)
)  # per operation, way of asking and role
ROLES = ("operator", "verifier", "coordinator", "leader", "admin", "outsider")
#: The document in parts, so that several processes share the work.
PARTS = 4
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
JSON = "application/json"
#: No schema of what it answers could be broken: it is the document itself.
NOT_ASKED = {"/api/v1/schema/"}


class Undone(Exception):
    """Ends a request: what it wrote goes."""


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def served(environ: dict[str, Any], start_response: Any) -> Any:
    """The portal as a server has it, but for closing the connection that holds this test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        answer = application({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)
        body = b"".join(answer)
        answer.close()
        return [body]
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@cache
def operations() -> tuple[Any, ...]:
    """What can be asked, without the token: that one comes from the test."""
    said = json.loads(json.dumps(document(), default=str))
    for methods in said["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    schema = schemathesis.openapi.from_dict(said)
    schema.app = served
    found = [result.ok() for result in schema.get_all_operations()]
    return tuple(operation for operation in found if operation.path not in NOT_ASKED)


def thought_up(strategy: Any, count: int) -> list[Case]:
    """The same cases every time."""
    found: list[Case] = []

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def each(case: Case) -> None:
        found.append(case)

    try:
        each()
    except Unsatisfiable:  # nothing could be wrong with it
        return []
    return found


def written_down(operation: Any) -> list[Any]:
    """The bodies that the document gives as examples."""
    body = operation.definition.raw.get("requestBody", {}).get("content", {}).get(JSON, {})
    return [each["value"] for each in body.get("examples", {}).values() if "value" in each]


def parameters_of(operation: Any) -> dict[str, str]:
    names = [word.strip("{}") for word in operation.path.split("/") if word.startswith("{")]
    return dict.fromkeys(names, "1")


@pytest.fixture
def world(city, period) -> World:
    return World(city, period)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_fault_and_nothing_undocumented(part, city, world, caplog):
    caplog.set_level(logging.CRITICAL, "django.request")
    roles = ROLES if connection.vendor == "sqlite" else ("operator", "coordinator")
    headers = {}
    for role in roles:
        token = tokens.make(user=getattr(city, role), name="uji", scope="write", days=1)[1]
        headers[role] = {"Authorization": f"Token {token}"}
    failures = []
    for operation in operations()[part::PARTS]:
        failures += asked(operation, world, headers)
    assert not failures, "\n\n".join(failures)


def asked(operation: Any, world: World, headers: dict[str, dict[str, str]]) -> list[str]:
    """What is wrong with what one operation answers: to the document's examples, to right and to wrong requests."""
    fixed = parameters_of(operation)
    places = world.placed(operation.path)
    assert places, f"{operation.path}: nothing of it is there"
    failures = []
    for body in written_down(operation):
        for case in thought_up(operation.as_strategy(path_parameters=fixed or None, body=body, media_type=JSON), 1):
            for number, role in enumerate(headers):
                failures += answered(case, role, headers[role], some(places, number, max(EXAMPLES, 3)))
    for mode in GenerationMode:
        cases = thought_up(operation.as_strategy(generation_mode=mode, path_parameters=fixed or None), EXAMPLES)
        for number, case in enumerate(cases):
            for turn, role in enumerate(headers):
                failures += answered(case, role, headers[role], some(places, number + turn, 1))
        if fixed:
            role = next(iter(headers))
            for case in thought_up(operation.as_strategy(generation_mode=mode), EXAMPLES):
                failures += answered(case, role, headers[role], [None])
    return list(dict.fromkeys(failures))


def some(places: list[Where], start: int, count: int) -> list[Where]:
    """`count` of them, beginning elsewhere for everyone."""
    start *= count
    return [places[(start + step) % len(places)] for step in range(min(count, len(places)))]


def answered(case: Case, role: str, headers: dict[str, str], places: Iterable[Where | None]) -> list[str]:
    failures = []
    for where in places:
        if where:
            case.path_parameters = where
        counters.clear()  # nobody is slowed down here: that has tests of its own
        with undone():
            try:
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as found:
                failures.append(f"{case.operation.label} as {role}: {_reasons(found)}")
    return failures


def _reasons(found: BaseExceptionGroup) -> str:
    """The failures in one text, without the pages around them."""
    rows = []
    for each in found.exceptions:
        rows.append(_reasons(each) if isinstance(each, BaseExceptionGroup) else str(each))
    return "\n".join(rows)
