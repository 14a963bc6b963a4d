from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "intranet.audit"
    label = "audit"
    verbose_name = "Audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register

        from intranet.audit import checks, verbs

        verbs.register()
        register(checks.verbs_are_registered)
