from django.apps import AppConfig

# Of the product's own: what a manager withdraws between claim and fence.
REAL = {"shift-tomorrow"}


class PlantedConfig(AppConfig):
    name = "tests.faults.planted"

    def ready(self) -> None:
        from intranet.reminders import registry
        from tests.faults.planted.reminders import KINDS

        # The machinery knows no kind by name; thirty that owe nobody anything would only make each tick longer.
        for kind in registry.registered():
            if kind.code not in REAL:
                registry.unregister(kind.code)
        for planted in KINDS:
            registry.register(planted())
