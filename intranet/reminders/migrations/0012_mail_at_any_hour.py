from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0011_reminders_can_be_put_off")]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="at_any_hour",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Released, and its mail was not to wait for the morning.",
            ),
        ),
    ]
