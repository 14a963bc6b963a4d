"""Languages were one text with commas; they become a list, so that they can be chosen from."""

import django.contrib.postgres.fields
from django.db import migrations, models

TO_A_LIST = """
ALTER TABLE accounts_user ALTER COLUMN languages TYPE varchar(40)[]
    USING array_remove(regexp_split_to_array(btrim(languages), '\\s*,\\s*'), '')::varchar(40)[]
"""
TO_A_TEXT = """
ALTER TABLE accounts_user ALTER COLUMN languages TYPE varchar(200) USING left(array_to_string(languages, ', '), 200)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_qualifications")]

    operations = [
        migrations.RunSQL(
            TO_A_LIST,
            TO_A_TEXT,
            state_operations=[
                migrations.AlterField(
                    model_name="user",
                    name="languages",
                    field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=12
                    ),
                )
            ],
        )
    ]
