"""What was found last of the trail, and how far several streams have come."""

from collections.abc import Iterable
from dataclasses import dataclass

from audit.chain import heads_digest
from audit.models import Anchor, Chain, Verification


@dataclass(frozen=True)
class Heads:
    """How far several streams have come: (stream, count, head) of each, and one digest over them all."""

    rows: tuple[tuple[str, int, str], ...]
    digest: str

    @property
    def events(self) -> int:
        return sum(count for _, count, _ in self.rows)


def latest_anchor() -> Anchor | None:
    return Anchor.objects.order_by("-day").first()


def latest_verification() -> Verification | None:
    return Verification.objects.order_by("-at").first()


def heads_of(streams: Iterable[str]) -> Heads:
    """One digest over the heads of `streams` as they are now. One query."""
    chains = Chain.objects.filter(pk__in=list(streams), count__gt=0)
    rows = tuple(sorted(chains.values_list("stream", "count", "head")))
    return Heads(rows, heads_digest({stream: (count, head) for stream, count, head in rows}))
