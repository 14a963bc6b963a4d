from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "intranet.home"
    label = "home"
    verbose_name = "Home"

    def ready(self) -> None:
        from intranet.home import navigation

        navigation.register_places()
