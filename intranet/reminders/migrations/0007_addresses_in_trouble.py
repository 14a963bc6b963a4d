"""Addresses to which mail does not arrive, each once for as long as it lasts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0006_quiet_hours_of_a_person"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressTrouble",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "address",
                    models.CharField(help_text="In small letters, as the mail server knows it.", max_length=320),
                ),
                ("since", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("rcpt", "Refused by the mail server"),
                            ("bounce", "Sent back"),
                            ("complaint", "Reported as unwanted"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "code",
                    models.CharField(blank=True, help_text="The server's code, such as 550 or 5.1.1.", max_length=12),
                ),
                ("reply", models.CharField(blank=True, max_length=300)),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, help_text="Why it was cleared.", max_length=200)),
                (
                    "cleared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses_cleared",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="address_troubles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["-since", "-id"]},
        ),
        migrations.AddIndex(
            model_name="addresstrouble",
            index=models.Index(
                condition=models.Q(("cleared_at", None)), fields=["-since"], name="address_trouble_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="addresstrouble",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cleared_at", None)),
                fields=("person", "address"),
                name="address_is_in_trouble_once",
                violation_error_message="It is known already that mail to this address does not arrive.",
            ),
        ),
        migrations.AddConstraint(
            model_name="addresstrouble",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cleared_at", None), ("cleared_by", None), ("why", "")),
                    models.Q(("cleared_at__isnull", False), models.Q(("why", ""), _negated=True)),
                    _connector="OR",
                ),
                name="address_cleared_with_a_reason",
                violation_error_message="Say why mail is sent to this address again.",
            ),
        ),
    ]
