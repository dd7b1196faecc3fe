"""Past years for programs: a list is looked at, written as shown, fetched again, and taken away."""

from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.models import Period, SheetDraft
from spbe_portal.sheets import write_csv
from spbe_portal.tests.api import client_of

HEAD = ["Tahun", "OPD", "Indikator", "Nilai mandiri", "Nilai hasil"]
URL = "/api/v1/history/"


def a_list(year: int, codes: int = 47) -> dict:
    rows = [[str(year), slug, str(code), "", "3"] for slug in ("", "dinkes") for code in range(1, codes + 1)]
    return {"file": SimpleUploadedFile("riwayat.csv", write_csv(HEAD, rows), "text/csv")}


def test_a_list_is_looked_at_written_fetched_and_taken_away(city, instrument):
    client = client_of(city.coordinator)
    looked = client.post(URL, a_list(2023))
    assert looked.status_code == 201, looked.content
    found = looked.json()
    (year,) = found["years"]
    assert (year["year"], year["instrument"], year["is_ready"], year["wrong"]) == (2023, instrument.code, True, 0)
    government, dinkes = year["assessments"]
    assert (government["agency"], dinkes["agency"]) == (None, city.dinkes.pk)
    assert (dinkes["coverage"], dinkes["self_assessment"]) == ({"answered": 47, "assigned": 47}, None)
    assert (dinkes["result"]["index"], {row["outcome"] for row in found["rows"]}) == ("3.00", {"new"})
    assert client.get(f"{URL}{found['id']}/").json() == found
    assert not Period.objects.exists()
    done = client.post(f"{URL}{found['id']}/", {"shown": found["shown"]}, format="json")
    made = Period.objects.get()
    assert done.json() == {"periods": [made.pk], "assessments": 1, "governments": 1}
    assert client.get(f"{URL}{found['id']}/").status_code == 404
    text = client.get(f"{URL}file/?type=csv").content
    assert len(text.decode("utf-8-sig").splitlines()) == 1 + 2 * 47
    away = f"/api/v1/periods/{made.pk}/history/"
    assert list(client.delete(away).json()) == ["reason"]
    assert client.delete(f"{away}?reason={quote('Salah berkas.')}").status_code == 204
    assert not Period.objects.exists()
    again = client.post(URL, {"file": SimpleUploadedFile("riwayat.csv", text, "text/csv")}).json()
    assert again["years"] == found["years"]


def test_what_is_another_by_now_is_409_and_nobody_sees_the_list_of_another(city, instrument):
    client = client_of(city.coordinator)
    first = client.post(URL, a_list(2023)).json()
    address = f"{URL}{first['id']}/"
    chosen = client.patch(address, {"instruments": {"2023": "tidak-ada"}}, format="json").json()
    assert (chosen["years"][0]["instrument"], chosen["years"][0]["is_ready"]) == (None, False)
    stale = client.post(address, {"shown": first["shown"]}, format="json")
    assert (stale.status_code, stale.json()["current"]) == (409, None)
    assert list(client.patch(address, {"instruments": {"tahun": "x"}}, format="json").json()) == ["instruments"]
    SheetDraft.objects.update(user=city.leader)
    assert client.get(address).status_code == 404
    assert not Period.objects.exists()


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "admin"])
def test_who_does_not_manage_periods_neither_brings_in_nor_takes_away(city, period, who):
    client = client_of(getattr(city, who))
    assert client.post(URL, a_list(2023)).status_code == 403
    assert client.delete(f"/api/v1/periods/{period.pk}/history/?reason=x").status_code == 403
    assert not SheetDraft.objects.exists()


def test_a_period_of_ones_own_is_no_history(city, period):
    assert client_of(city.coordinator).delete(f"/api/v1/periods/{period.pk}/history/?reason=x").status_code == 404
    assert Period.objects.filter(pk=period.pk).exists()


def test_as_many_queries_for_many_lines_as_for_few(city, instrument, django_assert_max_num_queries):
    client = client_of(city.coordinator)
    counted = []
    for count in (1, 47):
        address = f"{URL}{client.post(URL, a_list(2023, count)).json()['id']}/"
        with django_assert_max_num_queries(20) as made:
            client.get(address)
        counted.append(len(made))
    assert counted[0] == counted[1]
