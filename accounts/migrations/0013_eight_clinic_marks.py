from django.db import migrations, models


class Migration(migrations.Migration):
    """Groups have more than three clinics."""

    dependencies = [("accounts", "0012_membership_cut_off")]

    operations = [
        migrations.RemoveConstraint(model_name="clinic", name="clinic_number_has_a_colour"),
        migrations.AddConstraint(
            model_name="clinic",
            constraint=models.CheckConstraint(
                condition=models.Q(number__range=(1, 8)),
                name="clinic_number_has_a_colour",
                violation_error_message="The design has marks for clinics 1 to 8.",
            ),
        ),
    ]
