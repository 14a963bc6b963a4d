from django.db import migrations, models
from django.db.models import Case, F, Q, When

CAME_AT = Case(When(snoozed_until__isnull=False, settled_at=None, then=F("snoozed_until")), default=F("released_at"))


class Migration(migrations.Migration):
    dependencies = [("reminders", "0010_the_machinery_can_be_watched")]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="snoozed_until",
            field=models.DateTimeField(blank=True, help_text="Put off; it comes back unread then.", null=True),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=Q(snoozed_until=None)
                | Q(state="released", snoozed_until__gt=F("released_at"), snoozed_until__lt=F("not_after")),
                name="reminder_comes_back_in_its_time",
                violation_error_message="Put off it comes back after it came, and while it is of use.",
            ),
        ),
        migrations.RemoveIndex(model_name="reminder", name="reminder_inbox"),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                F("recipient"), CAME_AT.desc(), F("id").desc(), condition=Q(state="released"), name="reminder_inbox"
            ),
        ),
    ]
