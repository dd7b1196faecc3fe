from django.apps import AppConfig
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Jejak audit"

    def ready(self) -> None:
        post_migrate.connect(_put_triggers_back, sender=self)


def _put_triggers_back(*, using: str, **_) -> None:
    """SQLite drops triggers with the table a migration rebuilds. Nothing to do before they first exist."""
    from audit import triggers

    connection = connections[using]
    if ("audit", "0006_triggers") in MigrationRecorder(connection).applied_migrations() and triggers.missing(
        connection
    ):
        triggers.install(connection)
