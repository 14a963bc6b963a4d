"""Comments on a draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from intranet.core.access import Conflict, Refused, add_refusal
from protocols import commenting
from protocols.forms import CommentForm
from protocols.models import Comment
from protocols.pages import ReadingPage
from protocols.views.authoring import named_version, open_version
from protocols.views.overtaking import with_words


@require_POST
def comment(request: HttpRequest, slug: str) -> HttpResponse:
    """Say something about the draft or one section. What cannot be taken stays in its field."""
    version, form = named_version(request, slug), CommentForm(request.POST)
    if form.is_valid():
        try:
            made = commenting.comment(version, **form.cleaned_data, by=request.user, at=timezone.now())
        except Conflict as conflict:
            return with_words(request, conflict, form.cleaned_data["text"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Your comment stands beside the text.")
            return redirect(f"{version.get_absolute_url()}#comment-{made.pk}")
    page = ReadingPage(version, request.user, timezone.now())
    return render(request, "protocols/detail.html", {"page": page, "comment_form": form}, status=422)


@require_POST
def resolve(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say that a comment is dealt with."""
    version = open_version(request, slug)
    found = get_object_or_404(
        Comment.objects.visible_to(request.user).select_related("version"), version=version, pk=pk
    )
    commenting.resolve(found, by=request.user, at=timezone.now())
    return redirect(f"{version.get_absolute_url()}#{f'section-{found.section}' if found.section else 'comments'}")
