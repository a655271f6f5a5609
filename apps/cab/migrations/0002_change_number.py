"""References count up from CHG-1001."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cab", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE cab_change_number START 1001", "DROP SEQUENCE cab_change_number"),
    ]
