from django.urls import path

from intranet.search import views

app_name = "search"
urlpatterns = [
    path("", views.search, name="search"),
    path("words/", views.aliases, name="aliases"),
    path("words/new/", views.alias, name="alias-new"),
    path("words/<int:pk>/", views.alias, name="alias"),
    path("words/<int:pk>/remove/", views.alias_remove, name="alias-remove"),
    path("words/usual/", views.alias_usual, name="alias-usual"),
    path("misses/<int:pk>/forget/", views.miss_forget, name="miss-forget"),
]
