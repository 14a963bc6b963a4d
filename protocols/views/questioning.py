"""The questions that a draft asks before it is acknowledged."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Refused, add_refusal
from protocols import questioning as rules
from protocols.forms import QuestionForm, QuestionsForm
from protocols.models import ProtocolVersion
from protocols.models.question import MOST_OPTIONS
from protocols.views.authoring import draft_in_question, require_author


@require_http_methods(["GET", "POST"])
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Up to three questions, each with its section and answers. A question without words is not asked."""
    version, status = draft_in_question(request, slug), 422
    require_author(request, version)
    posted = request.POST if request.method == "POST" else None
    form = QuestionsForm(posted, initial={"token": version.token})
    each = question_forms(version, posted)
    if posted is not None and form.is_valid() and all(one.is_valid() for one in each):
        asked = [found for one in each if (found := one.question())]
        token = form.cleaned_data["token"]
        try:
            rules.ask(version, asked, by=request.user, at=timezone.now(), token=token)
        except Refused as refused:
            status = refused.status
            add_refusal(form, refused)
        else:
            messages.success(request, "Questions saved." if asked else "Nothing is asked.")
            return redirect("protocols:draft-edit", slug)
    wrong = any(one.errors for one in [form, *each])
    context = {"version": version, "protocol": version.protocol, "form": form, "questions": each}
    return render(request, "protocols/questions.html", context, status=status if wrong else 200)


def question_forms(version: ProtocolVersion, posted: Any) -> list[QuestionForm]:
    """A form for each question that the version may have, filled with those that it has."""
    sections = [("", "Choose a section"), *((str(one.key), one.heading) for one in version.sections.all())]
    stored = list(version.questions.all())
    forms = []
    for number in range(rules.MOST_QUESTIONS):
        initial: dict[str, Any] = {}
        if number < len(stored):
            one = stored[number]
            initial = {"key": one.key, "text": one.text, "section": str(one.section), "right": one.right}
            initial |= {f"option{place}": words for place, words in enumerate(one.options[:MOST_OPTIONS])}
        forms.append(QuestionForm(posted, sections=sections, initial=initial, prefix=f"question-{number}"))
    return forms
