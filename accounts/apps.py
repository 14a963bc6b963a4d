from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and clinics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import (
            address_reminders,
            addresses,
            invitation_mail,
            navigation,
            reminders,
            reset_reminders,
            search,
            sessions,
            trail,
            verbs,
        )
        from intranet.reminders import ticking

        navigation.register()
        reminders.register_kinds()
        reset_reminders.register_kinds()
        address_reminders.register_kinds()
        addresses.register()
        trail.listen()
        ticking.also(invitation_mail.send_due)
        sessions.listen()
        search.register()
        verbs.register()
