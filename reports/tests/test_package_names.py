"""Names in the national package: short, ASCII, each once, whatever the titles."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.package.names import NAME_MAX, file_name, letters, numbered
from reports.package.plan import Given, Packed, Piece, plan, zip_size

ALLOWED = set(string.ascii_letters + string.digits + "-.")


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=90)), max_size=12),
    st.sampled_from(["pdf", "zip", "docx"]),
    st.sampled_from(["", "bagian-2"]),
)
def test_every_name_is_short_ascii_and_there_once(titles, extension, ending):
    taken: set[str] = set()
    names = [file_name(numbered(code, 2), title, extension, taken, ending=ending) for code, title in titles]
    for name in names:
        assert len(name) <= NAME_MAX
        assert set(name) <= ALLOWED
        assert name.endswith(f".{extension}")
    assert len({name.lower() for name in names}) == len(titles)
    again: set[str] = set()
    assert names == [file_name(numbered(code, 2), title, extension, again, ending=ending) for code, title in titles]


def test_a_long_title_ends_with_a_word():
    title = "Kebijakan Internal Penggunaan Sistem Penghubung Layanan Pemerintah Daerah"
    name = file_name("07", title, "pdf", set())
    assert name == "07-Kebijakan-Internal-Penggunaan-Sistem-Penghubung.pdf"
    assert file_name("07", "x" * 90, "pdf", set()) == f"07-{'x' * 53}.pdf"


def test_titles_lose_what_is_no_letter():
    assert file_name("05", "Perwal (Nomor 12/2025): “Pusat Data” – é", "pdf", set()) == (
        "05-Perwal-Nomor-12-2025-Pusat-Data-e.pdf"
    )
    assert file_name("05", "…", "zip", set()) == "05.zip"


def test_letters_go_on_after_z():
    assert [letters(number) for number in (0, 25, 26, 701, 702)] == ["a", "z", "aa", "zz", "aaa"]


def piece(number: int, size: int, title: str = "Bukti") -> Piece:
    return Piece(
        number, number, title, "", "", "Dinkes", "a.docx", "x", "docx", size, str(number), "f", "", "", "", "none",
        False, False, True,
    )  # fmt: skip


def indicator(code: str, sizes: list[int], name: str = "Nama") -> Given:
    pieces = tuple(piece(number, size) for number, size in enumerate(sizes))
    return Given(code, name, name, "A", 3, False, 1, (), pieces)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 3000), max_size=8), max_size=5), st.integers(200, 4000))
def test_no_file_passes_the_limit_and_nothing_is_lost(all_sizes, limit):
    given_ = [indicator(str(number), sizes) for number, sizes in enumerate(all_sizes, 1)]
    names = []
    for item in plan(given_, 1, limit):
        names += [file.name.lower() for file in item.files]
        assert all(file.size <= limit for file in item.files)
        packed = [one.piece for file in item.files for one in file.inside]
        assert sorted(each.version_id for each in (*packed, *item.left_out)) == list(range(len(item.given.pieces)))
        for file in item.files:
            order = [one.piece.version_id for one in file.inside]
            assert order == sorted(order)
        for each in item.left_out:
            assert zip_size([Packed("01a-Bukti.docx", each)]) > limit
        is_large = len(item.files) > 1 or bool(item.left_out)
        assert ("too_large" in [gap.kind for gap in item.gaps]) == is_large
    assert len(set(names)) == len(names)
