"""Where the mail of an invitation is. Those of before were sent while their page was being answered."""

import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("waiting", "On its way"),
    ("claimed", "On its way now"),
    ("committed", "Handed over now"),
    ("sent", "Sent"),
    ("refused", "Not delivered"),
    ("doubt", "Perhaps delivered"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_api_token_and_second_step_reset")]

    operations = [
        migrations.AddField(
            "invitation", "mail_state", models.CharField(choices=STATES, default="sent", max_length=10)
        ),
        migrations.AlterField(
            "invitation", "mail_state", models.CharField(choices=STATES, default="waiting", max_length=10)
        ),
        migrations.AddField(
            "invitation",
            "mail_due_at",
            models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField("invitation", "mail_tries", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("invitation", "mail_reply", models.CharField(blank=True, max_length=200)),
        migrations.AlterField(
            "invitation", "token_digest", models.CharField(blank=True, max_length=64, null=True, unique=True)
        ),
        migrations.AddConstraint(
            "invitation",
            models.CheckConstraint(
                condition=Q(mail_state__in=["waiting", "refused"]) | Q(token_digest__isnull=False),
                name="invitation_mail_has_a_link",
            ),
        ),
    ]
