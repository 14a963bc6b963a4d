from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    label = "scheduling"
    verbose_name = "Scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from intranet.reminders import registry
        from scheduling import navigation
        from scheduling.reminders import RosterPublished, ShiftTomorrow

        navigation.register_places()
        registry.register(ShiftTomorrow())
        registry.register(RosterPublished())
