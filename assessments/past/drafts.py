"""A list of past years between its upload and its confirmation."""

from collections.abc import Mapping
from dataclasses import astuple

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from assessments.errors import Refused
from assessments.models import SheetDraft
from assessments.past import write
from assessments.past.plan import plan
from assessments.past.sheet import Entry, Sheet
from spbe_portal.formatting import count_id
from spbe_portal.sheets import Unreadable

#: Values of one list: a city of fifty agencies over a few years. The command reads more.
MOST = 15_000
_OURS = Q(subject=SheetDraft.Subject.HISTORY)


def keep(found: Sheet, file_name: str, user: User) -> SheetDraft:
    """Keep what the file says until it is confirmed. Earlier lists of this person go.

    Raises `Unreadable` where it holds more than can be written while somebody waits.
    """
    if len(found.entries) > MOST:
        raise Unreadable(
            f"Berkas ini memuat lebih dari {count_id(MOST)} nilai. Bagi menurut tahun, atau minta pengelola portal "
            "mengimpornya dengan perintah import_history."
        )
    with transaction.atomic():
        SheetDraft.objects.filter(_OURS, user=user).delete()
        return SheetDraft.objects.create(
            user=user,
            subject=SheetDraft.Subject.HISTORY,
            file_name=file_name[:200],
            rows={"entries": [astuple(entry) for entry in found.entries], "chosen": {}},
            ignored=found.ignored,
        )


def find(pk: int) -> SheetDraft | None:
    """One that can still be confirmed, whoever brought it in."""
    return SheetDraft.objects.kept().filter(_OURS, pk=pk).first()


def sheet_of(draft: SheetDraft) -> Sheet:
    return Sheet([Entry(*values) for values in draft.rows["entries"]], list(draft.ignored))


def chosen_of(draft: SheetDraft) -> dict[int, str]:
    """The instrument's code by year."""
    return {int(year): code for year, code in draft.rows["chosen"].items()}


def choose(draft: SheetDraft, sent: Mapping[str, str]) -> None:
    """Keep the instruments chosen in the fields "instrumen-2023"; an empty one is chosen by the portal again."""
    chosen = dict(draft.rows["chosen"])
    for name, code in sent.items():
        field, _, year = name.partition("-")
        if field == "instrumen" and year.isascii() and year.isdigit() and len(year) == 4:
            chosen[year] = code[:60]
    chosen = {year: code for year, code in chosen.items() if code}
    if chosen != draft.rows["chosen"]:
        draft.rows = {**draft.rows, "chosen": chosen}
        draft.save(update_fields=["rows"])


def apply(draft: SheetDraft, *, user: User, token: str) -> write.Written:
    """Write what the person was shown (`token`); the draft goes. Raises as `write.apply`, and `Refused`."""
    with transaction.atomic():
        held = SheetDraft.objects.select_for_update().filter(_OURS, pk=draft.pk, user=user).first()
        if held is None:
            raise Refused("Daftar ini sudah disimpan atau digantikan unggahan lain.")
        found = plan(sheet_of(held), chosen_of(held))
        done = write.apply(found, user=user, file_name=held.file_name, token=token or "-")
        held.delete()
        return done
