"""Dead letters and doubts wait for somebody until they are sent once more or written off."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0008_mails_bounce"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="written_off_at",
            field=models.DateTimeField(blank=True, help_text="Somebody decided to let it be.", null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="written_off_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mails_written_off",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="written_off_why",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("written_off_at", None), ("written_off_by", None), ("written_off_why", "")),
                    models.Q(
                        ("state__in", ["dead", "doubt"]),
                        ("written_off_at__isnull", False),
                        ("written_off_by__isnull", False),
                        models.Q(("written_off_why", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="delivery_written_off_by_somebody_with_a_reason",
                violation_error_message="Only what was refused or is in doubt is written off, with a reason.",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["dead", "doubt"]), ("written_off_at", None)),
                fields=["-created_at", "-id"],
                name="delivery_unsettled",
            ),
        ),
    ]
