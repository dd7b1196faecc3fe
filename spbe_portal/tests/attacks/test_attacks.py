"""Every address of the portal under attack. A new address is attacked by itself."""

import logging
import os
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from spbe_portal.tests.attacks.exchange_scenes import HOSTS
from spbe_portal.tests.attacks.page import render
from spbe_portal.tests.attacks.scenes import SCENES, WITHOUT_SCENE
from spbe_portal.tests.attacks.staging import TITLES, play
from spbe_portal.tests.attacks.suite import ATTACKS, IN_EVERY_STATE, Attacker, Attempt, rightful
from spbe_portal.tests.attacks.world import STATES, addresses, advance, build
from spbe_portal.tests.test_guard import WHO

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
        WEBHOOK_HOSTS=HOSTS,
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
        attacker = Attacker(world, staged=frozenset(scene.address for scene in SCENES))
        for scene in PLAYED:
            play(attacker, scene)
        for state in STATES:
            if state != world.state:
                advance(world, state)
            here = [address for address in addresses() if address.state == state]
            attacker.new_state(here)
            for address in here:
                for name, (_, attack) in TRIED.items():
                    if address.is_first or name in IN_EVERY_STATE:
                        attack(attacker, address)
                rightful(attacker, address)
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    return attacker.done


#: Who may send what is decided in Python: that is tried on SQLite. Hostile texts and keys go to both databases, for
#: each has texts and numbers of its own that it cannot hold.
PLAYED = SCENES if connection.vendor == "sqlite" else ()
TRIED = ATTACKS if connection.vendor == "sqlite" else {name: ATTACKS[name] for name in ("text", "key")}


@pytest.mark.parametrize("attack", [*(TITLES if PLAYED else ()), *TRIED, "rightful"])
def test_it_holds(attempts, attack):
    tried = [attempt for attempt in attempts if attempt.attack == attack]
    assert tried
    wrong = [one for one in tried if one.problem]
    said = [f"{one.address} ({one.state}) {one.who}, {one.sent}: {one.problem} [{one.status}]" for one in wrong]
    assert not said, "\n".join(said)


@pytest.mark.once
def test_every_address_that_writes_has_a_scene(attempts, client, city):
    """What has none answers 405 to whoever sends something there. A new address that writes needs its scene."""
    played = {scene.address for scene in SCENES}
    assert played.isdisjoint(WITHOUT_SCENE)
    open_still = {one.name: one for one in addresses()}.keys() - played - WITHOUT_SCENE.keys()
    answered = {one.address: set() for one in attempts if one.address in open_still}
    for one in attempts:
        if one.attack == "rightful" and one.address in open_still:
            answered[one.address].add(one.status)
    assert {name: statuses for name, statuses in answered.items() if statuses - {404, 405}} == {}
    assert answered.keys() == open_still


@pytest.mark.once
def test_the_table_of_tries_has_every_scene(attempts):
    """Each was sent by its person and wrote; by everybody else, in other ways and without a token."""
    for scene in SCENES:
        state = scene.make.__name__
        mine = [one for one in attempts if (one.address, one.state) == (scene.address, state)]
        assert [one.changed != () for one in mine if one.attack == "rightful"] == [True], state
        others = {one.who for one in mine if one.attack == "scene_others"}
        assert others == set(WHO) - scene.may, state


@pytest.mark.once
def test_the_committed_table_is_current(attempts):
    """WRITE_ATTACKS=1 writes it anew."""
    text = render(attempts)
    if os.environ.get("WRITE_ATTACKS") == "1":
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
