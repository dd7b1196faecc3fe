"""The past years that were brought in, as the list they can be brought in from elsewhere."""

from collections.abc import Iterator

from assessments import levels as texts
from assessments.models import Assessment, Determination, Period
from indicators.models import Indicator
from spbe_portal.sheets import write_template

HEAD = ("Tahun", "Instrumen", "OPD", "Indikator", "Nilai mandiri", "Nilai hasil")
Cell = str | int | None


def rows() -> Iterator[list[Cell]]:
    """Year by year, the government first, then the agencies by their code. Four queries a year, and one."""
    for period in Period.objects.filter(is_imported=True).select_related("instrument").order_by("year", "pk"):
        yield from _of(period)


def _of(period: Period) -> Iterator[list[Cell]]:
    codes = list(
        Indicator.objects.filter(instrument=period.instrument_id).order_by("order").values_list("code", flat=True)
    )
    head: list[Cell] = [period.year, period.instrument.code]
    fixed = dict(Determination.objects.filter(period=period).values_list("indicator__code", "level"))
    if fixed:
        for code in codes:
            yield [*head, "", code, "", _shown(fixed.get(code))]
    kept = (
        Assessment.objects.filter(period=period)
        .order_by("agency__slug")
        .values_list("agency__slug", "self_levels", "verified_levels")
    )
    for slug, own, verified in kept:
        said, checked = texts.unpack(own), texts.unpack(verified)
        for code in said:
            yield [*head, slug, code, _shown(said[code]), _shown(checked.get(code, ""))]


def _shown(level: object) -> str:
    return "" if level is None else str(level).replace(".", ",")


def template() -> bytes:
    """An empty list to fill in."""
    return write_template(list(HEAD), {}, HELP, title="Riwayat")


#: Column, how it is filled in, an example.
HELP = [
    ("Kolom", "Cara mengisi", "Contoh"),
    ("Tahun", "Wajib. Tahun penilaian, empat angka.", "2023"),
    ("Instrumen", "Boleh kosong: dipilih menurut tahunnya dan dapat diganti sebelum disimpan.", "spbe-47-7aspek"),
    ("OPD", "Nama, nama singkat, atau kode OPD. Kosong berarti nilai Pemda.", "Dinkes"),
    ("Indikator", "Wajib. Nomor indikator.", "12"),
    ("Nilai mandiri", "Boleh kosong. Nilai yang diisi OPD.", "3"),
    (
        "Nilai hasil",
        "Nilai setelah verifikasi, atau nilai Pemda. Sel kosong dihitung sebagai level terendah. Bagi OPD, tanda - "
        "berarti tidak ditugaskan atau tidak relevan: tidak dihitung.",
        "3",
    ),
]
