"""What somebody begins to write is kept: without a moment of publication it is a draft."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("announcements", "0030_announcements_are_found"),
    ]
    operations = [
        migrations.RemoveConstraint(
            model_name="announcement",
            name="announcement_to_acknowledge_has_a_due_date",
        ),
        migrations.RemoveConstraint(
            model_name="announcement",
            name="announcement_ends_after_it_begins",
        ),
        migrations.AddField(
            model_name="announcement",
            name="planned_for",
            field=models.DateTimeField(blank=True, help_text="When a draft is to appear; empty: at once.", null=True),
        ),
        migrations.AddField(
            model_name="announcement",
            name="saved_at",
            field=models.DateTimeField(blank=True, help_text="When its author saved the draft last.", null=True),
        ),
        migrations.AddField(
            model_name="announcement",
            name="token",
            field=models.PositiveIntegerField(
                default=1, help_text="Counts the changes: whoever saves names the one they saw."
            ),
        ),
        migrations.AlterField(
            model_name="announcement",
            name="body",
            field=models.TextField(blank=True, verbose_name="message"),
        ),
        migrations.AlterField(
            model_name="announcement",
            name="published_at",
            field=models.DateTimeField(
                blank=True, help_text="In the future: it appears by itself then. Empty: a draft.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="announcement",
            name="title",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_at__isnull", True),
                    models.Q(("due_at__isnull", True), ("must_acknowledge", False)),
                    models.Q(
                        ("due_at__gt", models.F("published_at")), ("due_at__isnull", False), ("must_acknowledge", True)
                    ),
                    _connector="OR",
                ),
                name="announcement_to_acknowledge_has_a_due_date",
                violation_error_message="Say until when people must have acknowledged it; a day after it appears.",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_at__isnull", True),
                    ("published_at__isnull", True),
                    ("expires_at__gt", models.F("published_at")),
                    _connector="OR",
                ),
                name="announcement_ends_after_it_begins",
                violation_error_message="It has to disappear after it appears.",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_at__isnull", True),
                    models.Q(
                        models.Q(("title", ""), _negated=True),
                        models.Q(("body", ""), _negated=True),
                        ("planned_for__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="announcement_that_is_sent_says_something",
                violation_error_message="What is sent has a title and a message.",
            ),
        ),
    ]
