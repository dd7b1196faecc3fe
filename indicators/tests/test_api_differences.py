"""The differences of a copied instrument, for programs."""

from indicators.editor import drafts
from indicators.models import Indicator
from spbe_portal.tests.api import client_of


def test_a_copy_tells_what_it_says_otherwise_in_as_many_queries_for_few_as_for_many(
    city, instrument, django_assert_max_num_queries
):
    copied = drafts.copy(actor=city.coordinator, source=instrument, code="konsep", name=instrument.name)
    client, url = client_of(city.coordinator), f"/api/v1/instruments/{copied.code}/differences/"
    client.get(url)  # the use of the token is noted
    counted = []
    for codes in (["12"], [str(code) for code in range(1, 48)]):
        Indicator.objects.filter(instrument=copied, code__in=codes).update(short_name="Lain")
        with django_assert_max_num_queries(40) as made:
            found = client.get(url).json()
        counted.append(len(made))
        changed = [each["what"] for each in found["differences"] if each["what"].startswith("Indikator ")]
        assert changed == [f"Indikator {code}" for code in codes]
    assert counted[0] == counted[1]
    change = next(each for each in found["differences"] if each["what"] == "Indikator 12")
    assert (change["kind"], [each["after"] for each in change["changes"]]) == ("changed", ["Lain"])
    assert (found["instrument"], found["copied_from"]) == ("konsep", instrument.code)


def test_what_is_no_copy_differs_from_nothing_and_only_editors_look(city, instrument):
    url = f"/api/v1/instruments/{instrument.code}/differences/"
    assert client_of(city.coordinator).get(url).json() == {
        "instrument": instrument.code,
        "copied_from": None,
        "differences": [],
    }
    assert client_of(city.verifier).get(url).status_code == 403
