from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "spbe_portal"
    verbose_name = "SPBE Portal"

    def ready(self) -> None:
        from spbe_portal.api.words import speak_indonesian

        speak_indonesian()
