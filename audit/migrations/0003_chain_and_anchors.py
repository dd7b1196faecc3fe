import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_event_time_can_be_given'),
    ]

    operations = [
        migrations.AddField('event', 'position', models.PositiveIntegerField(null=True)),
        migrations.AddField('event', 'digest', models.CharField(default='', max_length=64), preserve_default=False),
        migrations.CreateModel(
            name='Chain',
            fields=[
                ('stream', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField(default=0)),
                ('head', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('heads', models.JSONField(default=dict)),
                ('streams', models.PositiveIntegerField()),
                ('events', models.PositiveIntegerField()),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={'ordering': ['day']},
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('events', models.PositiveIntegerField()),
                ('streams', models.PositiveIntegerField()),
                ('anchors', models.PositiveIntegerField()),
                ('problems', models.JSONField(default=list)),
                ('problem_count', models.PositiveIntegerField(default=0)),
            ],
            options={'ordering': ['at']},
        ),
    ]
