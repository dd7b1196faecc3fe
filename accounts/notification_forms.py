"""How a person wants to be told of what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.models import NotificationChoice, NotificationKind, User
from accounts.permissions import Rights

#: What each kind is about. What concerns the account's safety is always told, so it is not here.
ABOUT = {
    NotificationKind.DEADLINE: "Pengingat 7, 3, dan 1 hari sebelum batas waktu, perpanjangan, dan yang sudah lewat.",
    NotificationKind.HANDED_IN: "OPD mengajukan penilaian, menariknya kembali, atau menanggapi keputusan Anda.",
    NotificationKind.RETURNED: "Indikator yang dikembalikan verifikator dan batas waktu perbaikannya.",
    NotificationKind.APPROVED: "Penilaian OPD Anda disetujui atau dibuka kembali.",
    NotificationKind.PERIOD: "Periode dibuka, difinalkan, atau dibatalkan.",
    NotificationKind.FOLLOW_UP: "Tindak lanjut baru, yang dilaporkan atau dikembalikan, dan yang mendekati tenggat.",
    NotificationKind.REPORT: "Laporan yang Anda minta siap diunduh, bila pembuatannya lama.",
}


def kinds_for(rights: Rights) -> list[NotificationKind]:
    """What people in these roles are told of at all, in the order of `ABOUT`."""
    reviews = rights.is_verifier or rights.is_coordinator
    told = {
        NotificationKind.DEADLINE: rights.is_operator or rights.is_coordinator,
        NotificationKind.HANDED_IN: reviews,
        NotificationKind.RETURNED: rights.is_operator,
        NotificationKind.APPROVED: rights.is_operator,
        NotificationKind.PERIOD: rights.is_operator or rights.is_leader,
        NotificationKind.FOLLOW_UP: rights.is_operator or rights.is_coordinator,
        NotificationKind.REPORT: True,
    }
    return [kind for kind in ABOUT if told[kind]]


@dataclass(frozen=True)
class Line:
    """One kind with its two boxes."""

    kind: NotificationKind
    about: str
    in_app: forms.BoundField
    by_email: forms.BoundField


class ChoicesForm(forms.Form):
    """Two boxes a kind: behind the bell, by e-mail."""

    def __init__(self, data: Any = None, *, user: User, rights: Rights):
        super().__init__(data)
        self.user = user
        self.kinds = kinds_for(rights)
        stored = {choice.kind: choice for choice in NotificationChoice.objects.filter(user=user)}
        for kind in self.kinds:
            choice = stored.get(kind)
            for name, where, initial in (
                ("portal", "di portal", choice.in_app if choice else True),
                ("surel", "lewat surel", choice.by_email if choice else True),
            ):
                self.fields[f"{name}-{kind}"] = forms.BooleanField(
                    label=f"{kind.label} {where}",
                    required=False,
                    initial=initial,
                    widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
                )

    def lines(self) -> Iterator[Line]:
        for kind in self.kinds:
            yield Line(kind, ABOUT[kind], self[f"portal-{kind}"], self[f"surel-{kind}"])

    def choices(self) -> dict[str, tuple[bool, bool]]:
        """Of a valid form: kind to (behind the bell, by e-mail)."""
        return {kind: (self.cleaned_data[f"portal-{kind}"], self.cleaned_data[f"surel-{kind}"]) for kind in self.kinds}
