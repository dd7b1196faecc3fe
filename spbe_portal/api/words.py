"""The framework's own messages in our words, where its translation has none or poor ones.

Set once, on the classes themselves: a serializer of any app speaks like the pages do.
"""

from rest_framework import exceptions, fields, relations, serializers

_NUMBER = {
    "max_value": "Paling banyak {max_value}.",
    "min_value": "Paling sedikit {min_value}.",
    "max_string_length": "Bilangan ini terlalu panjang.",
}
_TEXT = {
    "invalid": "Isi dengan teks.",
    "blank": "Isi kolom ini.",
    "max_length": "Paling banyak {max_length} karakter.",
    "min_length": "Paling sedikit {min_length} karakter.",
}
_LIST = {
    "not_a_list": "Isi dengan daftar, bukan {input_type}.",
    "empty": "Isi paling sedikit satu.",
    "max_length": "Paling banyak {max_length} isi.",
    "min_length": "Paling sedikit {min_length} isi.",
}

FIELDS: dict[type, dict[str, str]] = {
    fields.Field: {"required": "Isi kolom ini.", "null": "Kolom ini tidak boleh null."},
    fields.BooleanField: {"invalid": "Isi dengan true atau false."},
    fields.CharField: _TEXT,
    fields.EmailField: {"invalid": "Isi dengan alamat surel, misalnya nama@contoh.go.id."},
    fields.RegexField: {"invalid": "Bentuk isian ini tidak sesuai."},
    fields.SlugField: {"invalid": "Pakai huruf, angka, garis bawah, atau tanda hubung, tanpa spasi."},
    fields.URLField: {"invalid": "Isi dengan alamat web, misalnya https://contoh.go.id."},
    fields.UUIDField: {"invalid": "Isi dengan UUID."},
    fields.IntegerField: {"invalid": "Isi dengan bilangan bulat.", **_NUMBER},
    fields.FloatField: {"invalid": "Isi dengan bilangan.", "overflow": "Bilangan ini terlalu besar.", **_NUMBER},
    fields.DecimalField: {
        "invalid": "Isi dengan bilangan.",
        "max_digits": "Paling banyak {max_digits} angka.",
        "max_decimal_places": "Paling banyak {max_decimal_places} angka di belakang koma.",
        "max_whole_digits": "Paling banyak {max_whole_digits} angka di depan koma.",
        **_NUMBER,
    },
    fields.DateTimeField: {
        "invalid": "Isi dengan waktu menurut ISO 8601, misalnya 2026-11-30T16:00:00+07:00.",
        "date": "Isi dengan waktu menurut ISO 8601, misalnya 2026-11-30T16:00:00+07:00.",
        "make_aware": "Waktu ini tidak ada di zona {timezone}.",
        "overflow": "Waktu ini di luar jangkauan.",
    },
    fields.DateField: {
        "invalid": "Isi dengan tanggal menurut ISO 8601, misalnya 2026-11-30.",
        "datetime": "Isi dengan tanggal saja, misalnya 2026-11-30.",
    },
    fields.TimeField: {"invalid": "Isi dengan jam, misalnya 16:00."},
    fields.ChoiceField: {"invalid_choice": "“{input}” bukan pilihan yang dikenal."},
    fields.MultipleChoiceField: {
        "invalid_choice": "“{input}” bukan pilihan yang dikenal.",
        "not_a_list": _LIST["not_a_list"],
        "empty": _LIST["empty"],
    },
    fields.FileField: {
        "required": "Sertakan berkasnya.",
        "invalid": "Kirim berkasnya sebagai multipart/form-data.",
        "no_name": "Berkas ini tidak bernama.",
        "empty": "Berkas ini kosong.",
        "max_length": "Nama berkas paling banyak {max_length} karakter (kini {length}).",
    },
    fields.ListField: _LIST,
    fields.DictField: {"not_a_dict": "Isi dengan objek JSON, bukan {input_type}.", "empty": _LIST["empty"]},
    fields.JSONField: {"invalid": "Isi dengan JSON."},
    relations.PrimaryKeyRelatedField: {
        "required": "Isi kolom ini.",
        "does_not_exist": "Tidak ada yang bernomor {pk_value}.",
        "incorrect_type": "Isi dengan nomornya.",
    },
    relations.SlugRelatedField: {"does_not_exist": "“{value}” tidak ditemukan.", "invalid": "Isian ini tidak sesuai."},
    relations.ManyRelatedField: {"not_a_list": _LIST["not_a_list"], "empty": _LIST["empty"]},
    serializers.Serializer: {"invalid": "Kirim objek JSON, bukan {datatype}."},
    serializers.ListSerializer: _LIST,
}

EXCEPTIONS: dict[type[exceptions.APIException], str] = {
    exceptions.APIException: "Terjadi gangguan pada server. Coba lagi beberapa saat lagi.",
    exceptions.ValidationError: "Isian tidak sesuai.",
    exceptions.ParseError: "Kiriman ini tidak dapat dibaca.",
    exceptions.AuthenticationFailed: "Token tidak berlaku.",
    exceptions.NotAuthenticated: "Sertakan token Anda: Authorization: Token ...",
    exceptions.PermissionDenied: "Anda tidak berhak melakukan ini.",
    exceptions.NotFound: "Tidak ditemukan.",
    exceptions.MethodNotAllowed: "Metode {method} tidak diterima alamat ini.",
    exceptions.NotAcceptable: "Alamat ini hanya dapat menjawab dengan JSON.",
    exceptions.UnsupportedMediaType: "Bentuk kiriman {media_type} tidak diterima alamat ini.",
    exceptions.Throttled: "Terlalu banyak permintaan.",
}


def speak_indonesian() -> None:
    for field, messages in FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **messages}  # type: ignore[attr-defined]
    for exception, sentence in EXCEPTIONS.items():
        exception.default_detail = sentence
    exceptions.Throttled.extra_detail_singular = "Coba lagi dalam {wait} detik."
    exceptions.Throttled.extra_detail_plural = "Coba lagi dalam {wait} detik."
