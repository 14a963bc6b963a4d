import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_competency_without_overlaps'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            # Immutable although adding an interval is not in general: whole minutes mean the same in every zone.
            sql="""
                CREATE FUNCTION with_travel(span tstzrange, minutes integer) RETURNS tstzrange
                LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
                RETURN tstzrange(lower(span), upper(span) + make_interval(mins => minutes), '[)')
            """,
            reverse_sql="DROP FUNCTION with_travel(tstzrange, integer)",
        ),
        migrations.CreateModel(
            name='RosterWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('monday', models.DateField()),
                ('version', models.PositiveIntegerField(default=0)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roster_weeks', to='accounts.clinic')),
            ],
            options={
                'ordering': ['monday', 'clinic'],
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('week', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='scheduling.rosterweek')),
            ],
            options={
                'ordering': ['week', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Shift',
            fields=[
                ('position', models.CharField(choices=[('therapist', 'Therapist'), ('assistant', 'Assistant'), ('aide', 'Aide'), ('front_desk', 'Front desk')], max_length=12)),
                ('period', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('break_minutes', models.PositiveSmallIntegerField(default=0, verbose_name='unpaid break')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('cancelled', 'Cancelled')], default='planned', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
                ('busy', models.GeneratedField(db_persist=True, expression=models.Func(models.F('period'), models.Value(45), function='with_travel'), output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField())),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.clinic')),
                ('skill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.skill')),
                ('staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('week', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='scheduling.rosterweek')),
            ],
            options={
                'ordering': ['period', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PublishedShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.CharField(choices=[('therapist', 'Therapist'), ('assistant', 'Assistant'), ('aide', 'Aide'), ('front_desk', 'Front desk')], max_length=12)),
                ('period', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('break_minutes', models.PositiveSmallIntegerField(default=0, verbose_name='unpaid break')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('published_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.clinic')),
                ('skill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.skill')),
                ('staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to=settings.AUTH_USER_MODEL)),
                ('week', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='scheduling.rosterweek')),
                ('shift', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='published', to='scheduling.shift')),
            ],
            options={
                'ordering': ['period', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PublicationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('add', 'Added'), ('remove', 'Removed'), ('reassign', 'Given to somebody else'), ('retime', 'Time changed'), ('alter', 'Details changed')], max_length=10)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='scheduling.publication')),
                ('staff_after', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('staff_before', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shift', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publication_changes', to='scheduling.shift')),
            ],
            options={
                'ordering': ['publication', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='CoverageNeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('starts', models.TimeField()),
                ('ends', models.TimeField()),
                ('position', models.CharField(blank=True, choices=[('therapist', 'Therapist'), ('assistant', 'Assistant'), ('aide', 'Aide'), ('front_desk', 'Front desk')], max_length=12)),
                ('count', models.PositiveSmallIntegerField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coverage_needs', to='accounts.clinic')),
                ('skill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='coverage_needs', to='accounts.skill')),
            ],
            options={
                'ordering': ['clinic', 'weekday', 'starts'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(models.Q(('position', ''), _negated=True), ('skill__isnull', True)), models.Q(('position', ''), ('skill__isnull', False)), _connector='OR'), name='coverage_need_is_of_a_position_or_a_skill', violation_error_message='Say either which position or which skill is needed.'), models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts'))), name='coverage_need_ends_after_it_begins', violation_error_message='A need ends later than it begins.'), models.CheckConstraint(condition=models.Q(('count__gt', 0)), name='coverage_need_is_of_somebody', violation_error_message='A need is of at least one person.')],
            },
        ),
        migrations.CreateModel(
            name='OpeningHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('opens', models.TimeField()),
                ('closes', models.TimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opening_hours', to='accounts.clinic')),
            ],
            options={
                'verbose_name_plural': 'opening hours',
                'ordering': ['clinic', 'weekday'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'weekday'), name='opening_hours_once_per_weekday', violation_error_message='This clinic already has opening hours on that weekday.'), models.CheckConstraint(condition=models.Q(('closes__gt', models.F('opens'))), name='opening_hours_end_after_they_begin', violation_error_message='A clinic closes later than it opens.')],
            },
        ),
        migrations.CreateModel(
            name='PublicationRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='scheduling.publication')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('publication', 'person'), name='each_person_is_told_once_per_publication', violation_error_message='This person is told already.')],
            },
        ),
        migrations.AddConstraint(
            model_name='rosterweek',
            constraint=models.UniqueConstraint(fields=('clinic', 'monday'), name='one_roster_week_per_clinic', violation_error_message='This week of the clinic exists already.'),
        ),
        migrations.AddConstraint(
            model_name='rosterweek',
            constraint=models.UniqueConstraint(fields=('id', 'clinic'), name='roster_week_with_its_clinic'),
        ),
        migrations.AddConstraint(
            model_name='rosterweek',
            constraint=models.CheckConstraint(condition=models.Q(('monday__iso_week_day', 1)), name='roster_week_starts_on_a_monday', violation_error_message='A roster week starts on a Monday.'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.UniqueConstraint(fields=('week', 'number'), name='publications_of_a_week_are_numbered', violation_error_message='Somebody published this week just now.'),
        ),
        migrations.AddIndex(
            model_name='shift',
            index=models.Index(fields=['week', 'state'], name='shift_week_and_state'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('staff__isnull', False), models.Q(('state', 'cancelled'), _negated=True)), deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], expressions=[('staff', '='), ('period', '&&')], name='no_double_booking', violation_error_message='This person already works at that time.'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('staff__isnull', False), models.Q(('state', 'cancelled'), _negated=True)), deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], expressions=[('staff', '='), ('clinic', '<>'), ('busy', '&&')], name='no_impossible_travel', violation_error_message='This person cannot be at both clinics in time.'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=models.CheckConstraint(condition=models.Q(('period__isempty', False), ('period__lower_inc', True), ('period__upper_inc', False), ('period__lower_inf', False), ('period__upper_inf', False)), name='shift_has_a_start_and_an_end', violation_error_message='Say when the shift starts and when it ends.'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=models.CheckConstraint(condition=models.Q(('period__endswith__lte', django.db.models.expressions.CombinedExpression(models.F('period__startswith'), '+', models.Value(datetime.timedelta(seconds=57600))))), name='shift_lasts_at_most_16_hours', violation_error_message='A shift lasts at most 16 hours.'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=models.CheckConstraint(condition=models.Q(('period__endswith__gte', django.db.models.expressions.CombinedExpression(models.F('period__startswith'), '+', models.Value(datetime.timedelta(seconds=900))))), name='shift_lasts_at_least_15_minutes', violation_error_message='A shift lasts at least 15 minutes.'),
        ),
        migrations.AddConstraint(
            model_name='shift',
            constraint=models.CheckConstraint(condition=models.Q(('period__endswith__gt', django.db.models.expressions.CombinedExpression(models.F('period__startswith'), '+', models.ExpressionWrapper(django.db.models.expressions.CombinedExpression(models.F('break_minutes'), '*', models.Value(datetime.timedelta(seconds=60))), output_field=models.DurationField())))), name='shift_is_longer_than_its_break', violation_error_message='The break is longer than the shift.'),
        ),
        migrations.AddIndex(
            model_name='publishedshift',
            index=models.Index(fields=['week'], name='published_shift_week'),
        ),
        migrations.AddConstraint(
            model_name='publishedshift',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('staff__isnull', False), ('withdrawn_at__isnull', True)), deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], expressions=[('staff', '='), ('period', '&&')], name='no_published_double_booking', violation_error_message='This person already works at that time.'),
        ),
        migrations.AddConstraint(
            model_name='publicationchange',
            constraint=models.UniqueConstraint(fields=('publication', 'shift'), name='one_change_per_shift_and_publication', violation_error_message='This shift is in the publication already.'),
        ),
    ]
