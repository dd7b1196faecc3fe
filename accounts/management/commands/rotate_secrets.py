"""`manage.py rotate_secrets`: after SECRET_KEY was replaced, write every kept secret under the new one."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from accounts.services import two_factor, webhooks


class Command(BaseCommand):
    help = "Tulis ulang rahasia verifikasi dua langkah dan webhook dengan SECRET_KEY yang sekarang."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = two_factor.rotate_secrets() + webhooks.rotate_secrets()
        except InvalidToken:
            raise CommandError(
                "Ada rahasia yang tidak terbuka. Isi SECRET_KEY_FALLBACKS dengan kunci sebelumnya."
            ) from None
        self.stdout.write(f"{changed} rahasia ditulis ulang. SECRET_KEY_FALLBACKS boleh dikosongkan.")
