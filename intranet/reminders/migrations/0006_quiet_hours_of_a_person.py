from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.lookups import LessThanOrEqual

LENGTH = ExpressionWrapper(F("ends") - F("starts"), output_field=DurationField())


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0005_mail_comes_in_a_rhythm"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QuietHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts", models.TimeField(blank=True, null=True)),
                ("ends", models.TimeField(blank=True, null=True)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quiet_hours",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "quiet hours",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(starts=None, ends=None)
                        | Q(starts__isnull=False, ends__isnull=False)
                        & (
                            Q(ends__gt=F("starts")) & Q(LessThanOrEqual(LENGTH, timedelta(hours=14)))
                            | Q(ends__lt=F("starts")) & Q(LessThanOrEqual(LENGTH, timedelta(hours=-10)))
                        ),
                        name="quiet_hours_are_none_or_at_most_fourteen",
                        violation_error_message="Quiet hours have a start and an end and last 14 hours at most.",
                    )
                ],
            },
        ),
    ]
