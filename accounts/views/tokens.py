"""API tokens: make one for a program, see which there are, and revoke them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tokens as keys
from accounts.forms.tokens import TokenForm
from accounts.models import ApiToken
from accounts.roles import Capability
from accounts.step_up import step_up, way_to_confirm
from intranet.core.access import Forbidden, Refused, add_refusal, require

TOKENS_ON_A_PAGE = 50


@sensitive_variables("text")
@require_http_methods(["GET", "POST"])
@never_cache
@step_up
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens, and a form for another one. Its text is in the answer to the form and nowhere else."""
    now, text = timezone.now(), ""
    form = TokenForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            _, text = keys.make(**form.cleaned_data, by=request.user, at=now)
        except Forbidden:
            raise
        except Refused as refused:
            add_refusal(form, refused)
        except ValidationError as error:
            form.add_error(None, error.messages)
    held = list(ApiToken.objects.filter(user=request.user.pk, revoked_at=None))
    may_make = keys.may_make(request.user)
    context = {
        "form": TokenForm(by=request.user) if text else form,
        "text": text,
        "held": held,
        "now": now,
        "may_make": may_make,
        "confirm": "" if text else way_to_confirm(request),
        "sees_all": request.user.standing.may(Capability.SETTINGS),
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_GET
def everybody(request: HttpRequest) -> HttpResponse:
    """The tokens of everybody that still work, for those who revoke them."""
    if not request.user.standing.may(Capability.SETTINGS):
        raise Forbidden.because("no-administrator", "Administrators see the tokens of others.")
    now = timezone.now()
    working = ApiToken.objects.visible_to(request.user).working(now).select_related("user")
    page = Paginator(working, TOKENS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/tokens_of_everybody.html", {"page": page, "now": now})


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), pk=pk)
    require(keys.may_revoke(token, by=request.user), Forbidden)
    keys.revoke(token, by=request.user, at=timezone.now())
    messages.success(request, f"{token.name} was revoked. The program that used it is locked out.")
    return redirect("accounts:tokens" if token.user_id == request.user.pk else "accounts:tokens-of-everybody")
