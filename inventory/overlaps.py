"""Which applications do the same work: groups to look at, not verdicts. Pure.

Two questions, each asked of words:

*Same function and users*, inside one category. Texts become sets of words without filler. The function counts
0.6 and is compared by Jaccard (common words / all words); the users count 0.4 and are compared by containment
(common words / words of the shorter text: "Masyarakat" is part of "Masyarakat dan ASN"). From `ALIKE` (0.4) on
two applications belong together: the same users alone are enough inside a category, or two thirds of the words
of the function, or something of both. The category "lainnya" is none: there the users alone say nothing.

*Similar names*, across categories. Names lose what says nothing ("aplikasi", "sistem informasi", "lama", the
government's and the agency's own names); what is left is alike from a Jaccard of `NAME_WORDS` (0.6) on, or from
a likeness of letters of `NAME_LETTERS` (0.9) on.

No pair is looked at without a word in common, and a word that more than `COMMON` different texts share leads to
no pairs; about `PAIRS` pairs are looked at and no more, those with the rarest words first. So three thousand
applications take two seconds, and ten where somebody writes to make it slow. A group is one application and those
like it, so that a chain of small likenesses never becomes one large group.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

ALIKE = 0.4
FUNCTION_SHARE, USERS_SHARE = 0.6, 0.4
NAME_WORDS = 0.6
NAME_LETTERS = 0.9
COMMON = 120
PAIRS = 300_000
OTHER = "lainnya"

Words = frozenset[str]

_WORD = re.compile(r"[a-z0-9]+")


def _listed(text: str) -> Words:
    return frozenset(text.split())


_FILLER = _listed(
    "dan atau yang di ke dari untuk pada oleh dengan secara melalui bagi antara sebelum sesudah digabung dipakai "
    "seluruh semua para serta lain lainnya milik berbasis"
)
_IN_NAMES = _listed(
    "aplikasi sistem informasi manajemen portal layanan pelayanan program website web situs laman mobile android "
    "e si sim online daring digital elektronik terpadu terintegrasi kota kabupaten provinsi pemerintah pemkot pemkab "
    "daerah dinas badan bagian kecamatan baru lama versi v1 v2 v3 modul"
)
_IN_FUNCTIONS = _listed(
    "pengelolaan penyusunan pelaksanaan pencatatan pendataan pengajuan pemantauan penyediaan kegiatan proses "
    "aplikasi sistem informasi layanan kota kabupaten daerah elektronik daring online digital"
)
_IN_USERS = _listed("perangkat daerah opd pengguna pengelola petugas calon kota kabupaten")
#: One word for what offices call differently.
_SAME = {
    "asn": "pegawai",
    "pns": "pegawai",
    "karyawan": "pegawai",
    "warga": "masyarakat",
    "publik": "masyarakat",
    "umum": "masyarakat",
    "penduduk": "masyarakat",
    "aduan": "pengaduan",
    "keluhan": "pengaduan",
    "lapor": "pengaduan",
    "persuratan": "surat",
    "naskah": "surat",
    "absensi": "presensi",
    "kehadiran": "presensi",
    "izin": "perizinan",
    "ijin": "perizinan",
}


@dataclass(frozen=True)
class Entry:
    """One application as it is compared. `owner`: the names of its agency, which say nothing in a name."""

    pk: int
    name: str
    function: str
    users: str
    category: str
    owner: str = ""


@dataclass(frozen=True)
class Group:
    """Applications that seem to do the same; `words` are what they share, `category` is empty for names."""

    kind: str  # "function" or "name"
    category: str
    members: tuple[int, ...]
    words: tuple[str, ...]


def groups(entries: Iterable[Entry], government: str = "") -> list[Group]:
    """All groups of two or more, largest first. Groups by name that a group by function holds are left out."""
    known = list(entries)
    by_function = same_function(known)
    held = [set(group.members) for group in by_function]
    by_name = [
        group for group in same_name(known, government) if not any(set(group.members) <= members for members in held)
    ]
    return sorted([*by_function, *by_name], key=lambda group: (-len(group.members), group.kind, group.members))


def same_function(entries: Iterable[Entry]) -> list[Group]:
    """Groups of like function and users, each inside one category."""
    shelves: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        shelves[entry.category].append(entry)
    found = []
    for category, shelf in sorted(shelves.items()):
        found += _on_one_shelf(category, shelf)
    return found


def same_name(entries: Iterable[Entry], government: str = "") -> list[Group]:
    """Groups of like names, whatever the category."""
    everywhere = words(government)
    named: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for entry in entries:
        named[name_words(entry.name, everywhere | words(entry.owner))].append(entry.pk)
    nodes = sorted(named)
    sets = [frozenset(node) for node in nodes]
    spaced = ["".join(node) for node in nodes]
    keys: list[set[Hashable]] = [{*parts, text[:4], text[-4:]} for parts, text in zip(sets, spaced, strict=True)]

    def alike(one: int, other: int) -> bool:
        if jaccard(sets[one], sets[other]) >= NAME_WORDS:
            return True
        if min(len(spaced[one]), len(spaced[other])) < 5:
            return False  # "sipd" and "sikd" are near by letters and far in sense
        letters = SequenceMatcher(None, spaced[one], spaced[other], autojunk=False)
        tests = (letters.real_quick_ratio, letters.quick_ratio, letters.ratio)  # each an upper bound of the next
        return all(test() >= NAME_LETTERS for test in tests)

    members = [named[node] for node in nodes]
    return [
        Group("name", "", _members(members, star), _shared([sets[node] for node in star for _ in members[node]]))
        for star in _stars(members, _pairs(keys, alike))
    ]


def words(text: str, without: Words = frozenset()) -> Words:
    """The words of a text that say something, one for each sense."""
    return frozenset(
        _SAME.get(word, word) for word in _WORD.findall(text.lower()) if word not in _FILLER and word not in without
    )


def name_words(name: str, without: Words = frozenset()) -> tuple[str, ...]:
    """What is left of a name, in order. A name of nothing but common words keeps them all."""
    parts = [_SAME.get(part, part) for part in _WORD.findall(name.lower())]
    return tuple(part for part in parts if part not in _IN_NAMES and part not in without) or tuple(parts)


def jaccard(one: Words, other: Words) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def containment(one: Words, other: Words) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def likeness(function: tuple[Words, Words], users: tuple[Words, Words]) -> float:
    """How far two applications of one category do the same for the same people: 0 to 1."""
    return FUNCTION_SHARE * jaccard(*function) + USERS_SHARE * containment(*users)


def _on_one_shelf(category: str, shelf: list[Entry]) -> list[Group]:
    """Entries that read the same are one node; nodes alike are joined."""
    named: dict[tuple[Words, Words], list[int]] = defaultdict(list)
    for entry in shelf:
        named[words(entry.function, _IN_FUNCTIONS), words(entry.users, _IN_USERS)].append(entry.pk)
    nodes = sorted(named, key=lambda node: named[node][0])
    members = [named[node] for node in nodes]
    counts_alone = category != OTHER

    def alike(one: int, other: int) -> bool:
        functions, users = (nodes[one][0], nodes[other][0]), (nodes[one][1], nodes[other][1])
        if not counts_alone and not functions[0] & functions[1]:
            return False
        return likeness(functions, users) >= ALIKE - 1e-9

    keys: list[set[Hashable]] = [
        {*(("f", word) for word in function), *(("u", word) for word in users)} for function, users in nodes
    ]
    pairs = set(_pairs(keys, alike))
    # What all share leads to no pairs above: those of exactly the same users, or function, are joined to the first.
    for position in (0, 1):
        first: dict[Words, int] = {}
        for index, node in enumerate(nodes):
            if node[position]:
                start = first.setdefault(node[position], index)
                if start != index and alike(start, index):
                    pairs.add((start, index))
    return [
        Group(
            "function",
            category,
            _members(members, star),
            _shared([nodes[node][0] | nodes[node][1] for node in star for _ in members[node]]),
        )
        for star in _stars(members, pairs)
    ]


def _pairs(keys: Sequence[set[Hashable]], alike: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """Nodes alike among those with a key in common, where no more than `COMMON` share that key; see `PAIRS`."""
    shelves: dict[Hashable, list[int]] = defaultdict(list)
    for index, own in enumerate(keys):
        for key in own:
            shelves[key].append(index)
    seen: set[tuple[int, int]] = set()
    for shelf in sorted(shelves.values(), key=lambda shelf: (len(shelf), shelf)):
        if len(shelf) > COMMON or len(seen) >= PAIRS:
            break
        seen.update(combinations(shelf, 2))
    return (pair for pair in sorted(seen) if alike(*pair))


def _stars(members: Sequence[list[int]], pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Nodes in groups: the node with most like it and these, then the next of what is left; none is alone."""
    near: dict[int, set[int]] = {index: set() for index in range(len(members))}
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)

    def reach(index: int) -> int:
        return len(members[index]) + sum(len(members[other]) for other in near[index])

    left = set(near)
    stars = []
    for centre in sorted(near, key=lambda index: (-reach(index), members[index][0])):
        if centre not in left:
            continue
        star = [centre, *sorted(near[centre] & left)]
        left.difference_update(star)
        if sum(len(members[node]) for node in star) > 1:
            stars.append(star)
    return stars


def _members(members: Sequence[list[int]], star: list[int]) -> tuple[int, ...]:
    return tuple(sorted(pk for node in star for pk in members[node]))


def _shared(texts: list[Words]) -> tuple[str, ...]:
    """Words that more than half of the texts have, the commonest first."""
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        for word in text:
            counts[word] += 1
    often = [word for word, count in counts.items() if 2 * count > len(texts)]
    return tuple(sorted(often, key=lambda word: (-counts[word], word)))[:5]
