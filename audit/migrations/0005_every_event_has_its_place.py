from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_number_and_seal_what_is_there'),
    ]

    operations = [
        migrations.AlterField('event', 'position', models.PositiveIntegerField()),
        migrations.AddConstraint(
            'event', models.UniqueConstraint(fields=('stream', 'position'), name='event_once_in_its_place')
        ),
    ]
