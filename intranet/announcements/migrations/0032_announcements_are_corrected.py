"""Editions: a correction keeps what was said before, and says from which edition on receipts count."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("announcements", "0031_announcements_are_drafted"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("edition", models.PositiveSmallIntegerField(help_text="The one that the correction made.")),
                ("title", models.CharField(help_text="As it was before.", max_length=160)),
                ("body", models.TextField(help_text="As it was before.")),
                ("expires_at", models.DateTimeField(help_text="As it was before.", null=True)),
                ("due_at", models.DateTimeField(help_text="As it was before.", null=True)),
                ("note", models.CharField(help_text="What has changed, for readers.", max_length=200)),
                ("resets_receipts", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["announcement", "-edition"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="receipt",
            name="announcement_receipt_is_given_once",
        ),
        migrations.AddField(
            model_name="announcement",
            name="asked_again_at",
            field=models.DateTimeField(blank=True, help_text="When a correction asked everybody again.", null=True),
        ),
        migrations.AddField(
            model_name="announcement",
            name="edition",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="announcement",
            name="receipts_from",
            field=models.PositiveSmallIntegerField(default=1, help_text="Receipts of earlier editions do not count."),
        ),
        migrations.AddField(
            model_name="announcement",
            name="told_in",
            field=models.PositiveSmallIntegerField(default=1, help_text="The edition whose words the reminders tell."),
        ),
        migrations.AddField(
            model_name="receipt",
            name="edition",
            field=models.PositiveSmallIntegerField(default=1, help_text="The one that the person had before them."),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_at__isnull", False),
                    models.Q(("edition", 1), ("withdrawn_at__isnull", True)),
                    _connector="OR",
                ),
                name="announcement_draft_is_neither_corrected_nor_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("receipts_from__gte", 1),
                    ("receipts_from__lte", models.F("told_in")),
                    ("told_in__lte", models.F("edition")),
                ),
                name="announcement_counts_receipts_of_its_editions",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                fields=("announcement", "user", "kind", "edition"),
                name="announcement_receipt_is_given_once",
                violation_error_message="This receipt is on record already.",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="announcement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="announcements.announcement"
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("announcement", "edition"), name="announcement_edition_is_made_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("edition__gt", 1), models.Q(("note", ""), _negated=True)),
                name="announcement_correction_says_what_changed",
                violation_error_message="Say what has changed.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="correction",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_update_and_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Corrections are insert-only.' USING ERRCODE = 'restrict_violation';",
                    hash="493565aecc701a90ecb3a8c2a97804672ddbdfb4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_refuse_update_and_delete_7b458",
                    table="announcements_correction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="correction",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Corrections are insert-only.' USING ERRCODE = 'restrict_violation';",
                    hash="252e064cbc41e1da9b52077567a401b1f5ed3867",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_3ef18",
                    table="announcements_correction",
                    when="BEFORE",
                ),
            ),
        ),
    ]
