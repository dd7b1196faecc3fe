"""A report made again after its file was lost still knows the digest of the file it had."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0006_more_kinds_of_reports")]

    operations = [
        migrations.AddField(
            model_name="reportjob",
            name="earlier_sha256",
            field=models.TextField(blank=True),
        ),
    ]
