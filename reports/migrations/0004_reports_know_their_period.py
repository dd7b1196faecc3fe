"""Reports know their period, and what they say of whom; filled in next."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0006_fill_levels_of_assessments"),
        ("reports", "0003_reports_know_their_revision"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportjob",
            name="period",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="assessments.period"
            ),
        ),
        migrations.AddField(
            model_name="reportjob",
            name="shown_subject",
            field=models.CharField(blank=True, max_length=300, verbose_name="nama dalam dokumen"),
        ),
        migrations.AddField(
            model_name="reportjob",
            name="shown_index",
            field=models.CharField(blank=True, max_length=100, verbose_name="indeks dalam dokumen"),
        ),
        migrations.AddField(
            model_name="reportjob",
            name="signed_by",
            field=models.CharField(blank=True, max_length=300, verbose_name="penanda tangan"),
        ),
        migrations.AddField(
            model_name="reportjob",
            name="part_count",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
