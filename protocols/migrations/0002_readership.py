"""The view of who reads what: each line of an audience joined with each membership that matches it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("protocols", "0001_initial"), ("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE VIEW protocols_readership AS
                SELECT audience.id AS audience_id, membership.id AS membership_id,
                       audience.version_id, audience.must_acknowledge,
                       membership.user_id, membership.clinic_id, membership.role, membership.period
                FROM protocols_audience AS audience
                JOIN accounts_membership AS membership ON membership.role = audience.role
                 AND (audience.clinic_id IS NULL OR membership.clinic_id IS NULL
                      OR membership.clinic_id = audience.clinic_id)
            """,
            reverse_sql="DROP VIEW protocols_readership",
        ),
    ]
