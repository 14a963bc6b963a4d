"""A sign-off may take over from another within one transaction: the server looks when both are in place.

Outside of such a transaction nothing changes: the constraint is checked with each statement, as before.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0002_shift_fits_its_week_and_competency")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE scheduling_shift ALTER CONSTRAINT shift_holder_is_competent
                DEFERRABLE INITIALLY IMMEDIATE
            """,
            reverse_sql="ALTER TABLE scheduling_shift ALTER CONSTRAINT shift_holder_is_competent NOT DEFERRABLE",
        ),
    ]
