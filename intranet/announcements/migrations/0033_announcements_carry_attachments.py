"""Files that belong to an announcement."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("announcements", "0032_announcements_are_corrected"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
                            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
                            ("image/png", "Picture"),
                            ("image/jpeg", "Photo"),
                        ],
                        max_length=80,
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("pages", models.PositiveSmallIntegerField(default=0, help_text="Of a PDF.")),
                ("words", models.TextField(blank=True, editable=False)),
                ("added_at", models.DateTimeField()),
                ("added_in", models.PositiveSmallIntegerField(default=1, help_text="The first edition that has it.")),
                (
                    "removed_in",
                    models.PositiveSmallIntegerField(blank=True, help_text="The first edition without it.", null=True),
                ),
            ],
            options={
                "ordering": ["announcement", "name", "pk"],
            },
        ),
        migrations.AddField(
            model_name="attachment",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="announcement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="attachments", to="announcements.announcement"
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_in__isnull", True)),
                fields=("announcement", "name"),
                name="announcement_attachment_has_its_own_name",
                violation_error_message="Another attachment has this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="announcement_attachment_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("removed_in__isnull", True), ("removed_in__gt", models.F("added_in")), _connector="OR"
                ),
                name="announcement_attachment_goes_after_it_came",
            ),
        ),
    ]
