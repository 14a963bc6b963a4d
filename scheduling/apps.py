from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    label = "scheduling"
    verbose_name = "Scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import leaving, presence
        from intranet.reminders import registry, ticking
        from protocols import impact
        from scheduling import (
            clearance_reminders,
            decision_reminders,
            lost_clearance,
            navigation,
            supervising_reminders,
            swap_reminders,
            time_off_reminders,
            unread_reminders,
            unseen_reminders,
            verbs,
        )
        from scheduling.calendar_addresses import close_for
        from scheduling.leavers import shifts_ahead, shifts_to_open
        from scheduling.presence import PublishedRoster
        from scheduling.reminders import RosterPublished, ShiftSoon, ShiftTomorrow
        from scheduling.settling import settle_due
        from scheduling.skilled_work import PublishedWork

        navigation.register_places()
        verbs.register()
        registry.register(ShiftTomorrow())
        registry.register(ShiftSoon())
        registry.register(RosterPublished())
        time_off_reminders.register_kinds()
        swap_reminders.register()
        decision_reminders.register()
        clearance_reminders.register()
        unseen_reminders.register()
        unread_reminders.register()
        supervising_reminders.register()
        ticking.also(settle_due)
        ticking.also(lost_clearance.look_after)
        leaving.ask(shifts_to_open)
        leaving.close(close_for)
        leaving.foretell(shifts_ahead)
        presence.ask(PublishedRoster())
        impact.ask(PublishedWork())
