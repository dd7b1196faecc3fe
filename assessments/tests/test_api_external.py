"""The ministry's result for programs: a list or a file is looked at, applied, and compared."""

from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.models import ExternalLevel, SheetDraft
from assessments.services import determination
from audit.models import Event
from spbe_portal.tests.api import client_of


def address(period, what: str) -> str:
    return f"/api/v1/periods/{period.pk}/{what}/"


def stored(period) -> dict[str, int]:
    return {code: int(level) for code, level in period.external_levels.values_list("indicator__code", "level")}


def test_a_list_is_looked_at_and_then_applied_as_it_was_shown(city, period):
    determination.set_external_level(period_id=period.pk, code="1", user=city.coordinator, level=2)
    client, url = client_of(city.coordinator), address(period, "external")
    levels = [{"number": code, "level": level} for code, level in (("1", 3), ("2", 4), ("3", 9), ("4", None))]
    looked = client.post(url, {"levels": levels, "stated": "2,85"}, format="json")
    assert looked.status_code == 200, looked.content
    found = looked.json()
    assert [(row["number"], row["outcome"], row["before"], row["level"]) for row in found["rows"]] == [
        ("1", "changed", "2", "3"),
        ("2", "new", None, "4"),
        ("", "wrong", None, None),
        ("", "same", None, None),
    ]
    assert (found["applied"], found["stated"], found["agrees"]) == (False, "2.85", None)
    assert found["counts"] == {"new": 1, "changed": 1, "same": 1, "wrong": 1}
    assert found["index"]["coverage"] == {"answered": 2, "assigned": 47}
    assert stored(period) == {"1": 2}
    done = client.post(url, {"levels": levels, "apply": True, "shown": found["shown"]}, format="json")
    assert (done.status_code, done.json()["applied"]) == (200, True)
    assert stored(period) == {"1": 3, "2": 4}
    assert Event.objects.filter(action="external_level.import").count() == 1
    assert not SheetDraft.objects.exists()


def test_what_was_shown_and_moved_since_is_409(city, period):
    client, url = client_of(city.coordinator), address(period, "external")
    sent = {"levels": [{"number": "1", "level": 3}]}
    shown = client.post(url, sent, format="json").json()["shown"]
    determination.set_external_level(period_id=period.pk, code="1", user=city.coordinator, level=5)
    stale = client.post(url, {**sent, "apply": True, "shown": shown}, format="json")
    assert (stale.status_code, stale.json()["current"]) == (409, None)
    assert stored(period) == {"1": 5}


def test_a_file_is_read_as_the_page_reads_it(city, period):
    client, url = client_of(city.coordinator), address(period, "external")
    text = "No;Indikator;Nilai\n1;Kebijakan Arsitektur SPBE;4\nIndeks SPBE;;2,85\n"
    file = SimpleUploadedFile("hasil.csv", text.encode(), "text/csv")
    done = client.post(url, {"file": file, "apply": "true"})
    assert (done.status_code, done.json()["counts"]["new"]) == (200, 1), done.content
    assert stored(period) == {"1": 4}
    unread = client.post(url, {"file": SimpleUploadedFile("x.csv", b"a;b\n", "text/csv")})
    assert (unread.status_code, list(unread.json())) == (400, ["file"])
    assert client.post(url, {"levels": []}, format="json").status_code == 400
    assert client.post(url, {"levels": [{"number": "1", "level": 3}], "stated": "9"}, format="json").json() == {
        "stated": ["Isi dengan indeks 1 sampai 5, misalnya 2,85."]
    }


def test_who_may_not_determine_brings_nothing_in(city, period):
    sent = {"levels": [{"number": "1", "level": 3}], "apply": True}
    said = {
        who: client_of(getattr(city, who)).post(address(period, "external"), sent, format="json").status_code
        for who in ("operator", "verifier", "leader", "admin")
    }
    assert said == {"operator": 403, "verifier": 403, "leader": 403, "admin": 404}
    assert not ExternalLevel.objects.exists()


def test_the_four_values_stand_beside_each_other_in_as_many_queries_for_one_as_for_all(
    city, period, django_assert_num_queries, django_assert_max_num_queries
):
    client, url = client_of(city.coordinator), address(period, "comparison")
    for code, level in (("1", 4), ("2", 4)):
        determination.determine(period_id=period.pk, code=code, user=city.coordinator, level=level, reason="SK.")
    determination.set_external_level(period_id=period.pk, code="1", user=city.coordinator, level=3)
    client.get(url)  # the instrument is kept from now on
    with django_assert_max_num_queries(40) as few:
        found = client.get(url).json()
    assert found["self_assessment"] is None
    assert found["pemda"]["coverage"] == {"answered": 2, "assigned": 47}
    assert (found["external"]["coverage"]["answered"], found["difference"]) == (1, None)
    assert found["tally"] == {"lower": 1, "higher": 0, "same": 0, "compared": 1}
    first, second = found["indicators"][:2]
    assert (first["number"], first["pemda"], first["external"], first["difference"]) == ("1", 4, 3, -1)
    assert (second["pemda"], second["external"], second["difference"]) == (4, None, None)
    for code in map(str, range(2, 48)):
        determination.set_external_level(period_id=period.pk, code=code, user=city.coordinator, level=3)
    with django_assert_num_queries(len(few.captured_queries)):
        full = client.get(url).json()
    assert full["external"]["index"] == "3.00"
