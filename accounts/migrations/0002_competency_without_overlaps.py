"""One competency per person, skill and moment, as a key that shifts may reference by period (PostgreSQL 18)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE accounts_competency ADD CONSTRAINT competency_periods_do_not_overlap
                UNIQUE (user_id, skill_id, valid WITHOUT OVERLAPS)
            """,
            reverse_sql="ALTER TABLE accounts_competency DROP CONSTRAINT competency_periods_do_not_overlap",
        ),
    ]
