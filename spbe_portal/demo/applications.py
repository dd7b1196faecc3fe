"""The demo agencies' applications, as `city.json` has them, with the events that keeping them would have left."""

import json
import random
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from accounts.models import Agency, User
from audit.services import prepare, record_all
from indicators.models import Indicator
from inventory.models import Application, Hosting
from inventory.services import facts_of

CITY_FILE = Path(__file__).with_name("city.json")
HOSTING = {
    "PDN": Hosting.NATIONAL,
    "pusat data kota": Hosting.GOVERNMENT,
    "server OPD": Hosting.AGENCY,
    "hosting luar": Hosting.OUTSIDE,
}


def seed_applications(agencies: Mapping[str, Agency], actor: User) -> list[Application]:
    """Write the city's applications with a fixed number of statements. `agencies` by slug; `actor` typed them."""
    rows = json.loads(CITY_FILE.read_text(encoding="utf-8"))["applications"]
    asked = {indicator.code: indicator for indicator in Indicator.objects.filter(instrument__is_default=True)}
    draw, now = random.Random("aplikasi"), timezone.now()
    made = []
    for row in rows:
        agency = agencies[row["agency"]]
        at = now - timedelta(days=draw.choice([20, 45, 90, 150, 240, 330, 400, 520]))
        made.append(
            Application(
                agency=agency,
                name=row["name"],
                purpose=row["function"],
                users=row["users"],
                kind=row["kind"],
                category=row["category"],
                status=row["status"],
                last_used=row["last_used_year"],
                hosting=HOSTING[row["hosting"]],
                security_contact=f"Tim keamanan informasi {agency.short_name}" if row["has_security_contact"] else "",
                created_at=at,
                changed_at=at,
                checked_at=at,
                changed_by=actor,
            )
        )
    Application.objects.bulk_create(made)
    links = Application.indicators.through
    links.objects.bulk_create(
        links(application=application, indicator=asked[str(code)])
        for application, row in zip(made, rows, strict=True)
        for code in row["indicators"]
    )
    record_all(
        [
            prepare(
                "application.create",
                application,
                actor=actor,
                on_behalf_of=application.agency,
                after=facts_of(application, [str(code) for code in row["indicators"]]),
                at=application.created_at,
            )
            for application, row in zip(made, rows, strict=True)
        ]
    )
    return made
