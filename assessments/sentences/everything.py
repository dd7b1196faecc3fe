"""Sentences of what happens outside one assessment: periods, the government, follow-ups, people, papers."""

from assessments.sentences._base import Names, level, moment
from assessments.sentences.answers import Sentence, just
from audit.models import Event
from spbe_portal.formatting import count_id

_FORMATS = {"pdf": "PDF", "xlsx": "XLSX", "csv": "CSV", "zip": "ZIP"}


def named(text: str) -> Sentence:
    """The words, then what the act was done to."""
    return lambda event, names: f"{text} “{event.subject_label}”" if event.subject_label else text


def _open(event: Event, names: Names) -> str:
    count = event.after.get("assessments")
    return f"membuka periode “{event.subject_label}”" + (f" bagi {count_id(count)} OPD" if count else "")


def _final(event: Event, names: Names) -> str:
    done, open_ = event.after.get("complete"), event.after.get("incomplete")
    text = f"memfinalkan periode “{event.subject_label}”"
    return text if done is None else f"{text}: {count_id(done)} selesai, {count_id(open_ or 0)} tidak selesai"


def _imported(event: Event, names: Names) -> str:
    count = event.after.get("assessments")
    text = f"mengimpor “{event.subject_label}” dari berkas {event.after.get('file', '')}".rstrip()
    return f"{text}: {count_id(count)} OPD" if count else text


def _levels(event: Event, names: Names) -> str:
    return f"mengimpor penilaian tahun lalu: {count_id(event.after.get('levels', 0))} nilai, tanpa bukti"


def _determine(event: Event, names: Names) -> str:
    new, old = event.after.get("level"), event.before.get("level")
    what = names.indicator(event)
    if "level" not in event.after:
        return f"mengubah alasan penetapan {what}"
    if old is not None:
        return f"mengubah penetapan {what}: level {level(old)} menjadi {level(new)}"
    return f"menetapkan {what} pada level {level(new)}"


def _external(event: Event, names: Names) -> str:
    return f"mengisi nilai eksternal {names.indicator(event)}: level {level(event.after.get('level'))}"


def _import_external(event: Event, names: Names) -> str:
    number, file = event.after.get("levels", 0), event.after.get("file")
    return f"memasukkan hasil kementerian ({count_id(number)} nilai)" + (f" dari berkas “{file}”" if file else "")


def _pemda(event: Event, names: Names) -> str:
    return f"memfinalkan nilai Pemda, revisi {event.after.get('revision', 1)}"


def _progress(event: Event, names: Names) -> str:
    progress = event.after.get("progress")
    text = f"menyimpan kemajuan tindak lanjut “{event.subject_label}”"
    return text if progress is None else f"{text}: {progress} %"


def _membership(text: str) -> Sentence:
    """`text` with the role and whose it is."""

    def sentence(event: Event, names: Names) -> str:
        return f"{text} {event.subject_label}"

    return sentence


def _ends(event: Event, names: Names) -> str:
    last = event.after.get("valid_until")
    return f"mengakhiri peran {event.subject_label}" + (f" per {moment(last)}" if last else "")


def _agency_end(event: Event, names: Names) -> str:
    last = event.after.get("valid_until")
    return f"mengakhiri OPD {event.subject_label}" + (f" per {moment(last)}" if last else "")


def _report(text: str) -> Sentence:
    def sentence(event: Event, names: Names) -> str:
        shape = _FORMATS.get(str(event.after.get("format", "")).lower(), "")
        return f"{text} laporan" + (f" {shape}" if shape else "")

    return sentence


def _session(event: Event, names: Names) -> str:
    device = event.after.get("device")
    return "mengakhiri satu sesi" + (f" ({device})" if device else "")


def _token(text: str) -> Sentence:
    """`text` with the token's name."""
    return lambda event, names: f"{text} “{event.after.get('name', '')}”"


def _scan(event: Event, names: Names) -> str:
    title = event.after.get("document") or event.after.get("file") or "sebuah dokumen"
    finding = event.after.get("finding")
    return f"memeriksa berkas “{title}”: " + (f"berbahaya ({finding})" if finding else "bersih")


def _read(text: str) -> Sentence:
    """`text` with the document's title and version."""

    def sentence(event: Event, names: Names) -> str:
        title = event.after.get("document") or event.after.get("title") or event.subject_label or "sebuah dokumen"
        number = event.after.get("version")
        return f"{text} “{title}”" + (f" versi {number}" if number else "")

    return sentence


def _new_version(event: Event, names: Names) -> str:
    number = event.after.get("version")
    return f"mengunggah versi {number or 'baru'} dokumen pustaka “{event.subject_label}”"


def _trail(event: Event, names: Names) -> str:
    return f"mengunduh jejak audit ({str(event.after.get('format', '')).upper()})"


def _evidence_list(event: Event, names: Names) -> str:
    shape = _FORMATS.get(str(event.after.get("format", "")), "")
    return f"mengunduh daftar bukti dukung “{event.subject_label}”" + (f" ({shape})" if shape else "")


EVERYTHING: dict[str, tuple[str, Sentence]] = {
    "period.create": ("lain", named("membuat periode")),
    "period.edit": ("lain", named("mengubah periode")),
    "period.assign": ("lain", named("mengubah penugasan pada periode")),
    "period.open": ("status", _open),
    "period.finalise": ("status", _final),
    "period.reopen": ("status", named("membuka kembali periode")),
    "period.cancel": ("status", named("membatalkan periode")),
    "determination.set": ("lain", _determine),
    "determination.clear": ("lain", lambda event, names: f"mencabut penetapan {names.indicator(event)}"),
    "external_level.set": ("lain", _external),
    "external_level.import": ("lain", _import_external),
    "external_level.clear": ("lain", lambda event, names: f"menghapus nilai eksternal {names.indicator(event)}"),
    "pemda.finalise": ("status", _pemda),
    "pemda.reopen": ("status", just("membuka kembali penetapan nilai Pemda")),
    "plan.save": ("lain", named("menyimpan rencana peta jalan")),
    "followup.create": ("lain", named("membuat tindak lanjut")),
    "followup.edit": ("lain", named("mengubah tindak lanjut")),
    "followup.progress": ("lain", _progress),
    "followup.report": ("status", named("melaporkan selesai tindak lanjut")),
    "followup.confirm": ("status", named("menyatakan selesai tindak lanjut")),
    "followup.return": ("status", named("mengembalikan tindak lanjut")),
    "followup.drop": ("status", named("menghentikan tindak lanjut")),
    "followup.reopen": ("status", named("membuka kembali tindak lanjut")),
    "followup.download": ("pembacaan", named("mengunduh bukti tindak lanjut")),
    "instrument.add": ("lain", named("menambahkan instrumen")),
    "period.import": ("lain", _imported),
    "period.remove_import": ("lain", named("menghapus riwayat impor")),
    "assessment.import": ("status", _levels),
    "mapping.add": ("lain", named("menambahkan pemetaan indikator ke instrumen")),
    "instrument.freeze": ("lain", named("mengunci instrumen")),
    "instrument.copy": ("lain", named("menyalin instrumen menjadi konsep")),
    "instrument.import": ("lain", named("mengimpor dari berkas instrumen")),
    "instrument.edit": ("lain", named("mengubah konsep instrumen, bagian")),
    "instrument.correct": ("lain", named("memperbaiki kalimat instrumen, bagian")),
    "instrument.part_add": ("lain", named("menambahkan ke konsep instrumen")),
    "instrument.part_remove": ("lain", named("menghapus dari konsep instrumen")),
    "instrument.publish": ("lain", named("menerbitkan instrumen")),
    "instrument.discard": ("lain", named("membuang konsep instrumen")),
    "webhook.create": ("lain", named("menambahkan webhook")),
    "webhook.edit": ("lain", named("mengubah webhook")),
    "webhook.pause": ("lain", named("menjeda webhook")),
    "webhook.resume": ("lain", named("melanjutkan webhook")),
    "webhook.secret": ("lain", named("membuat kunci rahasia baru bagi webhook")),
    "webhook.remove": ("lain", named("menghapus webhook")),
    "webhook.test": ("lain", named("mengirim uji ke webhook")),
    "webhook.resend": ("lain", named("mengirim ulang sebuah kiriman webhook")),
    "application.create": ("lain", named("mencatat aplikasi")),
    "application.edit": ("lain", named("mengubah data aplikasi")),
    "application.confirm": ("lain", named("menyatakan masih benar data aplikasi")),
    "application.remove": ("lain", named("menghapus aplikasi")),
    "application.mark": ("lain", named("menandai calon konsolidasi aplikasi")),
    "application.unmark": ("lain", named("mencabut tanda calon konsolidasi aplikasi")),
    "report.request": ("laporan", _report("meminta")),
    "report.cancel": ("laporan", _report("menghentikan")),
    "report.download": ("laporan", _report("mengunduh")),
    "document.add": ("bukti", named("menambahkan dokumen ke pustaka:")),
    "document.edit": ("bukti", named("mengubah keterangan dokumen pustaka")),
    "document.version": ("bukti", _new_version),
    "document.remove": ("bukti", named("menghapus dari pustaka dokumen")),
    "document.scan": ("bukti", _scan),
    "document.view": ("pembacaan", _read("membuka dokumen pustaka")),
    "document.download": ("pembacaan", _read("mengunduh dokumen pustaka")),
    "audit.export": ("laporan", _trail),
    "evidence.export": ("laporan", _evidence_list),
    "user.create": ("lain", named("membuat akun")),
    "user.edit": ("lain", named("mengubah data akun")),
    "user.activate": ("lain", named("mengaktifkan akun")),
    "user.deactivate": ("lain", named("menonaktifkan akun")),
    "user.password_link": ("lain", named("membuat tautan kata sandi bagi")),
    "user.invite": ("lain", named("mengirim undangan lewat surel kepada")),
    "user.password_forgotten": ("lain", named("mengirim tautan kata sandi yang diminta dari halaman masuk kepada")),
    "user.oidc_linked": ("lain", just("menghubungkan akunnya dengan penyedia identitas")),
    "user.oidc_unlinked": ("lain", named("memutus hubungan dengan penyedia identitas bagi")),
    "user.two_factor_on": ("lain", just("mengaktifkan verifikasi dua langkah")),
    "user.two_factor_off": ("lain", just("mematikan verifikasi dua langkah")),
    "user.two_factor_codes": ("lain", just("membuat kode pemulihan baru")),
    "user.two_factor_reset": ("lain", named("menyetel ulang verifikasi dua langkah bagi")),
    "user.recovery_code_used": ("lain", just("masuk dengan kode pemulihan")),
    "user.session_ended": ("lain", _session),
    "user.sessions_ended": ("lain", named("mengakhiri semua sesi")),
    "user.password_link_used": ("lain", just("membuat kata sandi melalui tautan")),
    "user.password_change": ("lain", just("mengubah kata sandinya")),
    "token.make": ("lain", _token("membuat token API")),
    "token.revoke": ("lain", _token("mencabut token API")),
    "membership.add": ("lain", _membership("memberi peran")),
    "membership.end": ("lain", _ends),
    "membership.withdraw": ("lain", _membership("membatalkan peran")),
    "agency.create": ("lain", named("menambahkan OPD")),
    "agency.edit": ("lain", named("mengubah data OPD")),
    "agency.end": ("lain", _agency_end),
    "agency.reinstate": ("lain", named("memberlakukan lagi OPD")),
}
