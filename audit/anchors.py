"""The daily anchor: what all chains have come to, sealed, and told to the log so that it leaves the database."""

import logging

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.chain import anchor_digest
from audit.models import Anchor, Chain

log = logging.getLogger(__name__)


def make_anchor() -> Anchor:
    """Today's anchor, made where there is none yet; one a day, however often this is called."""
    day = timezone.localdate()
    latest = Anchor.objects.order_by("-day").first()
    if latest and latest.day >= day:
        return latest
    try:
        with transaction.atomic():
            anchor = _made(latest)
    except IntegrityError:  # somebody else was faster
        return Anchor.objects.get(day=day)
    log.info("Anchor of %s: %s (%s events, %s streams)", day, anchor.digest, anchor.events, anchor.streams)
    return anchor


def _made(latest: Anchor | None) -> Anchor:
    known: dict[str, int] = {}
    for heads in Anchor.objects.order_by("day").values_list("heads", flat=True).iterator(100):
        known.update({stream: count for stream, (count, _) in heads.items()})
    chains = list(Chain.objects.filter(count__gt=0))
    anchor = Anchor(
        day=timezone.localdate(),
        at=timezone.now(),
        heads={chain.stream: [chain.count, chain.head] for chain in chains if chain.count != known.get(chain.stream)},
        streams=len(chains),
        events=sum(chain.count for chain in chains),
        previous=latest.digest if latest else "",
    )
    anchor.digest = anchor_digest(anchor)
    anchor.save(force_insert=True)
    return anchor
