"""The example client in `docs/examples`, as somebody would run it."""

import csv
import runpy
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import ApiToken
from assessments.models import Answer, Assessment, Evidence
from assessments.services import answers
from assessments.tests.files import pdf
from conftest import PASSWORD
from indicators.models import Indicator

SCRIPT = Path(settings.BASE_DIR) / "docs/examples/fill_from_csv.py"


@pytest.fixture
def small(city, period) -> Assessment:
    """Dinkes's draft with two indicators."""
    keep = list(Indicator.objects.filter(instrument=period.instrument, code__in=["1", "12"]))
    made = Assessment.objects.get(period=period, agency=city.dinkes)
    Answer.objects.filter(assessment=made).exclude(indicator__in=keep).delete()
    return made


@pytest.fixture
def run(live_server, monkeypatch, tmp_path, capsys, small):
    """Run the client over these rows; what it ended with and what it said."""
    monkeypatch.setenv("PORTAL_PASSWORD", PASSWORD)
    monkeypatch.delenv("PORTAL_TOKEN", raising=False)
    main = runpy.run_path(str(SCRIPT))["main"]
    (tmp_path / "sk.pdf").write_bytes(pdf())

    def run(*rows: tuple[str, ...], options: tuple[str, ...] = ()) -> tuple[int, str]:
        path = tmp_path / "isian.csv"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            write = csv.writer(file, delimiter=";")
            write.writerows([("Number", "level", "fact", "analysis", "evidence"), *rows])
        ended = main([live_server.url, str(path), "--username", "operator-dinkes", *options])
        said = capsys.readouterr()
        return ended, said.out + said.err

    return run


ROWS = (
    ("1", "3", "Perwal 12/2026 ditetapkan;\nberlaku sejak Maret.", "Memenuhi.", "sk.pdf | https://contoh.go.id/sk"),
    ("12", "1", "", "", ""),
)


def test_a_file_fills_an_assessment_again_without_harm_and_hands_it_in(run, small):
    ended, said = run(ROWS[0])
    assert (ended, "Masih kurang: Indikator 12" in said) == (0, True)
    stored = Answer.objects.get(assessment=small, indicator__code="1")
    assert (stored.self_level, stored.fact) == (3, "Perwal 12/2026 ditetapkan;\nberlaku sejak Maret.")
    assert Evidence.objects.filter(answer=stored).count() == 2
    ended, said = run(*ROWS, options=("--submit",))
    assert (ended, "Indikator 1: tidak ada yang berubah." in said, "Status: submitted." in said) == (0, True, True)
    assert Evidence.objects.filter(answer=stored).count() == 2
    small.refresh_from_db()
    assert small.status == "submitted"
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_a_conflict_and_a_wrong_row_are_shown_and_nothing_is_overwritten(run, small, city, monkeypatch):
    save = answers.save_answer

    def somebody_was_quicker(**sent):
        """Somebody saves between the program's reading and its writing."""
        monkeypatch.setattr(answers, "save_answer", save)
        save(**{**sent, "user": city.operator2, "changes": {"fact": "Diubah rekan."}})
        return save(**sent)

    monkeypatch.setattr(answers, "save_answer", somebody_was_quicker)
    ended, said = run(("1", "3", "Milik saya.", "", ""), ("99", "3", "", "", ""), ("12", "9", "", "", "tidak-ada.pdf"))
    assert ended == 1
    assert "Tersimpan sekarang, oleh Operator2-Dinkes" in said
    assert "fact: Diubah rekan." in said
    assert "Indikator 99: tidak ada dalam penilaian ini" in said
    assert "Indikator 12: self_level: Level tidak dikenal. Pilih level 1 sampai 5." in said
    assert Answer.objects.get(assessment=small, indicator__code="1").fact == "Diubah rekan."


def test_a_portal_that_does_not_answer_is_said(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PORTAL_TOKEN", "spbe_x")
    assert runpy.run_path(str(SCRIPT))["main"](["http://127.0.0.1:1", str(tmp_path / "isian.csv")]) == 1
    assert capsys.readouterr().err.startswith("Gagal: ")


def test_a_wrong_password_is_said(run, monkeypatch):
    monkeypatch.setenv("PORTAL_PASSWORD", "keliru")
    ended, said = run(ROWS[0])
    assert (ended, said.startswith("Ditolak: ")) == (1, True)
