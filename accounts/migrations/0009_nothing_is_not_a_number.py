"""A CHECK lets pass what is neither true nor false: a type whose rule lacks its numbers is refused from now on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_who_checks_and_what_needs_a_document"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="credentialtype",
            name="credential_type_states_its_months",
        ),
        migrations.RemoveConstraint(
            model_name="credentialtype",
            name="credential_type_states_its_date",
        ),
        migrations.AddConstraint(
            model_name="credentialtype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rule__in", ["months", "months_end"]), _negated=True),
                    models.Q(("months__gt", 0), ("months__isnull", False)),
                    _connector="OR",
                ),
                name="credential_type_states_its_months",
                violation_error_message="Say how many months the credential lasts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="credentialtype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rule__in", ["even_years", "odd_years"]), _negated=True),
                    models.Q(
                        ("day__isnull", False),
                        ("day__range", (1, 31)),
                        ("month__isnull", False),
                        ("month__range", (1, 12)),
                    ),
                    _connector="OR",
                ),
                name="credential_type_states_its_date",
                violation_error_message="Say on which month and day the credential ends.",
            ),
        ),
    ]
