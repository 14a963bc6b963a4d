"""Which version ticked, and indexes for what is counted: every question of the operations page and of a scrape has one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0009_mails_are_written_off")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="version",
            field=models.CharField(blank=True, help_text="Of the product, as the process had it.", max_length=60),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("doubts", 0), ("state__in", ["pending", "claimed", "committed"]), ("tries", 0)),
                fields=["created_at"],
                name="delivery_untried",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["created_at", "state"], name="delivery_by_day"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["state"], name="delivery_by_state"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["state"], name="reminder_by_state"),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["code"], name="attempt_by_code"),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(condition=models.Q(("outcome", "doubt")), fields=["id"], name="attempt_in_doubt"),
        ),
    ]
