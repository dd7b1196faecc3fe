"""Sentences of what happens in one assessment."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from assessments.models import DecisionKind, ReturnReason
from assessments.sentences._base import Names, Values, length_of, level, moment
from audit.models import Event
from spbe_portal.formatting import count_id, decimal_id

Sentence = Callable[[Event, Names], str]

TEXTS = {"fact": "fakta", "analysis": "analisis", "not_applicable_reason": "alasan tidak relevan"}


def saved(before: Values, after: Values) -> str:
    """What a save, or several in a row, did: "level 2 menjadi 3, fakta diubah (+120 huruf)"."""
    parts = []
    if after.get("self_level") != before.get("self_level"):
        old, new = before.get("self_level"), after.get("self_level")
        if new is None:
            parts.append(f"level {level(old)} dikosongkan")
        elif old is None:
            parts.append(f"level {level(new)} dipilih")
        else:
            parts.append(f"level {level(old)} menjadi {level(new)}")
    if bool(after.get("not_applicable")) != bool(before.get("not_applicable")):
        parts.append(
            "dinyatakan tidak relevan" if after.get("not_applicable") else "tidak lagi dinyatakan tidak relevan"
        )
    for name, word in TEXTS.items():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        was, now = length_of(old), length_of(new)
        if not now:
            parts.append(f"{word} dihapus")
        elif not was:
            parts.append(f"{word} ditulis ({count_id(now)} huruf)")
        elif was == now:
            parts.append(f"{word} diubah")
        else:
            parts.append(f"{word} diubah ({'+' if now > was else '−'}{count_id(abs(now - was))} huruf)")
    return ", ".join(parts)


def folded(events: list[Event]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before the first and after the last of several saves, oldest first; texts by what is kept of them."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for event in events:
        for name, value in event.before.items():
            before.setdefault(name, value)
        after.update(event.after)
    return before, after


def _save(event: Event, names: Names) -> str:
    what = saved(event.before, event.after)
    return f"menyimpan {names.indicator(event)}" + (f": {what}" if what else "")


def _copied(event: Event, names: Names) -> str:
    """What came along as it stood, and from where: copying is not writing."""
    after = event.after
    parts = [] if after.get("self_level") is None else [f"level {level(after['self_level'])}"]
    parts += ["tidak relevan"] if after.get("not_applicable") else []
    parts += [word for name, word in TEXTS.items() if length_of(after.get(name))]
    parts += [f"{count_id(after['evidence'])} bukti"] if after.get("evidence") else []
    text = f"menyalin {names.indicator(event)} dari “{after.get('period', '')}”, yang dibatalkan"
    return text + (f": {', '.join(parts)}" if parts else "")


def _paper(event: Event, names: Names) -> str:
    file, count = event.after.get("file"), event.after.get("rows")
    text = "menerapkan kertas kerja" + (f" “{file}”" if file else "")
    return text if count is None else f"{text}: {count_id(count)} indikator"


def _evidence(event: Event) -> str:
    title = event.after.get("title") or event.before.get("title") or event.after.get("file") or "sebuah dokumen"
    return f"“{title}”"


def _add(event: Event, names: Names) -> str:
    return f"melampirkan {_evidence(event)} pada {names.indicator(event)}"


def _carry(text: str) -> Sentence:
    """What was said of last year's answer or document."""

    def sentence(event: Event, names: Names) -> str:
        title = event.after.get("what")
        what = f"bukti tahun lalu “{title}”" if title else "isian tahun lalu"
        return f"menyatakan {what} {text} pada {names.indicator(event)}"

    return sentence


def _edit(event: Event, names: Names) -> str:
    return f"mengubah keterangan bukti pada {names.indicator(event)}"


def _version(event: Event, names: Names) -> str:
    number = event.after.get("version")
    text = f"memakai versi lain dari sebuah bukti pada {names.indicator(event)}"
    return f"{text}: versi {number}" if isinstance(number, int) else text


def _remove(event: Event, names: Names) -> str:
    return f"melepas {_evidence(event)} dari {names.indicator(event)}"


def _download(event: Event, names: Names) -> str:
    file = event.after.get("file")
    return f"mengunduh bukti {names.indicator(event)}" + (f": {file}" if file else "")


def _view(event: Event, names: Names) -> str:
    file = event.after.get("file")
    return f"membuka bukti {names.indicator(event)}" + (f": {file}" if file else "")


def decided(before: Values, after: Values, what: str) -> str:
    """A decision, or what was changed of one."""
    if "decision" not in after:
        if "verified_level" in after:
            old, new = level(before.get("verified_level")), level(after["verified_level"])
            return f"mengubah hasil verifikasi {what}: level {old} menjadi {new}"
        if {"note", "reason"} & set(after):
            return f"mengubah catatan verifikasi {what}"
        return f"memutuskan kembali {what} tanpa perubahan"
    verified, own = after.get("verified_level"), after.get("self_level")
    match after["decision"]:
        case DecisionKind.ACCEPT:
            text = f"menerima {what}"
            if verified is not None:
                text += f" pada level {level(verified)}"
        case DecisionKind.ADJUST:
            if own is None:
                text = f"menyesuaikan {what} menjadi level {level(verified)}"
            else:
                text = f"menyesuaikan {what}: level {level(own)} menjadi {level(verified)}"
        case _:
            text = f"mengembalikan {what}"
            if after.get("reason") in ReturnReason.values:
                text += f": {ReturnReason(after['reason']).label.lower()}"
    former = before.get("decision")
    return f"{text} (sebelumnya {DecisionKind(former).label.lower()})" if former in DecisionKind.values else text


def _decide(event: Event, names: Names) -> str:
    before, after = names.values_of(event)
    return decided(before, after, names.indicator(event))


def _reply(event: Event, names: Names) -> str:
    return f"menanggapi keputusan atas {names.indicator(event)}"


def _submit(event: Event, names: Names) -> str:
    round = event.after.get("round") or 1
    return "mengajukan penilaian" + (f" kembali (putaran {round})" if round > 1 else "")


def _return(event: Event, names: Names) -> str:
    count, until = event.after.get("returned_count"), event.after.get("mend_by")
    text = f"mengembalikan {count} indikator untuk diperbaiki" if count else "mengembalikan penilaian untuk diperbaiki"
    return text + (f", paling lambat {moment(until)}" if until else "")


def _approve(event: Event, names: Names) -> str:
    index = event.after.get("verified_exact")
    return "menyetujui penilaian" + (f" dengan indeks verifikasi {_index(index)}" if index else "")


def _index(exact: str) -> str:
    try:
        return decimal_id(Fraction(exact))
    except (ValueError, ZeroDivisionError):
        return exact


def _finalise(event: Event, names: Names) -> str:
    return "memfinalkan penilaian" + ("" if event.after.get("is_complete", True) else " sebagai tidak selesai")


def _extend(event: Event, names: Names) -> str:
    old, new = moment(event.before.get("due_at")), moment(event.after.get("due_at"))
    return f"memperpanjang batas waktu dari {old} menjadi {new}"


def _remind(event: Event, names: Names) -> str:
    return f"mengingatkan OPD agar mengajukan ({event.after.get('people', 0)} orang)"


def _assign(event: Event, names: Names) -> str:
    parts = [
        f"{word} indikator {event.after[side]}"
        for side, word in (("added", "menambahkan"), ("removed", "melepas"))
        if event.after.get(side)
    ]
    return " dan ".join(parts) or "mengubah penugasan indikator"


def just(text: str) -> Sentence:
    """Always the same words."""
    return lambda event, names: text


def _export(event: Event, names: Names) -> str:
    return f"mengunduh riwayat ini ({str(event.after.get('format', '')).upper()})"


ANSWERS: dict[str, tuple[str, Sentence]] = {
    "answer.save": ("isian", _save),
    "answer.copy": ("isian", _copied),
    "working_paper.apply": ("isian", _paper),
    "evidence.add": ("bukti", _add),
    "evidence.edit": ("bukti", _edit),
    "evidence.version": ("bukti", _version),
    "evidence.remove": ("bukti", _remove),
    "evidence.download": ("pembacaan", _download),
    "evidence.view": ("pembacaan", _view),
    "carry.keep": ("isian", _carry("masih berlaku")),
    "carry.drop": ("isian", _carry("tidak berlaku lagi")),
    "review.decide": ("verifikasi", _decide),
    "review.reply": ("verifikasi", _reply),
    "assessment.submit": ("status", _submit),
    "assessment.withdraw": ("status", just("menarik kembali pengajuan")),
    "assessment.return": ("status", _return),
    "assessment.approve": ("status", _approve),
    "assessment.reopen": ("status", just("membuka kembali penilaian untuk diverifikasi")),
    "assessment.cancel": ("status", just("membatalkan penilaian")),
    "assessment.extend": ("status", _extend),
    "assessment.remind": ("lain", _remind),
    "assessment.finalise": ("status", _finalise),
    "assessment.assign": ("lain", _assign),
    "history.export": ("laporan", _export),
}
