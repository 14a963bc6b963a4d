from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    name = "intranet.announcements"
    label = "announcements"
    verbose_name = "Announcements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from intranet.announcements import navigation, reminders, search, verbs

        navigation.register_places()
        reminders.register_kinds()
        search.register()
        verbs.register()
