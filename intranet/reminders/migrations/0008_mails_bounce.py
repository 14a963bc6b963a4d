"""What became of a mail after our server had taken it; found by Message-ID (there is an index) or by address."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0007_addresses_in_trouble")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="bounced_at",
            field=models.DateTimeField(blank=True, help_text="Taken by our server, and sent back for good.", null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="bounce",
            field=models.CharField(
                blank=True, help_text="What the other server said of it afterwards.", max_length=300
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("bounced_at__isnull", False)), fields=["bounced_at"], name="delivery_bounced"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                django.db.models.functions.text.Lower("address"),
                models.OrderBy(models.F("id"), descending=True),
                name="delivery_by_address",
            ),
        ),
    ]
