from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "intranet.reminders"
    label = "reminders"
    verbose_name = "Reminders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from intranet.reminders import bounce_mailbox, navigation, ticking, verbs

        navigation.register()
        verbs.register()
        ticking.also(bounce_mailbox.read_due)
