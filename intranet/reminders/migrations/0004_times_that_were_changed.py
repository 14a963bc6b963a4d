import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0003_mail_can_be_switched_off"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StepTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("step", models.CharField(max_length=40)),
                ("amount", models.DurationField(blank=True, null=True)),
                ("off", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "step"),
                        name="step_has_one_time",
                        violation_error_message="This step has a time already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", None), ("off", True))
                        | models.Q(("amount__gte", datetime.timedelta(0)), ("amount__isnull", False), ("off", False)),
                        name="step_is_off_or_has_a_time",
                        violation_error_message="A step is switched off, or it has a time that is not below nothing.",
                    ),
                ]
            },
        ),
    ]
