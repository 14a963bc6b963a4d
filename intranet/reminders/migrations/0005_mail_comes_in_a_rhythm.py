"""Mail that was switched off becomes mail in the app only; the table that could say no more than that goes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0004_times_that_were_changed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MailChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("daily", "Daily digest"),
                            ("weekly", "Weekly digest"),
                            ("in-app", "In the app only"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "kind"),
                        name="mail_has_one_rhythm",
                        violation_error_message="This mail has a rhythm already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(rhythm__in=["daily", "weekly", "in-app"]),
                        name="mail_rhythm_is_known",
                        violation_error_message="Choose a rhythm; at once is what comes without a choice.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            sql="""
                INSERT INTO reminders_mailchoice (person_id, kind, rhythm)
                SELECT person_id, kind, 'in-app' FROM reminders_mailoff
            """,
            reverse_sql="""
                INSERT INTO reminders_mailoff (person_id, kind)
                SELECT person_id, kind FROM reminders_mailchoice WHERE rhythm = 'in-app'
            """,
        ),
        migrations.DeleteModel(name="MailOff"),
    ]
