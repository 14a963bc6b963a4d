"""Whether the changes that a reviewer asked for are still waited for, as a fact and not as a guess from the draft's state."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("protocols", "0067_readers_are_added")]
    operations = [
        migrations.AddField(
            model_name="remark",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
