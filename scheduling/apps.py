from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    label = "scheduling"
    verbose_name = "Scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import leaving, presence
        from intranet.reminders import registry
        from protocols import impact
        from scheduling import navigation, time_off_reminders, verbs
        from scheduling.calendar_addresses import close_for
        from scheduling.leavers import shifts_ahead, shifts_to_open
        from scheduling.presence import PublishedRoster
        from scheduling.reminders import RosterPublished, ShiftTomorrow
        from scheduling.skilled_work import PublishedWork

        navigation.register_places()
        verbs.register()
        registry.register(ShiftTomorrow())
        registry.register(RosterPublished())
        time_off_reminders.register_kinds()
        leaving.ask(shifts_to_open)
        leaving.close(close_for)
        leaving.foretell(shifts_ahead)
        presence.ask(PublishedRoster())
        impact.ask(PublishedWork())
