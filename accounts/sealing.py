"""Secrets kept in the database are encrypted with a key of their own, made from SECRET_KEY.

While SECRET_KEY is being replaced the former one stands in SECRET_KEY_FALLBACKS; `manage.py rotate_secrets`
then writes every secret anew.
"""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"spbe-portal two-factor secrets"


def _keys() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Raises `cryptography.fernet.InvalidToken` where no key of ours opens it."""
    return _keys().decrypt(encrypted.encode()).decode()


def rotate(encrypted: str) -> str:
    """The same secret under the present key. Raises as `decrypt`."""
    return _keys().rotate(encrypted.encode()).decode()
