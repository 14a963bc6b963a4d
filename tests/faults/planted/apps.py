from django.apps import AppConfig


class PlantedConfig(AppConfig):
    name = "tests.faults.planted"

    def ready(self) -> None:
        from intranet.reminders import registry
        from tests.faults.planted.reminders import Work

        registry.register(Work())
