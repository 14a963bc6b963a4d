from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "intranet.home"
    label = "home"
    verbose_name = "Home"

    def ready(self) -> None:
        from intranet.home import navigation, verbs

        navigation.register_places()
        verbs.register()
