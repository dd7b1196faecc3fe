"""Signing of PDFs with the portal's own certificate, where the settings name one.

It says that a file comes from this portal unchanged. It is not the signature of an official: that is the
government's signing service, which would be connected here.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils import timezone

log = logging.getLogger(__name__)

FIELD = "SPBE-Portal"
REASON = "Diterbitkan oleh SPBE Portal"


@dataclass(frozen=True)
class Certificate:
    """The certificate that signs: pyHanko's signer, whose it is, until when, and its SHA-256."""

    signer: Any
    subject: str
    valid_until: Any
    fingerprint: str


def fingerprint() -> str:
    """Of the certificate that signs now; "" where none does."""
    certificate = _certificate()
    return certificate.fingerprint if certificate else ""


def signed(pdf: bytes) -> tuple[bytes, str]:
    """The signed PDF (PAdES-B-B, no change allowed after it) and who signed; the PDF and "" where nothing signs.

    Raises what pyHanko raises: where a report is to be signed, none goes out without.
    """
    certificate = _certificate()
    if certificate is None:
        return pdf, ""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    out = _in_a_thread(
        signers.sign_pdf,
        IncrementalPdfFileWriter(BytesIO(pdf)),
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=REASON,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        ),
        signer=certificate.signer,
        new_field_spec=fields.SigFieldSpec(
            FIELD,
            readable_field_name="Tanda tangan SPBE Portal",
            # Untagged and not to be seen, as PDF/UA wants it.
            invis_sig_settings=fields.InvisSigSettings(set_hidden_flag=True, box_out_of_bounds=True),
        ),
    )
    return out.getvalue(), certificate.subject


def _in_a_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """pyHanko runs an event loop of its own, which a thread that has one already (an asynchronous server) refuses."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(work, *args, **kwargs).result()


def _certificate() -> Certificate | None:
    if not settings.REPORT_SIGNING_CERTIFICATE:
        return None
    certificate = _load(settings.REPORT_SIGNING_CERTIFICATE, settings.REPORT_SIGNING_PASSWORD)
    if certificate.valid_until < timezone.now():
        log.error(
            "The certificate that signs reports expired on %s: reports go out unsigned.", certificate.valid_until
        )
        return None
    return certificate


@lru_cache(maxsize=4)
def _load(path: str, password: str) -> Certificate:
    from pyhanko.sign import signers

    signer = signers.SimpleSigner.load_pkcs12(path, passphrase=password.encode() or None)
    if signer is None or signer.signing_cert is None:
        raise ValueError(f"The certificate {path} cannot be opened.")
    certificate = signer.signing_cert
    names = certificate.subject.native
    parts = [str(names[name]) for name in ("common_name", "organization_name") if names.get(name)]
    subject = ", ".join(dict.fromkeys(parts)) or certificate.subject.human_friendly
    return Certificate(signer, subject, certificate.not_valid_after, certificate.sha256.hex())
