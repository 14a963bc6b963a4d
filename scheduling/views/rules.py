"""The rules of a clinic: the list with what is usual, and one rule to change."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Clinic
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.time import local_day
from scheduling.models import RuleCode
from scheduling.rule_forms import RuleForm
from scheduling.rules import Rule, back_to_usual, may_set_rules, rules_of, set_rule


@require_GET
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    clinic = _own_clinic(request, slug)
    return render(request, "scheduling/rules.html", {"clinic": clinic, "rules": rules_of(clinic)})


@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    """Whoever saves second is told, and may then replace what the first one saved."""
    clinic, now = _own_rule(request, slug, code)
    form, status = RuleForm(request.POST or None, rule=now, today=local_day(timezone.now(), clinic.zone)), 200
    if request.method == "POST" and not form.is_valid():
        status = 422
    elif request.method == "POST":
        try:
            set_rule(clinic, form.wanted, seen=form.cleaned_data["seen"], by=request.user)
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
            if isinstance(refused, Conflict):
                form.data = {**form.data.dict(), "seen": now.fingerprint}
        else:
            messages.success(request, f"Saved. {now.usual.label} holds at {clinic} as you said.")
            return redirect("scheduling:rules", clinic.slug)
    context = {"clinic": clinic, "rule": now, "form": form}
    return render(request, "scheduling/rule.html", context, status=status)


@require_POST
def rule_usual(request: HttpRequest, slug: str, code: str) -> HttpResponse:
    clinic, now = _own_rule(request, slug, code)
    try:
        back_to_usual(clinic, now.code, seen=request.POST.get("seen", "")[:64], by=request.user)
    except Conflict as refused:
        form = RuleForm(rule=now, today=local_day(timezone.now(), clinic.zone))
        context = {"clinic": clinic, "rule": now, "form": form, "refused": refused}
        return render(request, "scheduling/rule.html", context, status=refused.status)
    messages.success(request, f"{now.usual.label} is the usual one again.")
    return redirect("scheduling:rules", clinic.slug)


def _own_clinic(request: HttpRequest, slug: str) -> Clinic:
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(may_set_rules(clinic, request.user), Forbidden)
    return clinic


def _own_rule(request: HttpRequest, slug: str, code: str) -> tuple[Clinic, Rule]:
    clinic = _own_clinic(request, slug)
    if code not in RuleCode.values:
        raise Http404("There is no such rule.")
    return clinic, rules_of(clinic)[RuleCode(code)]
