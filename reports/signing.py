"""Signing of PDFs with the portal's own certificate, where the settings name one."""


def fingerprint() -> str:
    """Of the certificate that signs now; "" where none does."""
    return ""


def signed(pdf: bytes) -> tuple[bytes, str]:
    """The signed PDF and who signed it; the PDF itself and "" where nothing signs."""
    return pdf, ""
