"""A role that is cut off keeps its last day on record, and can be given again on that day."""

import django.contrib.postgres.constraints
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_invitation_mail"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_periods_do_not_overlap",
        ),
        migrations.AddField(
            model_name="membership",
            name="ended_at",
            field=models.DateTimeField(
                blank=True, help_text="When it was cut off on its last day, which stays on record.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("ended_at", None)),
                expressions=[
                    ("user", "="),
                    ("role", "="),
                    (django.db.models.functions.comparison.Coalesce(models.F("clinic"), models.Value(0)), "="),
                    ("period", "&&"),
                ],
                name="membership_periods_do_not_overlap",
                violation_error_message="This person already holds that role there in that period.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at", None), ("period__upper_inf", False), _connector="OR"),
                name="membership_cut_off_has_a_last_day",
                violation_error_message="What was cut off has a last day.",
            ),
        ),
    ]
