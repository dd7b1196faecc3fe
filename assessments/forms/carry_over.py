"""What a person decides about last year's answer and evidence of one indicator."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html

from assessments.queries.carry_over import Piece, Proposal
from assessments.services.carry_over import DROP, KEEP, REPLACE

_CHOICES = [(KEEP, "Masih berlaku, pakai"), (DROP, "Tidak berlaku")]


class CarryOverForm(forms.Form):
    """One question for the answer, one a document; what is left open stays undecided.

    `all_valid` chooses "masih berlaku" beforehand wherever nothing was said; it is saved by the person all the same.
    """

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        label="Isian ini masih berlaku?", choices=_CHOICES, required=False, widget=forms.RadioSelect
    )

    def __init__(self, data: QueryDict | None = None, *, proposal: Proposal, all_valid: bool = False):
        self.proposal = proposal
        wish = KEEP if all_valid else ""
        initial: dict[str, Any] = {"version": proposal.answer.version, "answer": _said(proposal) or wish}
        initial |= {_name(piece): piece.choice or wish for piece in proposal.pieces}
        if proposal.is_filled and not proposal.is_same:
            initial["answer"] = _said(proposal)  # what was typed is replaced only where somebody says so
        super().__init__(data, initial=initial)
        answer: Any = self.fields["answer"]
        if not proposal.has_answer:
            del self.fields["answer"]
        elif proposal.is_filled and not proposal.is_same and _said(proposal) != KEEP:
            answer.choices = [
                (REPLACE, "Masih berlaku: gantikan isian tahun ini dengan isian tahun lalu"),
                (DROP, "Tetap pakai isian tahun ini"),
            ]
        for piece in proposal.pieces:
            self.fields[_name(piece)] = forms.ChoiceField(
                label=format_html(
                    'Masih berlaku?<span class="visually-hidden"> {}</span>', piece.evidence.version.document.title
                ),
                choices=_CHOICES,
                required=False,
                widget=forms.RadioSelect,
            )

    def lines(self) -> list[tuple[Piece, forms.BoundField]]:
        """Each document with its question."""
        return [(piece, self[_name(piece)]) for piece in self.proposal.pieces]

    def clean(self) -> None:
        if not self.errors and not any(value for name, value in self.cleaned_data.items() if name != "version"):
            raise forms.ValidationError("Belum ada yang dipilih. Pilih jawabannya untuk isian atau bukti di bawah.")

    def values(self) -> dict[str, Any]:
        """As `services.carry_over.decide` takes them: only what was chosen."""
        chosen = {piece.evidence.pk: self.cleaned_data[_name(piece)] for piece in self.proposal.pieces}
        return {
            "version": self.cleaned_data["version"],
            "answer": self.cleaned_data.get("answer", ""),
            "pieces": {pk: choice for pk, choice in chosen.items() if choice},
        }


class SeveralForm(forms.Form):
    """Indicators whose answer and evidence of last year are all still valid; fields by code, ticked where nothing
    speaks against it. A tick carries the version of this year's answer that was on screen."""

    sure = forms.BooleanField(
        label="Saya sudah memeriksa yang dicentang; isian dan buktinya masih berlaku",
        error_messages={"required": "centang setelah memeriksa semuanya."},
    )

    def __init__(self, data: QueryDict | None = None, *, offered: list[Proposal]):
        super().__init__(data)
        self.offered = offered
        self.sent = data.getlist("pilih") if data is not None else None

    def lines(self) -> list[tuple[Proposal, str, bool]]:
        """Each indicator, the value of its tick, and whether it is ticked."""
        found = []
        for proposal in self.offered:
            value = f"{proposal.code}:{proposal.answer.version}"
            codes = [each.partition(":")[0] for each in self.sent] if self.sent is not None else None
            found.append((proposal, value, proposal.code in codes if codes is not None else not proposal.cautions))
        return found

    def clean(self) -> None:
        if not self.chosen():
            raise forms.ValidationError("Belum ada indikator yang dicentang. Centang yang masih berlaku.")

    def chosen(self) -> dict[str, int]:
        """Versions by code; what is no number never fits."""
        found = {}
        for each in (self.sent or [])[:200]:
            code, _, text = each.partition(":")
            found[code] = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        return found


def _said(proposal: Proposal) -> str:
    return "" if proposal.decision is None else KEEP if proposal.decision.is_valid else DROP


def _name(piece: Piece) -> str:
    return f"b{piece.evidence.pk}"
