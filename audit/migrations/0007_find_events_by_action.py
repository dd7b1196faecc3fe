from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0006_triggers'),
    ]

    operations = [
        migrations.AddIndex('event', models.Index(fields=['action', 'id'], name='event_by_action')),
    ]
