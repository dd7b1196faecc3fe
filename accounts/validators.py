"""Rules of passwords, said in the portal's own words."""

from django.contrib.auth import password_validation


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    """Django's rule; its Indonesian message is a clumsy translation."""

    def get_error_message(self) -> str:
        return f"Kata sandi terlalu pendek: paling sedikit {self.min_length} karakter."
