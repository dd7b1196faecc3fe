from django.db import migrations

from audit import triggers


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_every_event_has_its_place'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, editor: triggers.install(editor.connection),
            lambda apps, editor: triggers.remove(editor.connection),
        )
    ]
