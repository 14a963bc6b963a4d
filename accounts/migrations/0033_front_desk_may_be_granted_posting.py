"""A manager may let somebody of the front desk write announcements for a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0032_role_evidence_stays"),
    ]

    operations = [
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(
                choices=[
                    ("therapist", "Therapist"),
                    ("assistant", "Assistant or aide"),
                    ("front_desk", "Front desk"),
                    ("manager", "Clinic manager"),
                    ("clinical_lead", "Clinical lead"),
                    ("administrator", "Administrator"),
                    ("delegated_approver", "Delegated approver"),
                    ("poster", "Announcement writer"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("therapist", "Therapist"),
                    ("assistant", "Assistant or aide"),
                    ("front_desk", "Front desk"),
                    ("manager", "Clinic manager"),
                    ("clinical_lead", "Clinical lead"),
                    ("administrator", "Administrator"),
                    ("delegated_approver", "Delegated approver"),
                    ("poster", "Announcement writer"),
                ],
                max_length=20,
            ),
        ),
    ]
