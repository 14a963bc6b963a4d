"""A page that holds one of each behaviour of the shell, for `test_shell.py` alone."""

from __future__ import annotations

from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import include, path
from django.views.decorators.http import require_POST

PAGE = Path(__file__).with_name("shell_page.html").read_text()
NAMES = ["one", "two", "three"]
answers = {"shaky": 500}


class Note(forms.Form):
    text = forms.CharField()

    def clean_text(self) -> str:
        if len(self.cleaned_data["text"]) > 8:
            raise forms.ValidationError("Use at most 8 characters.")
        return str(self.cleaned_data["text"])


def draw(request: HttpRequest, source: str, status: int = 200, **context: object) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(source).render(context, request), status=status)


def page(request: HttpRequest) -> HttpResponse:
    return draw(request, PAGE, names=NAMES, form=Note())


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    return draw(
        request, '<button id="stay" hx-post="/test-shell/stay/" hx-target="#stay" hx-swap="outerHTML">Done</button>'
    )


@require_POST
def note(request: HttpRequest) -> HttpResponse:
    form = Note(request.POST)
    if form.is_valid():
        return HttpResponse('<p id="note">Saved</p>')
    source = (
        '<form id="note" hx-post="/test-shell/note/" hx-target="#note" hx-swap="outerHTML" novalidate>'
        "{% csrf_token %}{{ form }}<button>Save</button></form>"
    )
    return draw(request, source, status=422, form=form)


@require_POST
def shaky(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f'<p id="shaky">Sent {request.POST["words"]}</p>', status=answers["shaky"])


@require_POST
def away(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<p id="away">Kept</p>')


def tell(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Shift moved to Noor Samplesi.")
    messages.error(request, "Bea Dummond was not told.")
    return HttpResponseRedirect("/test-shell/")


urlpatterns = [
    path("test-shell/", page),
    path("test-shell/take/", take),
    path("test-shell/stay/", stay),
    path("test-shell/note/", note),
    path("test-shell/shaky/", shaky),
    path("test-shell/away/", away),
    path("test-shell/tell/", tell),
    path("", include(settings.ROOT_URLCONF)),
]
