"""Whatever the OpenAPI document allows, and what it does not, asked of every address as each role.

No fault of ours (5xx), no status and no body that the document does not describe. `SCHEMA_EXAMPLES` asks more of
each operation (default: a few, so that the suite stays quick); nothing asked here outlives its example.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise, product
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache as counters
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.services import tokens
from assessments.models import Assessment, SheetDraft
from assessments.services.followups import create_follow_up
from conftest import hand_in
from inventory.services import create_application
from reports.services import request_agency_report
from spbe_portal.wsgi import application

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))  # per operation, way of asking and role
ROLES = ("operator", "verifier", "coordinator", "leader", "admin", "outsider")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: No schema of what it answers could be broken: it is the document itself.
NOT_ASKED = {"/api/v1/schema/"}


class Undone(Exception):
    """Ends an example: what it wrote goes."""


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
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", served)
    found = [result.ok() for result in schema.get_all_operations()]
    return tuple(operation for operation in found if operation.path not in NOT_ASKED)


def a_paper(assessment: Assessment, user: Any) -> SheetDraft:
    rows = [{"line": 2, "code": "1", "cells": {"self_level": "3"}}]
    return SheetDraft.objects.create(
        user=user, subject="working_paper", assessment=assessment, file_name="a.csv", rows=rows
    )


@pytest.fixture
def known(assessment, city, period) -> dict[str, list[Any]]:
    """What is there, by the word before it in an address: drafts and what was handed in."""
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    hand_in(other, city.other_operator)
    facts = {"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"}
    told = {"text": "Tetapkan SOP.", "due_on": timezone.localdate(), "agency_id": city.dinkes.pk}
    return {
        "assessments": [assessment.pk, other.pk],
        "answers": ["12", "1"],
        "working-paper": [a_paper(assessment, city.operator).pk],
        "reviews": ["12"],
        "periods": [period.pk],
        "determinations": ["12"],
        "external": ["12"],
        "agencies": [city.dinkes.pk],
        "people": [city.operator2.pk],
        "instruments": [period.instrument.code],
        "reports": [str(request_agency_report(assessment.pk, city.operator).pk)],
        "applications": [create_application(actor=city.operator, agency=city.dinkes, facts=facts).pk],
        "follow-ups": [create_follow_up(user=city.coordinator, period_id=period.pk, **told).pk],
    }


def placed(path: str, known: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The parameters of `path` with things that are there; none where some part of it is unknown."""
    words = path.strip("/").split("/")
    names, values = [], []
    for before, word in pairwise(words):
        if word.startswith("{"):
            if before not in known:
                return []
            names.append(word.strip("{}"))
            values.append(known[before])
    return [dict(zip(names, each, strict=True)) for each in product(*values)]


@pytest.mark.parametrize("role", ROLES)
def test_no_fault_and_nothing_undocumented(role, city, known):
    token = tokens.make(user=getattr(city, role), name="uji", scope="write", days=1)[1]
    headers = {"Authorization": f"Token {token}"}
    failures = []
    for operation in operations():
        ways = [
            operation.as_strategy(generation_mode=mode, path_parameters=where)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            for where in [*placed(operation.path, known), None]
            if where != {}
        ] or [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        try:
            ask(st.one_of(ways), EXAMPLES * len(ways), headers)
        except FailureGroup as found:
            failures.append(f"{operation.label}: {_reasons(found)}")
    assert not failures, "\n\n".join(failures)


def _reasons(found: BaseExceptionGroup) -> str:
    """The failures in one text, without the pages around them."""
    rows = []
    for each in found.exceptions:
        rows.append(_reasons(each) if isinstance(each, BaseExceptionGroup) else str(each))
    return "\n".join(rows)


def ask(cases: Any, count: int, headers: dict[str, str]) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: Case) -> None:
        counters.clear()  # nobody is slowed down here: that has tests of its own
        with undone():
            response = case.call(headers=headers)
            case.validate_response(response, checks=CHECKS)

    each()
