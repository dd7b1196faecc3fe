"""Two people bring in lists at once."""

import pytest

from conftest import together
from inventory import imports, services
from inventory.models import Application
from inventory.tests.test_imports import FACTS, table
from spbe_portal.lists import Plan

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

NAMES = [f"Aplikasi {letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]


def test_two_lists_of_the_same_applications_in_another_order_wait_for_each_other(city, instrument):
    for name in NAMES:
        services.create_application(actor=city.operator, agency=city.dinkes, facts={**FACTS, "name": name})

    def brought(person, names, purpose):
        rows = "".join(f"{name};{purpose};administrasi\n" for name in names)
        return imports.keep(imports.plan(table(f"Nama aplikasi;Fungsi;Jenis\n{rows}"), person), "daftar.csv", person)

    first = brought(city.operator, NAMES, "Surat")
    second = brought(city.operator2, NAMES[::-1], "Arsip")
    outcomes = together(lambda: imports.apply(first, city.operator), lambda: imports.apply(second, city.operator2))
    written = [outcome for outcome in outcomes if isinstance(outcome, Plan)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, services.Refused)]
    assert (len(written), len(refused)) == (1, 1)
    assert set(Application.objects.values_list("version", flat=True)) == {2}
