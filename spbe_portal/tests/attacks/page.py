"""The table of what was tried, for docs/."""

from collections import Counter

from spbe_portal.tests.attacks.scenes import WITHOUT_SCENE
from spbe_portal.tests.attacks.staging import TITLES
from spbe_portal.tests.attacks.suite import ATTACKS, Attempt
from spbe_portal.tests.attacks.world import STATES

HEAD = """# Serangan yang dicoba

Dibuat dari `spbe_portal/tests/attacks` (`WRITE_ATTACKS=1 pytest spbe_portal/tests/attacks`), jangan disunting.
Setiap baris dijalankan pada SQLite dan PostgreSQL. Setelah setiap permintaan isi semua tabel yang disentuh
dibandingkan. *Ditolak*: dijawab halaman masuk atau 4xx. *Tanpa akibat*: dijawab, dan tidak ada yang berubah selain
yang berhak diubah pengirimnya. *Mengejutkan*: selain itu, atau galat 5xx.
"""
SCENES_HEAD = """
## Isian sah

Setiap alamat yang menulis mempunyai adegan sendiri: isian yang sah, dikirim yang berhak, benar-benar menulis
(pembanding), lalu isian yang sama dikirim dengan cara-cara di bawah ini dan tidak menulis apa pun. Isian palsu
yang ditambahkan diabaikan: baris yang tertulis sama dengan tanpa tambahan itu.
"""
WALK_HEAD = """
## Setiap alamat

Setiap alamat portal dicoba tanpa melihat isinya; alamat baru ikut dengan sendirinya.
"""
LEFT_HEAD = """
## Tanpa adegan

Alamat yang menerima kiriman, tetapi isian sahnya diperiksa di tempat lain.
"""


def _row(title: str, tried: list[Attempt]) -> str:
    bad = sum(bool(one.problem) for one in tried)
    refused = sum(one.is_refused and not one.changed and not one.problem for one in tried)
    places = len({one.address for one in tried})
    return f"| {title} | {places} | {len(tried)} | {refused} | {len(tried) - refused - bad} | {bad} |"


def render(attempts: list[Attempt]) -> str:
    table = ["| Serangan | Alamat | Dicoba | Ditolak | Tanpa akibat | Mengejutkan |", "|---|--:|--:|--:|--:|--:|"]
    groups = {name: [one for one in attempts if one.attack == name] for name in (*TITLES, *ATTACKS, "rightful")}
    titles = TITLES | {name: title for name, (title, _) in ATTACKS.items()}
    hostile = [one for one in attempts if one.attack in titles]
    proven = [one for one in groups["rightful"] if one.state not in STATES]
    lines = [HEAD, *table, _row("**Semua**", hostile), SCENES_HEAD]
    lines += [f"Pembanding: {len(proven)} isian di {len({one.address for one in proven})} alamat.", "", *table]
    lines += [_row(titles[name], groups[name]) for name in TITLES]
    lines += [WALK_HEAD, *table, *(_row(titles[name], groups[name]) for name in ATTACKS)]
    lines += [LEFT_HEAD, "| Alamat | Sebab |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(WITHOUT_SCENE.items())]
    lines += ["", "## Menurut alamat", "", "| Alamat | isian sah | semua serangan |", "|---|--:|--:|"]
    counts = Counter(one.address for one in hostile)
    valid = Counter(one.address for one in proven)
    lines += [f"| `{name}` | {valid[name] or '–'} | {number} |" for name, number in sorted(counts.items())]
    return "\n".join(lines) + "\n"
