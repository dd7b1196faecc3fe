"""Two managers at the same moment, on two real connections. Row locks exist on PostgreSQL only."""

import threading
from datetime import date
from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Agency, Role, User
from accounts.services import _base, agencies, people
from audit.models import Event
from conftest import make_person, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _both_look_before_either_saves(monkeypatch):
    """Both acts have found the name free before the first of them takes it."""
    barrier = threading.Barrier(2)
    looked = threading.local()
    save_unique = _base.save_unique

    def slow(save, check):
        def check_and_wait():
            check()
            if not getattr(looked, "once", False):
                looked.once = True
                barrier.wait(timeout=10)

        save_unique(save, check_and_wait)

    for module in (people, agencies, _base):
        monkeypatch.setattr(module, "save_unique", slow)


def one_kept_one_told(outcomes: list[Any], kind: type) -> Invalid:
    """Exactly one act went through; what the other was told."""
    assert sorted(type(outcome).__name__ for outcome in outcomes) == sorted([kind.__name__, "Invalid"])
    return next(outcome for outcome in outcomes if isinstance(outcome, Invalid))


@pytest.mark.usefixtures("_both_look_before_either_saves")
def test_one_user_name_taken_by_two_at_once_is_explained_to_the_second(city):
    def create(name: str, agency: Agency):
        return lambda: people.create_person(
            actor=User.objects.get(pk=city.coordinator.pk),
            username="sama",
            name=name,
            agency=agency,
            role=Role.OPERATOR,
            valid_from=date(2026, 1, 1),
        )

    refused = one_kept_one_told(together(create("Satu", city.dinkes), create("Dua", city.dinsos)), User)
    assert list(refused.errors) == ["username"]
    assert User.objects.filter(username="sama").count() == Event.objects.filter(action="user.create").count() == 1


@pytest.mark.usefixtures("_both_look_before_either_saves")
@pytest.mark.parametrize(
    ("slugs", "names", "field"),
    [(("a", "b"), ("Dinas Baru", "Dinas Baru"), "name"), (("a", "a"), ("Satu", "Dua"), "slug")],
)
def test_one_agency_made_by_two_at_once_is_explained_to_the_second(city, slugs, names, field):
    def create(slug: str, name: str):
        return lambda: agencies.create_agency(
            actor=city.coordinator, slug=slug, name=name, short_name=name, kind="dinas", valid_from=date(2026, 1, 1)
        )

    refused = one_kept_one_told(together(create(slugs[0], names[0]), create(slugs[1], names[1])), Agency)
    assert list(refused.errors) == [field]
    assert Event.objects.filter(action="agency.create").count() == 1


@pytest.mark.usefixtures("_both_look_before_either_saves")
def test_two_people_renamed_alike_at_once_is_explained_to_the_second(city):
    others = [make_person("lain-satu"), make_person("lain-dua")]
    outcomes = together(
        *(
            lambda pk=other.pk: people.edit_person(
                actor=User.objects.get(pk=city.coordinator.pk), person_id=pk, details={"username": "sama"}
            )
            for other in others
        )
    )
    assert list(one_kept_one_told(outcomes, User).errors) == ["username"]
