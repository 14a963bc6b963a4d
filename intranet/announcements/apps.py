from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    name = "intranet.announcements"
    label = "announcements"
    verbose_name = "Announcements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import leaving
        from intranet.announcements import navigation, reminders, search, verbs
        from intranet.announcements.leavers import announcements_ahead, announcements_held

        leaving.foretell(announcements_ahead)
        leaving.ask(announcements_held)
        navigation.register_places()
        reminders.register_kinds()
        search.register()
        verbs.register()
