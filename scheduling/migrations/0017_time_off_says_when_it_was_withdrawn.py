from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0016_shifts_are_looked_through_daily'),
    ]

    operations = [
        migrations.AddField(
            model_name='timeoff',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
