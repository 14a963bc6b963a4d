"""The chain of seals, as append-only as the entries, and where an action came from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_entries_are_append_only")]

    operations = [
        migrations.AddField(
            "entry", "address", models.GenericIPAddressField(blank=True, null=True, verbose_name="from")
        ),
        *(
            migrations.AlterField("entry", name, models.CharField(blank=True, max_length=length))
            for name, length in (("target_type", 80), ("target_id", 64), ("target_name", 300))
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="seal", to="audit.entry"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={"ordering": ["position"]},
        ),
        migrations.RunSQL(
            sql="""
                CREATE TRIGGER audit_seals_are_not_changed BEFORE UPDATE OR DELETE ON audit_seal
                    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
                CREATE TRIGGER audit_seals_are_not_truncated BEFORE TRUNCATE ON audit_seal
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
            """,
            reverse_sql="""
                DROP TRIGGER audit_seals_are_not_truncated ON audit_seal;
                DROP TRIGGER audit_seals_are_not_changed ON audit_seal;
            """,
        ),
    ]
