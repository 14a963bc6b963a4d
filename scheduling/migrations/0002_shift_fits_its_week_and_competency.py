"""What one row cannot say alone: a shift is in a week of its own clinic, and who holds it is competent throughout."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial"), ("accounts", "0002_competency_without_overlaps")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE scheduling_shift ADD CONSTRAINT shift_is_in_a_week_of_its_clinic
                FOREIGN KEY (week_id, clinic_id) REFERENCES scheduling_rosterweek (id, clinic_id)
            """,
            reverse_sql="ALTER TABLE scheduling_shift DROP CONSTRAINT shift_is_in_a_week_of_its_clinic",
        ),
        migrations.RunSQL(
            sql="""
                ALTER TABLE scheduling_shift ADD CONSTRAINT shift_holder_is_competent
                FOREIGN KEY (staff_id, skill_id, PERIOD period)
                REFERENCES accounts_competency (user_id, skill_id, PERIOD valid)
            """,
            reverse_sql="ALTER TABLE scheduling_shift DROP CONSTRAINT shift_holder_is_competent",
        ),
    ]
