from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "protocols"
    label = "protocols"
    verbose_name = "Protocols"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import files, skilled
        from protocols import (
            clearance,
            draft_reminders,
            navigation,
            previewing,
            reminders,
            review_reminders,
            search,
            verbs,
        )

        draft_reminders.register()
        files.judge_by(clearance.verdicts)
        navigation.register_places()
        previewing.register()
        reminders.register()
        review_reminders.register()
        skilled.ask(clearance.cleared)
        search.register()
        verbs.register()
