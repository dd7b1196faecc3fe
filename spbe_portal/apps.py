from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "spbe_portal"
    verbose_name = "SPBE Portal"
