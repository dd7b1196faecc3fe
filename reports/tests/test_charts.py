"""Charts: well-formed, deterministic, readable without colour, no text outside the picture."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from fractions import Fraction

import pytest

from reports.charts import (
    Bin,
    Mark,
    Score,
    YearPoint,
    bars,
    distribution,
    place_radar_labels,
    predicate_scale,
    radar,
    text_width,
    trend,
    wrap,
)

SVG = "{http://www.w3.org/2000/svg}"
NAMES = (
    "Kebijakan Internal Tata Kelola SPBE",
    "Perencanaan Strategis SPBE",
    "Teknologi Informasi dan Komunikasi",
    "Penyelenggara SPBE",
    "Manajemen SPBE dan Audit TIK",
    "Layanan Administrasi Pemerintahan Berbasis Elektronik",
    "Layanan Publik Berbasis Elektronik",
)


def scores(count, **changes):
    return [
        Score(
            NAMES[i % len(NAMES)],
            **{
                "self_value": Fraction(20 + i, 10),
                "verified_value": Fraction(18 + i, 10),
                "last_value": Fraction(15 + i, 10),
                "target_value": Fraction(36, 10),
                **changes,
            },
        )
        for i in range(count)
    ]


BANDS = (
    ("Kurang", 1),
    ("Cukup", Decimal("1.8")),
    ("Baik", Decimal("2.6")),
    ("Sangat Baik", Decimal("3.5")),
    ("Memuaskan", Decimal("4.2")),
)
YEARS = (
    YearPoint("2019", Fraction(21, 10), "SPBE 35", 3),
    YearPoint("2020", Fraction(25, 10), "SPBE 35", 3, Fraction(23, 10)),
    YearPoint("2021", Fraction(23, 10), "SPBE 47", 3),
    YearPoint("2022", None, "SPBE 47", 3),
    YearPoint("2023", Fraction(27, 10), "SPBE 47", 3, Fraction(29, 10)),
)
BINS = (Bin("Memuaskan", 0), Bin("Sangat Baik", 3), Bin("Baik", 14, "termasuk OPD Anda"), Bin("Cukup", 1204))
MARKS = (
    Mark("2026, sementara", Fraction(312, 100)),
    Mark("2025", 2, "last"),
    Mark("Target", Fraction(49, 10), "target"),
)


def draw_trend(points=YEARS, **options):
    return trend(points, title="Indeks", scale_min=1, scale_max=5, **options)


def draw_scale(marks=MARKS, **options):
    return predicate_scale(marks, BANDS, title="Predikat", scale_min=1, scale_max=5, **options)


def draw_radar(items, **options):
    return radar(items, title="Nilai aspek", scale_min=1, scale_max=5, **options)


def draw_bars(items, **options):
    return bars(items, title="Nilai domain", scale_min=1, scale_max=5, **options)


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text") if element.get("aria-hidden") is None]


def boxes(svg):
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        size, x, y = float(element.get("font-size")), float(element.get("x")), float(element.get("y"))
        width = text_width(element.text, size)
        left = x - {"start": 0, "middle": width / 2, "end": width}[element.get("text-anchor")]
        yield element.text, left, y - size * 0.75, left + width, y + size * 0.25


def drawings():
    for count in range(3, 13):
        yield draw_radar(scores(count))
        yield draw_radar(scores(count), width=320)
    for count in (1, 4, 8):
        yield draw_bars(scores(count))
        yield draw_bars(scores(count), width=340)
    for width in (640, 320):
        for count in range(1, len(YEARS) + 1):
            yield draw_trend(YEARS[:count], width=width)
        yield draw_scale(width=width)
        yield distribution(BINS, title="Sebaran", width=width)
    yield draw_radar(scores(7, verified_value=None, target_value=None))
    yield draw_bars(scores(4, verified_value=None, last_value=Fraction(5)))


def test_every_text_lies_inside_the_picture():
    for svg in drawings():
        root = ET.fromstring(svg)
        _, _, width, height = map(float, root.get("viewBox").split())
        for text, left, top, right, bottom in boxes(svg):
            assert (text, left >= -0.5, top >= -0.5) == (text, True, True)
            assert (text, right <= width + 0.5, bottom <= height + 0.5) == (text, True, True)


def test_the_title_comes_first_and_the_picture_has_the_role_img():
    for svg in drawings():
        root = ET.fromstring(svg)
        assert root[0].tag == f"{SVG}title"
        assert root.get("role") == "img"


def test_nothing_needs_an_exception_from_the_content_security_policy():
    for svg in drawings():
        assert re.findall(r"style=|<style|<script|on\w+=|href=", svg) == []


def test_the_same_input_gives_the_same_text():
    assert draw_radar(scores(7)) == draw_radar(scores(7))
    assert draw_bars(scores(4)) == draw_bars(scores(4))


def test_labels_of_neighbouring_axes_do_not_touch():
    for count in range(3, 13):
        for width, share in ((420, 0.27), (470, 0.27)):
            radius = width * (share if count < 9 else 0.25)
            names = [NAMES[i % 7] for i in range(count)]
            placed = [label.box for label in place_radar_labels(names, width=width, radius=radius, font_size=11)]
            for i, one in enumerate(placed):
                for other in placed[i + 1 :]:
                    apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                    assert (count, one, other, apart) == (count, one, other, True)


def test_a_label_keeps_all_its_words():
    svg = draw_radar(scores(7))
    words = [word for text in texts(svg) for word in text.split()]
    for name in NAMES:
        for word in name.split():
            assert words.count(word) >= 1


def test_values_are_rounded_half_up_and_written_with_a_comma():
    svg = draw_bars([Score("Tata Kelola SPBE", Fraction(3605, 1000), Decimal("2.125"))])
    assert texts(svg)[:3] == ["Tata Kelola SPBE", "3,61", "2,13"]


def test_a_missing_value_is_a_dash_not_a_zero():
    svg = draw_bars([Score("A", 3, 2), Score("B", 4, None)])
    assert texts(svg)[:6] == ["A", "3,00", "2,00", "B", "4,00", "–"]


def test_a_series_without_values_is_neither_drawn_nor_named():
    svg = draw_radar(scores(7, verified_value=None, target_value=None))
    assert [text for text in texts(svg) if text.startswith(("Nilai", "Target"))] == ["Nilai mandiri"]
    assert svg.count("<rect") == 0
    named = texts(draw_bars(scores(4)))[-4:]
    assert named == ["Nilai mandiri", "Nilai verifikasi", "Tahun lalu", "Target"]


def test_the_legend_says_which_of_last_years_values_is_drawn_and_where_the_bars_begin():
    for width in (640, 340):
        said = texts(draw_bars(scores(2), last_name="Verifikasi 2025", width=width))
        assert said[-5:] == ["Skala mulai 1", "Nilai mandiri", "Nilai verifikasi", "Verifikasi 2025", "Target"]


def test_a_missing_value_opens_the_line():
    closed = draw_radar([Score(name, 2) for name in NAMES])
    opened = draw_radar([Score(name, None if i == 2 else 2) for i, name in enumerate(NAMES)])
    assert closed.count("Z") == 1
    assert opened.count("Z") == 0
    assert opened.count("<circle") == closed.count("<circle") - 1


def test_series_differ_by_dash_and_marker_not_by_colour_alone():
    svg = draw_radar(scores(3))
    lines = [
        element
        for element in ET.fromstring(svg).iter(f"{SVG}path")
        if "Z" in (element.get("d") or "") and element.get("stroke")
    ]
    assert [line.get("stroke-dasharray") for line in lines] == ["1 3", "5 3", None]


def test_text_is_escaped():
    svg = bars([Score('<script>"x" & y</script>', 3)], title="<b>&", scale_min=1, scale_max=5)
    assert "<script>" not in svg
    assert ET.fromstring(svg)[0].text == "<b>&"


def test_the_lowest_level_is_the_centre_and_the_highest_the_rim():
    svg = draw_radar([Score(name, 1, 5) for name in NAMES], width=400)
    circles = [element for element in ET.fromstring(svg).iter(f"{SVG}circle") if element.get("stroke-width") == "1.6"]
    assert {element.get("cx") for element in circles[:7]} == {"200"}
    rim = max(float(e.get("r")) for e in ET.fromstring(svg).iter(f"{SVG}circle"))
    assert rim == pytest.approx(400 * 0.27)


def test_values_beyond_the_scale_stay_on_it():
    inside = draw_bars([Score("A", 5)])
    beyond = draw_bars([Score("A", 7)])
    widths = [ET.fromstring(svg).find(f"{SVG}rect").get("width") for svg in (inside, beyond)]
    assert widths[0] == widths[1]


def test_other_scales_have_their_own_digits():
    svg = radar([Score(name, Decimal("2.5")) for name in NAMES], title="x", scale_min=0, scale_max=Decimal(5))
    assert [text for text in texts(svg) if text.isdigit()] == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_radar_needs_three_axes(count):
    with pytest.raises(ValueError, match="three axes"):
        draw_radar(scores(count))


def test_an_empty_scale_is_refused():
    with pytest.raises(ValueError, match="scale"):
        radar(scores(3), title="x", scale_min=3, scale_max=3)
    with pytest.raises(ValueError, match="scale"):
        bars(scores(3), title="x", scale_min=3, scale_max=3)


def test_wrapping_balances_lines_and_cuts_only_what_cannot_fit():
    assert wrap("Kebijakan Internal Tata Kelola SPBE", 170, 11) == ("Kebijakan Internal", "Tata Kelola SPBE")
    assert wrap("", 100, 11) == ("",)
    cut = wrap("Pertanggungjawaban", 60, 11)
    assert "".join(cut).replace("-", "") == "Pertanggungjawaban"
    assert [line.endswith("-") for line in cut] == [True] * (len(cut) - 1) + [False]
    assert max(text_width(line, 11) for line in cut) <= 60


def line_of(svg):
    """The line of the index: the first of its look, before the legend's sample."""
    return next(path for path in ET.fromstring(svg).iter(f"{SVG}path") if path.get("stroke-width") == "2").get("d")


def test_a_trend_breaks_where_the_instrument_changed_and_says_with_what_each_stretch_was_measured():
    svg = draw_trend()
    # One stretch of two years; the single years after it are marked by their squares alone.
    assert (line_of(svg).count("M"), line_of(svg).count("L")) == (1, 1)
    assert [text for text in texts(svg) if text.startswith("SPBE")] == ["SPBE 35", "SPBE 47"]
    same = draw_trend([YearPoint(point.label, 2, "SPBE 47") for point in YEARS])
    assert [text for text in texts(same) if text.startswith("SPBE")] == []
    assert (line_of(same).count("M"), line_of(same).count("L")) == (1, len(YEARS) - 1)


def test_a_trend_writes_every_value_and_a_dash_for_a_year_without_one():
    written = texts(draw_trend())
    for value in ("2,10", "2,50", "2,30", "2,70", "2,90"):
        assert written.count(value) >= 1
    assert written.count("–") == 1
    assert written[-3:] == ["Nilai eksternal", "Indeks Pemda", "Target"]


def test_a_trend_of_one_year_has_a_marker_and_no_line():
    root = ET.fromstring(draw_trend([YearPoint("2026", 3, "SPBE 47")]))
    paths = [path for path in root.iter(f"{SVG}path") if path.get("stroke-width") == "2"]
    assert len(paths) == 1  # the legend's
    assert len(list(root.iter(f"{SVG}rect"))) == 2  # the year's square and the legend's
    with pytest.raises(ValueError, match="at least one"):
        draw_trend([])


def test_bars_of_a_distribution_are_as_long_as_their_numbers_and_none_is_drawn_for_zero():
    svg = distribution([Bin("A", 0), Bin("B", 5), Bin("C", 10, "OPD Anda")], title="x")
    widths = [float(bar.get("width")) for bar in ET.fromstring(svg).iter(f"{SVG}rect")]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.02)
    assert texts(svg) == ["A", "0", "B", "5", "C", "10 OPD Anda"]
    assert len({bar.get("fill") for bar in ET.fromstring(svg).iter(f"{SVG}rect")}) == 2
    with pytest.raises(ValueError, match="at least one"):
        distribution([], title="x")


def test_the_scale_names_its_predikats_and_where_they_begin():
    written = texts(draw_scale())
    assert written[:5] == ["Kurang", "Cukup", "Baik", "Sangat Baik", "Memuaskan"]
    assert written[5:11] == ["1", "1,8", "2,6", "3,5", "4,2", "5"]
    assert sorted(written[11:]) == ["2025: 2,00", "2026, sementara: 3,12", "Target: 4,90"]


def test_the_lines_of_a_radar_and_the_bars_can_be_named_for_the_government():
    svg = draw_radar(scores(7), self_name="2025", verified_name="2026")
    assert [text for text in texts(svg) if text.startswith("20")] == ["2025", "2026"]
    written = texts(draw_bars(scores(2), verified_name="Nilai Pemda 2026"))
    assert written.count("Nilai Pemda 2026") == 1
    assert written.count("Nilai verifikasi") == 0
