"""What an event says, in Indonesian: one sentence for every action that is recorded anywhere in the portal.

`tell` gives the words without who and when. A test walks the source for actions: one without a sentence fails it.
"""

from assessments.sentences._base import Change, Names, Told, changes_of, kept_around
from assessments.sentences.answers import ANSWERS, decided
from assessments.sentences.everything import EVERYTHING
from audit.models import Event

#: What an act is, for filters: the kinds of one assessment's acts, then those outside of it.
KINDS = {
    "isian": "Isian",
    "bukti": "Bukti dukung",
    "verifikasi": "Verifikasi",
    "status": "Perpindahan status",
    "pembacaan": "Pembacaan bukti",
    "laporan": "Laporan dan unduhan",
    "lain": "Lainnya",
}
SENTENCES = {**ANSWERS, **EVERYTHING}

__all__ = [
    "KINDS",
    "SENTENCES",
    "Change",
    "Names",
    "Told",
    "actions_of",
    "changes_of",
    "decided",
    "kept_around",
    "kind_of",
    "tell",
]


def actions_of(kind: str) -> list[str]:
    return [action for action, (of, _) in SENTENCES.items() if of == kind]


def kind_of(action: str) -> str:
    return SENTENCES[action][0] if action in SENTENCES else "lain"


def tell(event: Event, names: Names) -> Told:
    """The sentence of one event, why it was done, and what changed in detail."""
    _, sentence = SENTENCES.get(event.action, ("lain", _unknown))
    return Told(sentence(event, names), _why(event, names), changes_of(event, names))


def _why(event: Event, names: Names) -> str:
    """The reason given, or the note of a decision."""
    if event.action == "review.decide":
        note = names.values_of(event)[1].get("note")
        return note if isinstance(note, str) else ""
    if event.action == "review.reply":
        return str(event.after.get("reply", ""))
    return event.reason


def _unknown(event: Event, names: Names) -> str:
    return f"melakukan “{event.action}”"
