import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# What was settled before is known from now on; the owner stands for whoever settled it.
KEEP = """
    INSERT INTO protocols_signinginterval (protocol_id, months, first_end, by_id, at)
    SELECT id, reattest_months, reattest_from, owner_id, now() FROM protocols_protocol WHERE reattest_months IS NOT NULL;
    SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('protocols', '0060_protocols_are_found'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SigningInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('months', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('first_end', models.DateField(blank=True, null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='signinginterval',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signinginterval',
            name='protocol',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signing_intervals', to='protocols.protocol'),
        ),
        migrations.AddIndex(
            model_name='signinginterval',
            index=models.Index(fields=['protocol', '-at', '-id'], name='signing_interval_that_holds'),
        ),
        migrations.AddConstraint(
            model_name='signinginterval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('first_end__isnull', True), ('months__isnull', True)), models.Q(('first_end__isnull', False), ('months__range', (1, 60))), _connector='OR'), name='protocol_is_signed_again_within_five_years', violation_error_message='Choose 1 to 60 months, or leave it empty.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signinginterval',
            trigger=pgtrigger.compiler.Trigger(name='refuse_update_and_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'How often a protocol is signed is evidence; a change is one more row.' USING ERRCODE = 'restrict_violation';", hash='13ad14d31a80ebcc0148a387faee640568158fbb', operation='UPDATE OR DELETE', pgid='pgtrigger_refuse_update_and_delete_302ff', table='protocols_signinginterval', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signinginterval',
            trigger=pgtrigger.compiler.Trigger(name='refuse_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'How often a protocol is signed is evidence; a change is one more row.' USING ERRCODE = 'restrict_violation';", hash='69ab697f67eff6452baa8f98820ef01a6d79e66e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_refuse_truncate_eab46', table='protocols_signinginterval', when='BEFORE')),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name='protocol',
            name='protocol_is_signed_again_within_five_years',
        ),
        migrations.RemoveField(
            model_name='protocol',
            name='reattest_from',
        ),
        migrations.RemoveField(
            model_name='protocol',
            name='reattest_months',
        ),
    ]
