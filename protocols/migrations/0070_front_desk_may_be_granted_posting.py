"""A manager may let somebody of the front desk write announcements for a time."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('protocols', '0069_drafts_are_discarded'),
    ]

    operations = [
        migrations.AlterField(
            model_name='audience',
            name='role',
            field=models.CharField(choices=[('therapist', 'Therapist'), ('assistant', 'Assistant or aide'), ('front_desk', 'Front desk'), ('manager', 'Clinic manager'), ('clinical_lead', 'Clinical lead'), ('administrator', 'Administrator'), ('delegated_approver', 'Delegated approver'), ('poster', 'Announcement writer')], max_length=20),
        ),
    ]
