"""Who may edit instruments. Reading one is for everybody who is logged in, a draft for its editors."""

from accounts.permissions import Rights
from indicators.models import Instrument


def can_edit_instruments(rights: Rights) -> bool:
    """Copy, change, publish and correct instruments, bring one in as a file: coordinators and administrators."""
    return rights.is_coordinator or rights.is_superuser


def can_see_instrument(rights: Rights, instrument: Instrument) -> bool:
    return not instrument.is_draft or can_edit_instruments(rights)
