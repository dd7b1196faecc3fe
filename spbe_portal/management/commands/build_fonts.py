"""Cut Inter into the three small files that pages and PDF share."""

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

WEIGHTS = (400, 600, 700)
#: Latin, Latin-1, the Latin Extended letters of names, punctuation and the signs screens and reports use.
UNICODES = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *map(ord, "‐‑–—‘’‚“”„†•…‰′″‹›€™−×÷≈≠≤≥∑ΣΔ√∞"),
    *map(ord, "←↑→↓↗↘✓✗●○■□▲△▼▽◆◇★☆"),
    0x2009,  # thin space
    0x202F,  # narrow no-break space
)
FEATURES = ("kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "lnum", "case", "frac", "sups", "zero")


def font_path(weight: int) -> Path:
    return Path(settings.FONT_DIR) / f"inter-{weight}.woff2"


def stamp() -> str:
    """Changes when the typeface, the tools or the choice of characters change."""
    parts = [version("fontpkg-inter"), version("fonttools"), WEIGHTS, UNICODES, FEATURES]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def cut(weight: int, target: Path) -> None:
    """Write one static, subset weight of Inter to `target` as woff2, whole or not at all."""
    import fontpkg_inter
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf", lazy=True)
    options = subset.Options()
    options.layout_features = list(FEATURES)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]  # the licence stays inside
    options.hinting = False
    options.notdef_outline = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=UNICODES)
    subsetter.subset(font)
    # Optical size 14: text, not display.
    static = instancer.instantiateVariableFont(font, {"wght": weight, "opsz": 14}, updateFontNames=True)
    static.flavor = "woff2"
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    try:
        static.save(unfinished)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


class Command(BaseCommand):
    help = "Cut Inter (400, 600, 700) into FONT_DIR; does nothing where the files are current."
    requires_system_checks: list[str] = []

    def handle(self, *args, **options):
        folder = Path(settings.FONT_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / "inter.stamp"
        wanted = stamp()
        if (
            mark.is_file()
            and mark.read_text() == wanted
            and all(font_path(w).is_file() and font_path(w).stat().st_size for w in WEIGHTS)
        ):
            if options["verbosity"] > 1:
                self.stdout.write("Huruf sudah terbaru.")
            return
        for weight in WEIGHTS:
            cut(weight, font_path(weight))
        mark.write_text(wanted)
        if options["verbosity"]:
            self.stdout.write(f"Huruf Inter {', '.join(map(str, WEIGHTS))} disiapkan.")
