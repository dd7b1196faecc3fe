"""The table of what was tried, for docs/."""

from collections import defaultdict

from spbe_portal.tests.attacks.suite import ATTACKS, Attempt

HEAD = """# Serangan yang dicoba

Dibuat dari `spbe_portal/tests/attacks` (`WRITE_ATTACKS=1 pytest spbe_portal/tests/attacks`), jangan disunting.
Setiap baris dijalankan pada SQLite dan PostgreSQL. Setelah setiap permintaan isi semua tabel dibandingkan:
permintaan yang jahat tidak menulis apa pun. *Ditolak*: dijawab masuk, 4xx. *Tanpa akibat*: dijawab, tidak ada
yang berubah selain yang berhak diubah pengirimnya. *Mengejutkan*: selain itu, atau galat 5xx. *Isian terbukti*:
isian yang sama, dikirim oleh yang berhak, benar-benar menulis; jadi penolakannya berarti.
"""


def render(attempts: list[Attempt]) -> str:
    lines = [
        HEAD,
        "| Serangan | Alamat | Dicoba | Ditolak | Tanpa akibat | Mengejutkan |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    hostile = [one for one in attempts if one.attack in ATTACKS]
    proven = {one.address for one in attempts if one.attack == "rightful" and one.changed}
    for name, (title, _) in ATTACKS.items():
        mine = [one for one in attempts if one.attack == name]
        bad = sum(bool(one.problem) for one in mine)
        refused = sum(one.is_refused and not one.problem for one in mine)
        places = len({one.address for one in mine})
        lines.append(f"| {title} | {places} | {len(mine)} | {refused} | {len(mine) - refused - bad} | {bad} |")
    lines.append(f"| **Semua** | {len({one.address for one in hostile})} | {len(hostile)} | | | |")
    lines += ["", "## Menurut alamat", "", f"| Alamat | {' | '.join(ATTACKS)} | isian terbukti |"]
    lines.append(f"|---|{'--:|' * len(ATTACKS)}---|")
    by_address: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in hostile:
        by_address[one.address][one.attack] += 1
    for address in sorted(by_address):
        counts = by_address[address]
        lines.append(
            f"| `{address}` | {' | '.join(str(counts[attack] or '–') for attack in ATTACKS)} "
            f"| {'ya' if address in proven else '–'} |"
        )
    return "\n".join(lines) + "\n"
