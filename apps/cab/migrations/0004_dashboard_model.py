from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cab", "0003_removed_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="dashboard",
            name="model",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
