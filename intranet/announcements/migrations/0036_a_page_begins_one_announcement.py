"""Whatever answers are lost: one page begins one announcement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("announcements", "0035_front_desk_may_be_granted_posting"),
    ]

    operations = [
        migrations.AddField(
            model_name="announcement",
            name="begun_on",
            field=models.UUIDField(
                blank=True,
                editable=False,
                help_text="The key of the page on which it was begun: it begins no second.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="saved_on",
            field=models.UUIDField(
                blank=True, editable=False, help_text="The key of the page that saved the draft last.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.UniqueConstraint(
                fields=("author", "begun_on"),
                name="announcement_page_begins_one",
                violation_error_message="This page has begun an announcement already.",
            ),
        ),
    ]
