"""Working papers and lists as files, for programs: as the pages do it."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.services import tokens
from assessments.models import Answer, SheetDraft
from assessments.services.answers import save_answer
from audit.models import Event
from conftest import attach


@pytest.fixture
def api(city):
    """`api(user)` gives a client with a token of that person that may write."""

    def _client(user) -> APIClient:
        client = APIClient()
        _, secret = tokens.make(user=user, name="uji", scope="write", days=1)
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        return client

    return _client


def csv(text: str) -> dict:
    return {"file": SimpleUploadedFile("isi.csv", text.encode(), "text/csv")}


def test_a_paper_goes_out_comes_back_is_looked_at_and_applied(assessment, city, api):
    client, base = api(city.operator), f"/api/v1/assessments/{assessment.pk}/working-paper/"
    book = openpyxl.load_workbook(io.BytesIO(client.get(base).content))
    book["Isian"]["D2"].value = 3
    out = io.BytesIO()
    book.save(out)
    checked = client.post(base, {"file": SimpleUploadedFile("kertas.xlsx", out.getvalue())})
    assert checked.status_code == 201, checked.content
    found = checked.json()
    changed = [row for row in found["rows"] if row["outcome"] != "same"]
    assert changed == [
        {
            "line": 2,
            "number": "1",
            "outcome": "changed",
            "version": 1,
            "changes": [{"field": "self_level", "before": "", "after": "3"}],
            "problems": [],
            "notes": [],
        }
    ]
    again = client.get(f"{base}{found['id']}/").json()
    assert again == found
    applied = client.post(f"{base}{found['id']}/", {"shown": found["shown"]}, format="json")
    assert (applied.status_code, applied.json()) == (200, {"saved": 1, "left": 0, "wrong": 0})
    assert Answer.objects.get(assessment=assessment, indicator__code="1").self_level == 3
    assert client.get(f"{base}{found['id']}/").status_code == 404


def test_a_conflict_is_applied_only_where_it_is_named_and_what_moved_is_409(assessment, city, api):
    client, base = api(city.operator), f"/api/v1/assessments/{assessment.pk}/working-paper/"

    def said(level: int, version: int) -> None:
        changes = {"self_level": level}
        save_answer(assessment_id=assessment.pk, code="1", user=city.operator2, version=version, changes=changes)

    said(2, 1)
    found = client.post(base, csv("Nomor;Level\n1;4\n2;4\n")).json()
    assert [row["outcome"] for row in found["rows"]] == ["conflict", "changed"]
    said(3, 2)
    stale = client.post(f"{base}{found['id']}/", {"shown": found["shown"], "take": ["1"]}, format="json")
    assert (stale.status_code, stale.json()["current"]) == (409, None)
    shown = client.get(f"{base}{found['id']}/").json()["shown"]
    done = client.post(f"{base}{found['id']}/", {"shown": shown, "take": ["1"]}, format="json")
    assert done.json() == {"saved": 2, "left": 0, "wrong": 0}
    assert Answer.objects.get(assessment=assessment, indicator__code="1").self_level == 4


def test_what_cannot_be_read_is_said_of_the_file(assessment, city, api):
    client, base = api(city.operator), f"/api/v1/assessments/{assessment.pk}/working-paper/"
    for sent, said in ((csv("x\n"), "Judul kolom tidak dikenali."), (csv(""), "kosong"), ({}, "")):
        refused = client.post(base, sent)
        assert refused.status_code == 400
        assert said in refused.json()["file"][0]
    assert api(city.verifier2).post(base, csv("Nomor;Level\n1;4\n")).status_code == 404
    assert not SheetDraft.objects.exists()


def test_lists_as_files_and_the_record_of_one(assessment, period, city, api):
    attach(assessment.answers.first(), city.operator, "SOP")
    coordinator, verifier = api(city.coordinator), api(city.verifier)
    base = f"/api/v1/periods/{period.pk}"
    results = openpyxl.load_workbook(io.BytesIO(coordinator.get(f"{base}/results/file/").content))
    assert results.sheetnames == ["Hasil", "Level"]
    levels = b"".join(coordinator.get(f"{base}/results/file/?type=csv&levels=true")).decode("utf-8-sig")
    assert levels.splitlines()[0].startswith("OPD;Nilai;1;2;")
    assert coordinator.get(f"{base}/results/file/?type=pdf").status_code == 400
    assert verifier.get(f"{base}/evidence/file/").status_code == 403
    assert not Event.objects.filter(action="evidence.export").exists()
    text = b"".join(coordinator.get(f"{base}/evidence/file/?type=csv")).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("Dinas Kesehatan;1;")
    assert Event.objects.get(action="evidence.export").after == {"format": "csv"}
    own = api(city.operator).get(f"/api/v1/assessments/{assessment.pk}/evidence/file/")
    assert openpyxl.load_workbook(io.BytesIO(own.content)).sheetnames == ["Bukti dukung"]
