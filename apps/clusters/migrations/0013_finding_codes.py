from django.db import migrations, models

# Codes of findings are words joined by hyphens; these five were joined by underscores, in their keys as well.
_REJOINED = """
UPDATE clusters_finding SET code = replace(code, '{old}', '{new}'), key = replace(key, '{old}', '{new}')
 WHERE code IN ('link{old}missing', 'pattern{old}contradicted', 'pattern{old}not{old}built', 'pattern{old}reopened',
                'shared{old}database')
"""


class Migration(migrations.Migration):
    dependencies = [("clusters", "0012_lists_in_order")]

    operations = [
        migrations.RunSQL(_REJOINED.format(old="_", new="-"), _REJOINED.format(old="-", new="_")),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[a-z0-9]+(-[a-z0-9]+)*$")), name="finding_code_of_words"
            ),
        ),
    ]
