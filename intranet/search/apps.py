from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "intranet.search"
    label = "search"
    verbose_name = "Search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from intranet.search import navigation, verbs

        navigation.register_places()
        verbs.register()
