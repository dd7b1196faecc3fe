from io import StringIO

import pytest
from django.core.management import call_command
from fontTools.ttLib import TTFont

from spbe_portal.management.commands import build_fonts


@pytest.fixture(scope="module")
def regular(tmp_path_factory):
    """Weight 400, cut once."""
    target = tmp_path_factory.mktemp("fonts") / "inter-400.woff2"
    build_fonts.cut(400, target)
    return TTFont(target)


@pytest.fixture
def folder(settings, tmp_path):
    settings.FONT_DIR = tmp_path / "fonts"
    return settings.FONT_DIR


def build() -> str:
    out = StringIO()
    call_command("build_fonts", stdout=out, verbosity=2)
    return out.getvalue().strip()


def test_the_cut_has_every_sign_that_screens_and_reports_use(regular):
    known = regular.getBestCmap()
    assert [sign for sign in "azAZ09 é–—…·•×²≥≤−Σ→✓“”‘’%/" if ord(sign) not in known] == []


def test_every_sign_asked_for_is_there(regular):
    missing = {chr(code) for code in build_fonts.UNICODES} - {chr(code) for code in regular.getBestCmap()}
    assert missing <= {"\xad", "ŉ"}  # a soft hyphen is never drawn


def test_the_cut_is_one_static_weight_with_tabular_figures_and_kerning(regular):
    assert "fvar" not in regular
    assert regular["OS/2"].usWeightClass == 400
    assert "tnum" in {record.FeatureTag for record in regular["GSUB"].table.FeatureList.FeatureRecord}
    assert "kern" in {record.FeatureTag for record in regular["GPOS"].table.FeatureList.FeatureRecord}


def test_fonts_are_cut_once(folder, monkeypatch):
    cuts = []
    monkeypatch.setattr(build_fonts, "cut", lambda weight, target: cuts.append(weight) or target.write_bytes(b"x"))
    assert [build(), build()] == ["Huruf Inter 400, 600, 700 disiapkan.", "Huruf sudah terbaru."]
    assert cuts == [400, 600, 700]


@pytest.mark.parametrize("spoil", ["remove", "empty", "stamp"])
def test_a_missing_or_stale_file_is_cut_again(folder, monkeypatch, spoil):
    monkeypatch.setattr(build_fonts, "cut", lambda weight, target: target.write_bytes(b"x"))
    build()
    if spoil == "remove":
        (folder / "inter-600.woff2").unlink()
    elif spoil == "empty":
        (folder / "inter-600.woff2").write_bytes(b"")
    else:
        (folder / "inter.stamp").write_text("older")
    assert [build(), build()] == ["Huruf Inter 400, 600, 700 disiapkan.", "Huruf sudah terbaru."]


def test_a_failed_cut_leaves_nothing_half_made(folder, monkeypatch):
    folder.mkdir()
    monkeypatch.setattr("fontTools.ttLib.TTFont.save", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_fonts.cut(400, build_fonts.font_path(400))
    assert list(folder.iterdir()) == []
