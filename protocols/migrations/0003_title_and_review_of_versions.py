"""Title and review day of a protocol are those of its version in force, and no longer stored beside it."""

from django.conf import settings
from django.db import migrations, models

RESTORE = """
    UPDATE protocols_protocol AS protocol
    SET title = latest.title,
        review_on = timezone(%s, lower(latest.in_force))::date + make_interval(0, protocol.review_months)
    FROM (SELECT DISTINCT ON (protocol_id) protocol_id, title, in_force
          FROM protocols_protocolversion
          ORDER BY protocol_id, lower(in_force) DESC NULLS LAST, number DESC) AS latest
    WHERE latest.protocol_id = protocol.id
"""


class Migration(migrations.Migration):
    dependencies = [("protocols", "0002_readership")]

    operations = [
        migrations.AlterModelOptions(name="protocol", options={"ordering": ["slug"]}),
        migrations.AlterField(model_name="protocol", name="title", field=models.CharField(max_length=160, default="")),
        migrations.RunSQL(
            sql=migrations.RunSQL.noop,
            reverse_sql=[(RESTORE, [settings.TIME_ZONE])],
        ),
        migrations.RemoveField(model_name="protocol", name="title"),
        migrations.RemoveField(model_name="protocol", name="review_on"),
    ]
