from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0003_pictures_asked_for_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="review",
            name="seen",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
    ]
