"""Forms of the reviewers' pages. What a decision needs is asked by `services.reviews.decide`."""

from datetime import datetime
from typing import Any

from django import forms

from accounts.models import Agency
from assessments.errors import Invalid
from assessments.models import DecisionKind, Period, ReturnReason
from assessments.queries.review_queue import STATES, WAITING, QueueFilter
from spbe_portal.widgets import MomentInput

#: Sentences a reviewer may start a note from, by reason of return.
NOTE_TEMPLATES: dict[str, tuple[str, ...]] = {
    ReturnReason.WRONG_DOCUMENT: (
        "Dokumen yang dilampirkan tidak membahas indikator ini. Lampirkan dokumen yang sesuai.",
        "Dokumen yang dilampirkan bukan milik atau bukan tentang OPD Anda. Lampirkan dokumen OPD sendiri.",
        "Tunjukkan halaman atau pasal yang menjadi dasar penilaian.",
    ),
    ReturnReason.NOT_SIGNED: (
        "Dokumen belum ditandatangani. Lampirkan versi yang sudah ditandatangani pejabat berwenang.",
        "Dokumen masih berupa rancangan. Lampirkan dokumen yang sudah ditetapkan.",
    ),
    ReturnReason.OUTSIDE_PERIOD: (
        "Tanggal dokumen di luar periode penilaian. Lampirkan dokumen yang berlaku pada periode ini.",
        "Dokumen sudah tidak berlaku. Lampirkan dokumen penggantinya.",
    ),
    ReturnReason.ILLEGIBLE: (
        "Berkas tidak terbaca. Pindai ulang dengan lebih jelas lalu unggah kembali.",
        "Halaman berkas tidak lengkap. Unggah dokumen secara utuh.",
    ),
    ReturnReason.LEVEL_NOT_MET: (
        "Bukti belum menunjukkan kriteria level yang dipilih. Tambahkan bukti, atau turunkan level.",
        "Penjelasan belum menguraikan pemenuhan kriteria level yang dipilih. Lengkapi fakta dan analisis.",
    ),
    ReturnReason.OTHER: ("Jelaskan lebih rinci keadaan yang sebenarnya di OPD Anda.",),
}
#: The same for adjusting; {level} is the verified level chosen.
ADJUST_TEMPLATES: tuple[str, ...] = (
    "Bukti yang dilampirkan baru memenuhi kriteria level {level}.",
    "Bukti menunjukkan kriteria level {level} sudah terpenuhi.",
    "Kriteria di atas level {level} belum didukung bukti.",
)


#: The choice of every period; without one the running ones are shown, if there are any.
ALL_PERIODS = "semua"


class QueueForm(forms.Form):
    """What to show of the queue. Values that make no sense are passed over, as if not given."""

    status = forms.ChoiceField(choices=list(STATES.items()), required=False, widget=forms.HiddenInput)
    cari = forms.CharField(label="Cari OPD", max_length=100, required=False)
    periode = forms.ChoiceField(label="Periode", required=False)
    jenis = forms.ChoiceField(label="Jenis OPD", choices=[("", "Semua jenis"), *Agency.Kind.choices], required=False)
    belum = forms.BooleanField(label="Belum saya mulai", required=False)

    def __init__(self, data: Any, **kwargs: Any):
        super().__init__(data, **kwargs)
        shown = Period.objects.filter(status__in=[Period.Status.OPEN, Period.Status.FINAL])
        self.periods = {str(period.pk): period for period in shown}
        self.running = [period for period in shown if period.status == Period.Status.OPEN]
        choices = [(ALL_PERIODS, "Semua periode"), *((pk, period.name) for pk, period in self.periods.items())]
        if self.running:
            choices.insert(0, ("", "Periode berjalan"))
        self.fields["periode"].choices = choices  # type: ignore[attr-defined]

    def wanted(self) -> QueueFilter:
        self.is_valid()
        good = self.cleaned_data
        chosen = good.get("periode") or ""
        return QueueFilter(
            state=good.get("status") or WAITING,
            periods=[self.periods[chosen]] if chosen in self.periods else [] if chosen else self.running,
            chose_period=bool(chosen),
            kind=good.get("jenis") or "",
            text=(good.get("cari") or "").strip(),
            not_started=bool(good.get("belum")),
        )


class DecisionForm(forms.Form):
    """One decision. The accept button is a decision by itself, whatever else is chosen."""

    accept = forms.CharField(required=False)
    decision = forms.CharField(required=False)
    verified_level = forms.CharField(required=False)
    reason = forms.CharField(required=False)
    note = forms.CharField(required=False, strip=False)
    note_loaded = forms.CharField(required=False, strip=False)  # the note as the page showed it ...
    note_of = forms.CharField(required=False)  # ... and the kind of decision it was written for
    version = forms.IntegerField(required=False, min_value=1)
    round = forms.IntegerField(min_value=0, error_messages={"required": "Formulir tidak lengkap. Muat ulang halaman."})

    def values(self) -> dict[str, Any]:
        """Keywords of `services.reviews.decide`."""
        given = self.cleaned_data
        decision = self.kind()
        level = given["verified_level"].strip().replace(",", ".")
        return {
            "decision": decision,
            "verified_level": level if decision == DecisionKind.ADJUST else None,
            "reason": given["reason"] if decision == DecisionKind.RETURN else "",
            "note": "" if self.is_note_of_another_kind() else given["note"],
            "version": given["version"],
            "round": given["round"],
        }

    def kind(self) -> str:
        """The kind of decision asked for, as its value."""
        return DecisionKind.ACCEPT.value if self["accept"].value() else self["decision"].value() or ""

    def is_note_of_another_kind(self) -> bool:
        """Whether the note stands as it was written for another kind of decision: it would contradict this one."""
        of = self["note_of"].value() or ""
        return bool(of) and of != self.kind() and _plain(self["note"].value()) == _plain(self["note_loaded"].value())

    def refuse(self, refusal: Invalid) -> None:
        """Show what the service refused at the field it names."""
        for name, message in refusal.errors.items():
            self.add_error(name if name in self.fields else None, message)


def _plain(text: str | None) -> str:
    """The text without what a browser changes on its way."""
    return (text or "").replace("\r\n", "\n").strip()


class ReturnForm(forms.Form):
    """Until when the agency may mend; `revision` is the assessment's as it was on screen."""

    mend_by = forms.DateTimeField(
        label="Batas waktu perbaikan",
        widget=MomentInput,
        error_messages={
            "required": "Isi tanggal dan jam batas perbaikan.",
            "invalid": "Tanggal atau jam tidak dapat dibaca. Tulis seperti 31/12/2026 16.00.",
        },
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_mend_by(self) -> datetime:
        moment: datetime = self.cleaned_data["mend_by"]
        if moment.year > 2100:
            raise forms.ValidationError("Tahunnya terlalu jauh. Periksa kembali tanggalnya.")
        return moment


class ApproveForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
