from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and clinics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import navigation, reminders, reset_reminders, sessions, trail

        navigation.register()
        reminders.register_kinds()
        reset_reminders.register_kinds()
        trail.listen()
        sessions.listen()
