"""The OpenAPI document: every operation also names the refusals any of them may give."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

PROBLEM = inline_serializer(
    "Hambatan",
    {"code": serializers.CharField(), "indicator": serializers.CharField(), "message": serializers.CharField()},
    many=True,
)


class DetailShape(serializers.Serializer):
    """A refusal in one sentence."""

    detail = serializers.CharField()


class ConflictShape(serializers.Serializer):
    """Why it cannot be done now. `current`: what is stored, where the version was stale; `problems`: all of them."""

    detail = serializers.CharField()
    current = serializers.JSONField(required=False, allow_null=True)
    problems = PROBLEM


#: Values that are refused: by field, or as a whole (`detail`).
INVALID = {
    "type": "object",
    "additionalProperties": {},
    "example": {"self_level": ["Level tidak dikenal. Pilih level 1 sampai 5."]},
}
MEANINGS = {
    "400": "Isian ditolak; pesan per kolom",
    "401": "Token tidak ada, salah, dicabut, atau kedaluwarsa",
    "403": "Terlihat, tetapi tidak berhak",
    "404": "Tidak ada, atau tidak boleh Anda ketahui",
    "405": "Metode tidak diterima alamat ini",
    "406": "Hanya JSON yang dapat diberikan",
    "409": "Ditolak keadaan: versi usang, batas waktu lewat, status tidak sesuai, atau belum lengkap",
    "413": "Kiriman terlalu besar",
    "415": "Bentuk kiriman tidak dikenal",
    "422": "Idempotency-Key yang sama pernah dipakai untuk kiriman lain",
    "429": "Terlalu banyak permintaan; lihat Retry-After",
}


class PortalSchema(AutoSchema):
    """drf-spectacular's, with the common refusals added."""

    def get_description(self) -> str:
        """Docstrings are for who reads the code; what programs' authors read is said in `extend_schema`."""
        return ""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found = super()._get_response_bodies(direction)
        codes = ["400", "401", "403", "404", "405", "406", "429"]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            codes += ["409", "413", "415"]
        if self.method == "POST":
            codes.append("422")
        for code in codes:
            if code not in found:
                found[code] = self._refusal(code, direction)
        return found

    def _refusal(self, code: str, direction: Any) -> dict[str, Any]:
        shape: Any = INVALID if code == "400" else ConflictShape if code == "409" else DetailShape
        answer = self._get_response_for_code(shape, code, ["application/json"], direction)
        return {**answer, "description": MEANINGS[code]}
