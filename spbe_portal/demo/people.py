"""The demo's agencies and accounts. Names are roles, not people."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.models import Agency, Membership, Role, User


@dataclass(frozen=True)
class Cast:
    """Who acts in the story; `operators` by agency slug."""

    operators: dict[str, User]
    verifier: User
    verifier2: User
    coordinator: User


def make_agencies(rows: list[dict[str, Any]]) -> dict[str, Agency]:
    """The agencies by slug; parents come before their children."""
    agencies: dict[str, Agency] = {}
    for row in rows:
        agencies[row["slug"]] = Agency.objects.create(
            slug=row["slug"],
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            parent=agencies.get(row["parent"]),
        )
    return agencies


def make_people(agencies: dict[str, Agency], password: str, since: date) -> Cast:
    """An operator for each agency, two verifiers, the coordinator, the leader and the administrator."""
    hashed = make_password(password)  # once: hashing is slow on purpose

    def person(username: str, name: str, position: str, agency: str, role: str | None, **extra: Any) -> User:
        made = User.objects.create(username=username, name=name, position=position, password=hashed, **extra)
        if role:
            Membership.objects.create(user=made, agency=agencies[agency], role=role, valid_from=since)
        return made

    operators = {
        slug: person(f"operator-{slug}", f"Operator {agency.short_name}", "Pengelola data SPBE", slug, Role.OPERATOR)
        for slug, agency in agencies.items()
    }
    person("pimpinan", "Pimpinan Daerah", "Ketua Tim Koordinasi SPBE", "setda", Role.LEADER)
    person("admin", "Administrator Sistem", "", "diskominfo", None, is_superuser=True, is_staff=True)
    return Cast(
        operators,
        person("verifikator", "Verifikator Diskominfo", "Pranata komputer", "diskominfo", Role.VERIFIER),
        person("verifikator2", "Verifikator Inspektorat", "Auditor", "inspektorat", Role.VERIFIER),
        person("koordinator", "Koordinator Penilaian", "Kepala bidang", "diskominfo", Role.COORDINATOR),
    )
