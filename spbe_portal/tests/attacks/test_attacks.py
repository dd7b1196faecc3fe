"""Every address of the portal under attack. A new address is attacked by itself."""

import logging
import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from spbe_portal.tests.attacks.page import render
from spbe_portal.tests.attacks.suite import ATTACKS, IN_EVERY_STATE, Attacker, Attempt, rightful
from spbe_portal.tests.attacks.world import STATES, addresses, advance, build

pytestmark = pytest.mark.django_db

PAGE = Path(django_settings.BASE_DIR) / "docs" / "attacks.md"


@pytest.fixture(scope="module")
def attempts(django_db_setup, django_db_blocker, tmp_path_factory) -> list[Attempt]:
    """Everything is tried once for the module, in one transaction that is taken back."""
    import conftest

    logging.disable(logging.CRITICAL)  # thousands of refusals
    files = tmp_path_factory.mktemp("files")
    quick = override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        MEDIA_ROOT=files,
        STORAGES={
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": files, "base_url": None},
            },
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with django_db_blocker.unblock(), quick, transaction.atomic():
        call_command("load_instruments", verbosity=0)
        city = conftest.city.__wrapped__(None)
        instrument = conftest.Instrument.objects.get(code="spbe-47-7aspek")
        world = build(city, conftest.period.__wrapped__(city, instrument))
        attacker = Attacker(world)
        for state in STATES:
            if state != world.state:
                advance(world, state)
            here = [address for address in addresses() if address.state == state]
            attacker.new_state(here)
            for address in here:
                for name, (_, attack) in ATTACKS.items():
                    if address.is_first or name in IN_EVERY_STATE:
                        attack(attacker, address)
                rightful(attacker, address)
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    return attacker.done


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_holds(attempts, attack):
    tried = [attempt for attempt in attempts if attempt.attack == attack]
    assert tried
    assert [
        f"{one.address} ({one.state}) {one.who}, {one.sent}: {one.problem} [{one.status}]"
        for one in tried
        if one.problem
    ] == []


def test_the_forms_that_are_refused_would_have_written(attempts):
    """Else nothing would be shown by a hostile request that writes nothing. Every role's acts are among them."""
    proven = {one.address for one in attempts if one.attack == "rightful" and one.changed}
    writing = "answer_save review extend period_finalise followup_edit document_edit application_create person_create"
    assert set(writing.split()) <= proven


def test_the_committed_table_is_current(attempts):
    """WRITE_ATTACKS=1 writes it anew."""
    text = render(attempts)
    if os.environ.get("WRITE_ATTACKS") == "1":
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
