"""The OpenAPI document: every operation also names the refusals any of them may give."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from spbe_portal.api.idempotency import HEADER, LONGEST_KEY
from spbe_portal.api.inputs import Strict

PROBLEM = inline_serializer(
    "Hambatan",
    {"code": serializers.CharField(), "indicator": serializers.CharField(), "message": serializers.CharField()},
    many=True,
    required=False,
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


IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "description": "Kunci acak milik program, satu tiap permintaan. Permintaan yang dikirim ulang dengan kunci sama "
    "dijawab seperti semula dan tidak dikerjakan lagi (24 jam)",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": "ETag yang dibaca sebelumnya, sebagai ganti version",
    "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,9}"$'},
}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "tokenAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Isi: `Token` spasi token Anda, misalnya `Token spbe_Zk...`",
        }


class PortalSchema(AutoSchema):
    """drf-spectacular's, with what is the same everywhere: refusals, headers, and inputs that take nothing else."""

    def get_description(self) -> str:
        """Docstrings are for who reads the code; what programs' authors read is said in `extend_schema`."""
        return ""

    def _get_parameters(self) -> list[dict[str, Any]]:
        found = super()._get_parameters()
        if self.method == "POST" and self.get_auth():
            found.append(IDEMPOTENCY_KEY)
        asked = self.get_request_serializer() if self.method in ("POST", "PUT", "PATCH", "DELETE") else None
        kind = asked if isinstance(asked, type) else type(asked)
        if issubclass(kind, Strict) and "version" in kind._declared_fields:
            found.append(IF_MATCH)
        return found

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        shape = super()._map_basic_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, Strict):
            shape["additionalProperties"] = False
        return shape

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        found = super()._get_response_headers_for_code(status_code, direction)
        if self.method == "POST" and status_code.startswith("2") and self.get_auth():
            found["Idempotency-Replayed"] = _header("true: jawaban permintaan yang sama sebelumnya", "string")
        if status_code == "401":
            found["WWW-Authenticate"] = _header("Token", "string")
        if status_code == "429":
            found["Retry-After"] = _header("Detik sampai boleh mencoba lagi", "integer")
        return found

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


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description}


def without_marks(result: Any, **context: Any) -> Any:
    """Choices stay where they are used: named once for all, those of many fields called `kind` would collide."""
    if isinstance(result, dict):
        return {name: without_marks(each) for name, each in result.items() if name != "x-spec-enum-id"}
    return [without_marks(each) for each in result] if isinstance(result, list) else result
