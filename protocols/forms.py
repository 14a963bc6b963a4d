"""What people type about protocols. Forms parse and phrase; the actions decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db.models import QuerySet
from django.forms import BaseFormSet, BoundField, formset_factory

from accounts.models import Clinic, Skill, User
from accounts.roles import Role
from intranet.core.access import Refused, add_refusal
from intranet.core.forms import DayInput, FilterForm, WordsField, in_this_century
from intranet.core.patient_words import WithoutPatients
from intranet.core.time import last_moment, organisation_day
from protocols import addressing, reporting
from protocols.drafting import MOST_SECTIONS, SUMMARY_LENGTH, TITLE_LENGTH, TITLE_TAKEN, DraftText, SectionText, titled
from protocols.editor import RichTextField
from protocols.library import Filters
from protocols.merging import FIELDS, OF_FIELDS, Clash, Clashing
from protocols.models import FEWEST_MONTHS, MOST_MONTHS, Category, Protocol, ProtocolVersion, SectionKind, Status
from protocols.models.question import FEWEST_OPTIONS, MOST_OPTIONS
from protocols.outlines import OUTLINES, TREATMENT, like, outline
from protocols.publishing import Readers, possible_owners
from protocols.questioning import QuestionText


class LibraryForm(FilterForm):
    """Filters of the library."""

    q = WordsField(label="Search protocols", required=False)
    sort = forms.ChoiceField(
        required=False,
        label="Sort by",
        choices=[
            ("match", "Best match"),
            ("recent", "Recently changed"),
            ("title", "Title A to Z"),
            ("review", "Review due"),
        ],
    )
    category = forms.MultipleChoiceField(label="Category", required=False, choices=Category.choices)
    clinic = forms.ModelMultipleChoiceField(Clinic.objects.all(), label="Clinic", required=False)
    status = forms.MultipleChoiceField(label="Status", required=False, choices=Status.choices)
    review = forms.MultipleChoiceField(
        label="Review due",
        required=False,
        choices=[("overdue", "Review overdue"), ("soon", "Review in 30 days"), ("later", "Review later")],
    )
    mine = forms.BooleanField(label="You still have to acknowledge", required=False)
    kept = forms.BooleanField(label="Bookmarked", required=False)

    def filters(self) -> Filters:
        self.is_valid()
        chosen = self.cleaned_data
        return Filters(
            query=chosen.get("q", ""),
            categories=frozenset(chosen.get("category", [])),
            clinics=frozenset(clinic.pk for clinic in chosen.get("clinic", [])),
            statuses=frozenset(chosen.get("status", [])),
            reviews=frozenset(chosen.get("review", [])),
            to_acknowledge=chosen.get("mine", False),
            kept=chosen.get("kept", False),
            sort=chosen.get("sort") or "match",
        )

    def chips(self) -> list[tuple[str, str]]:
        """What the list is narrowed by, each with the query of the address without it."""
        return [
            (self._words(name, value), self._without(name, value))
            for name in ("category", "clinic", "status", "review", "mine", "kept")
            if self.cleaned_data.get(name)
            for value in dict.fromkeys(self.data.getlist(name))
        ]

    def _words(self, name: str, value: str) -> str:
        field = self.fields[name]
        choices = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        return choices.get(value, str(field.label))

    def _without(self, name: str, value: str) -> str:
        rest = self.data.copy()
        rest.setlist(name, [other for other in rest.getlist(name) if other != value])
        rest.pop("page", None)
        return str(rest.urlencode())


class SameTitleForm(forms.Form):
    """A new protocol may have the title of another one. Nobody is asked before it has."""

    same_title = forms.BooleanField(
        label="Start another protocol with the same title", required=False, widget=forms.HiddenInput
    )

    same_titled: Sequence[ProtocolVersion] = ()

    def add_new_refusal(self, refused: Refused, *, by: User, at: datetime) -> None:
        """Show why the protocol was not started; when its title is taken, with the others and the question."""
        if TITLE_TAKEN in {reason.code for reason in refused.verdict.reasons}:
            self.same_titled = list(titled(self.cleaned_data["title"], by=by, at=at))
            self.fields["same_title"].widget = forms.CheckboxInput()
        add_refusal(self, refused)


class NewProtocolForm(SameTitleForm):
    field_order = ("title", "same_title")

    title = forms.CharField(
        max_length=160, help_text="The thing itself, for example “Dry needling: lumbar and gluteal”."
    )
    category = forms.ChoiceField(choices=Category.choices)
    outline = forms.ChoiceField(
        label="What it is about",
        choices=[(one.code, one.name) for one in OUTLINES],
        initial=TREATMENT.code,
        required=False,
        widget=forms.RadioSelect,
        help_text="Says with which empty sections it starts. You can add and remove sections later.",
    )
    like = forms.ModelChoiceField(
        ProtocolVersion.objects.none(),
        label="Or start from the text of another protocol",
        required=False,
        empty_label="No, from empty sections",
    )

    def __init__(self, *args: Any, readable: QuerySet[ProtocolVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["like"].queryset = readable

    def sections(self) -> list[SectionText]:
        """What the first draft starts with."""
        other = self.cleaned_data["like"]
        return like(other) if other else outline(self.cleaned_data["outline"]).texts()


NOT_CHOSEN = "Choose whose words stay. Nothing is saved until then, and nothing is lost."


class DraftForm(forms.Form):
    """What an author writes about a version besides its sections."""

    token = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(max_length=TITLE_LENGTH)
    change_summary = forms.CharField(
        label="What changed",
        required=False,
        max_length=SUMMARY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One or two sentences. Shown in the version list, in the library and in the reminder.",
    )
    material = forms.TypedChoiceField(
        label="Do people have to acknowledge it again?",
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", "Yes, everyone who must read it"),
            ("no", "No, wording only: earlier acknowledgements stay valid"),
        ],
        widget=forms.RadioSelect,
        initial="yes",
    )
    title_clash = forms.BooleanField(required=False)
    title_choice = forms.CharField(label="Title", required=False)
    change_summary_clash = forms.BooleanField(required=False)
    change_summary_choice = forms.CharField(label="What changed", required=False)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.clashes:
            if said.get(f"{name}_choice") not in OF_FIELDS:
                self.add_error(f"{name}_choice", NOT_CHOSEN)
        return said

    @property
    def clashes(self) -> list[str]:
        """The fields that somebody else had changed, too."""
        return [name for name in FIELDS if self.cleaned_data.get(f"{name}_clash")]

    def choices(self) -> dict[str, str]:
        """What the author chose where somebody else had changed it, too: by the name of the field."""
        return {name: self.cleaned_data[f"{name}_choice"] for name in FIELDS}


class SeenForm(forms.Form):
    """Says which draft somebody saw before answering a question about it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    token = forms.IntegerField(widget=forms.HiddenInput)


class SectionForm(forms.Form):
    """A section. `clashing` says that two people changed it, and how: then one has to choose which words stay."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    clashing = forms.ChoiceField(choices=Clashing.choices, required=False, widget=forms.HiddenInput)
    choice = forms.CharField(label="Whose words stay", required=False)
    kind = forms.ChoiceField(label="Kind of section", choices=SectionKind.choices)
    heading = forms.CharField(max_length=120)
    body = RichTextField(label="Text", required=False)

    def text(self) -> SectionText:
        chosen = self.cleaned_data
        return SectionText(chosen["kind"], chosen["heading"], chosen["body"], chosen["key"])

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("clashing") and said.get("choice") not in Clashing(said["clashing"]).offered:
            self.add_error("choice", NOT_CHOSEN)
        return said

    @property
    def name(self) -> str:
        """How the section is called among the errors of the page."""
        return str(self["heading"].value() or "A section without a heading")


class BaseSectionFormSet(BaseFormSet):
    default_error_messages = {"too_many_forms": f"A version has at most {MOST_SECTIONS} sections."}

    def texts(self) -> list[SectionText]:
        return [form.text() for form in self.forms]

    @property
    def clashing(self) -> bool:
        return any(form.cleaned_data.get("clashing") for form in self.forms)

    def clashes(self, theirs: Mapping[UUID, SectionText]) -> dict[UUID, Clash]:
        """Where the author has to choose against the sections of somebody else, by the key of the section."""
        found = {}
        for form in self.forms:
            said = form.cleaned_data
            if (how := said.get("clashing")) and (key := said.get("key")):
                kind, heading, body = (str(form[name].value() or "") for name in ("kind", "heading", "body"))
                found[key] = Clash.seen_again(Clashing(how), SectionText(kind, heading, body, key), theirs.get(key))
        return found

    def choices(self) -> dict[UUID, str]:
        """What the author chose where somebody else had changed a section, too: by its key."""
        return {form.cleaned_data["key"]: form.cleaned_data["choice"] for form in self.forms}


SectionFormSet = formset_factory(
    SectionForm, BaseSectionFormSet, extra=0, max_num=MOST_SECTIONS, absolute_max=MOST_SECTIONS, validate_max=True
)


def draft_text(form: DraftForm, sections: BaseSectionFormSet) -> DraftText:
    """What two valid forms say."""
    said = form.cleaned_data
    return DraftText(said["title"], sections.texts(), said["change_summary"], said["material"])


def add_draft_refusal(form: DraftForm, sections: BaseSectionFormSet, refused: Refused) -> None:
    """Show each reason at its field; what is said against all sections at the first that is not a table of facts."""
    written = (part for part in sections.forms if part.cleaned_data["kind"] != SectionKind.KEY_FACTS)
    first = next(written, None)
    for reason in refused.verdict.reasons:
        if reason.field == "sections" and first is not None:
            first.add_error("body", reason.message)
        else:
            form.add_error(reason.field if reason.field in form.fields else None, reason.message)


class SendBackForm(WithoutPatients):
    free_text = ("remark",)
    remark = forms.CharField(
        label="What has to change",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The authors read this. No patient names or details.",
        error_messages={"required": "Say what has to change."},
    )


class PublishForm(forms.Form):
    """When a version comes into force, whether it asks for acknowledgements again, and in how many days."""

    effective = forms.DateField(
        label="In force from",
        required=False,
        widget=DayInput,
        validators=[in_this_century],
        help_text="Leave empty for at once. A day starts at midnight.",
    )
    material = forms.TypedChoiceField(
        label="Do people have to acknowledge it again?",
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", "Yes, everyone who must read it"),
            ("no", "No, wording only: earlier acknowledgements stay valid"),
        ],
        widget=forms.RadioSelect,
    )
    due_days = forms.IntegerField(label="Days to acknowledge it", min_value=1, max_value=90)


class AudienceTable:
    """The table of roles by clinics: who reads a version and who must acknowledge it."""

    ROLES = (Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK, Role.MANAGER, Role.CLINICAL_LEAD, Role.ADMINISTRATOR)

    def __init__(
        self, data: Any, clinics: Iterable[Clinic], readers: Iterable[Readers], people: dict[Any, int]
    ) -> None:
        self.clinics = list(clinics)
        self.people = people
        if data is None:
            self.ticked = {name for line in readers for name in self._names(line)}
        else:
            self.ticked = set(data.getlist("reads")) | {f"must-{name}" for name in data.getlist("must")}

    def readers(self) -> list[Readers]:
        """The chosen lines; whoever must acknowledge also reads."""
        lines = []
        for role in self.ROLES:
            for clinic in self._places(role):
                name = self._name(role, clinic)
                must = f"must-{name}" in self.ticked
                if must or name in self.ticked:
                    lines.append(Readers(role, clinic, must))
        return lines

    @property
    def must_count(self) -> int:
        """How many people the ticked lines ask, somebody with two roles counted twice."""
        return sum(cell["people"] for row in self.rows() for cell in row["cells"] if cell["must"])

    def rows(self) -> list[dict[str, Any]]:
        """A row per role with a cell per place, for the template."""
        return [
            {"role": role, "cells": [self._cell(role, clinic) for clinic in self._places(role)]} for role in self.ROLES
        ]

    def _cell(self, role: Role, clinic: Clinic | None) -> dict[str, Any]:
        name = self._name(role, clinic)
        return {
            "name": name,
            "clinic": clinic,
            "people": self.people.get((role.value, clinic.pk if clinic else None), 0),
            "reads": name in self.ticked or f"must-{name}" in self.ticked,
            "must": f"must-{name}" in self.ticked,
        }

    def _places(self, role: Role) -> list[Clinic | None]:
        return [None] if role in {Role.CLINICAL_LEAD, Role.ADMINISTRATOR} else list(self.clinics)

    def _names(self, line: Readers) -> list[str]:
        places = self._places(line.role) if line.clinic is None else [line.clinic]
        names = [self._name(line.role, clinic) for clinic in places]
        return names + ([f"must-{name}" for name in names] if line.must_acknowledge else [])

    @staticmethod
    def _name(role: Role, clinic: Clinic | None) -> str:
        return f"{role.value}-{clinic.pk if clinic else 'all'}"


class AddedReadersTable(AudienceTable):
    """Roles of own clinics that a published version may get as readers, beside those who read it already."""

    ROLES = addressing.ROLES

    def __init__(self, data: Any, clinics: Iterable[Clinic], version: ProtocolVersion, people: dict[Any, int]) -> None:
        self.known = list(version.audiences.all())
        super().__init__(data, clinics, [], people)

    def _cell(self, role: Role, clinic: Clinic | None) -> dict[str, Any]:
        """Also with what holds already: then there is nothing to tick."""
        reads, must = (addressing.is_covered(Readers(role, clinic, asked), self.known) for asked in (False, True))
        return super()._cell(role, clinic) | {"reads_already": reads, "must_already": must}


class SettingsForm(forms.ModelForm):
    """Where a protocol belongs, who answers for it, and what it governs."""

    reattest_months = forms.IntegerField(
        label="Months after which everybody acknowledges it again",
        required=False,
        min_value=FEWEST_MONTHS,
        max_value=MOST_MONTHS,
        help_text="Leave empty for once per version.",
    )

    class Meta:
        model = Protocol
        fields = ["category", "owner", "deputy", "high_risk", "skills", "review_months"]
        widgets = {"skills": forms.CheckboxSelectMultiple}
        labels = {
            "high_risk": "High risk: 5 days to acknowledge instead of 14",
            "skills": "Procedures that it governs",
        }
        help_texts = {"deputy": "Is reminded of reviews as well."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = possible_owners(self.instance.owner_id)
        self.fields["deputy"].queryset = possible_owners(self.instance.deputy_id)
        self.fields["skills"].queryset = Skill.objects.all()

    def clean_deputy(self) -> User | None:
        deputy: User | None = self.cleaned_data["deputy"]
        if deputy is not None and deputy == self.cleaned_data.get("owner"):
            raise forms.ValidationError("Choose another person than the owner.")
        return deputy


class ProblemForm(WithoutPatients):
    """What a reader found wrong on a version."""

    free_text = ("text",)
    section = forms.ChoiceField(label="Where", required=False)
    text = forms.CharField(
        label="What is wrong",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The owner of the protocol reads this and answers. No patient names or details.",
        error_messages={"required": "Say what is wrong."},
    )

    def __init__(self, *args: Any, version: ProtocolVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        headings = [section.heading for section in version.sections.all() if section.words]
        self.fields["section"].choices = [
            ("", "The whole protocol"),
            *((name, name) for name in dict.fromkeys(headings)),
        ]


class QuestionForm(forms.Form):
    """One question about a version. Left without words, it is not asked; otherwise it needs two answers."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(label="Question", max_length=300)
    section = forms.ChoiceField(label="The answer stands in")
    right = forms.TypedChoiceField(
        label="Right answer",
        coerce=int,
        choices=[(n, f"Answer {n + 1}") for n in range(4)],
    )

    def __init__(self, *args: Any, sections: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"empty_permitted": True, "use_required_attribute": False}))
        self.fields["section"].choices = sections
        for number in range(MOST_OPTIONS):
            self.fields[f"option{number}"] = forms.CharField(
                label=f"Answer {number + 1}", max_length=200, required=number < FEWEST_OPTIONS
            )

    @property
    def name(self) -> str:
        """How the card is called among the errors of the page."""
        return f"Question {int(self.prefix.rpartition('-')[2]) + 1}"

    def has_changed(self) -> bool:
        """Whether somebody wrote something: the rest of an empty card is not looked at."""
        return any(field.data and field.data.strip() for field in [self["text"], *self.options])

    @property
    def options(self) -> list[Any]:
        return [self[f"option{number}"] for number in range(MOST_OPTIONS)]

    def question(self) -> QuestionText | None:
        if not self.has_changed():
            return None
        said = self.cleaned_data
        options = [said[f"option{number}"] for number in range(MOST_OPTIONS)]
        while options and not options[-1]:
            options.pop()
        return QuestionText(UUID(said["section"]), said["text"], options, said["right"], said["key"] or uuid4())


class QuestionsForm(forms.Form):
    token = forms.IntegerField(widget=forms.HiddenInput)


class CommentForm(WithoutPatients):
    """What somebody says about a draft, or the section with this key."""

    free_text = ("text",)
    section = forms.UUIDField(required=False)
    text = forms.CharField(max_length=1000, error_messages={"required": "Write what you want to say."})


class AnswerForm(WithoutPatients):
    free_text = ("answer",)
    answer = forms.CharField(
        label="What came of it",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever reported it reads this. No patient names or details.",
        error_messages={"required": "Say what came of it."},
    )


class WithdrawForm(WithoutPatients):
    free_text = ("reason",)
    reason = forms.CharField(
        label="Why it is withdrawn",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Everybody who reads it is shown this. No patient names or details.",
    )


class SuspendForm(WithoutPatients):
    """Where a version is stopped, and why."""

    free_text = ("reason",)
    clinics = forms.ModelMultipleChoiceField(
        Clinic.objects.none(),
        label="Where",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose where it is suspended."},
    )
    reason = forms.CharField(
        label="Why it is suspended",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Everybody who reads it is shown this. No patient names or details.",
        error_messages={"required": "Say why it is suspended."},
    )

    def __init__(self, *args: Any, places: Iterable[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinics"].queryset = Clinic.objects.filter(pk__in=[place.pk for place in places])


class LiftForm(WithoutPatients):
    free_text = ("because",)
    because = forms.CharField(
        label="Why it may be used again",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever was told of the suspension is told this. No patient names or details.",
        error_messages={"required": "Say why it may be used again."},
    )


class WaiveForm(WithoutPatients):
    free_text = ("reason",)
    reason = forms.CharField(
        label="Why",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="“On leave” is enough. No health details.",
        error_messages={"required": "Say why."},
    )
    through = forms.DateField(
        label="Until the end of",
        required=False,
        widget=DayInput,
        validators=[in_this_century],
        help_text="Leave empty until you end it yourself.",
    )


class ReportForm(FilterForm):
    """Filters of the acknowledgement report."""

    clinic = forms.ModelChoiceField(Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug")
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "Every role"), *Role.choices])
    category = forms.MultipleChoiceField(
        label="Category", required=False, choices=Category.choices, widget=forms.CheckboxSelectMultiple
    )
    protocol = forms.MultipleChoiceField(label="Protocol", required=False, widget=forms.CheckboxSelectMultiple)
    person = WordsField(label="Person", required=False)
    on = forms.DateField(label="As of", required=False, widget=DayInput, validators=[in_this_century])
    unfinished = forms.BooleanField(label="Only people with something due", required=False)

    def __init__(self, data: Any, *, viewer: User) -> None:
        super().__init__(data)
        self.fields["clinic"].queryset = reporting.reported_clinics(viewer)
        self.fields["protocol"].choices = [(one.slug, one.title) for one in reporting.reported_protocols(viewer)]

    @property
    def any_chosen(self) -> bool:
        return any(self.cleaned_data.values())

    def columns(self) -> list[BoundField]:
        """The filters that choose columns."""
        return [self["category"], self["protocol"]]

    def chips(self) -> Iterator[tuple[str, str]]:
        """What the columns are narrowed to: the words of each choice, and the filters without it."""
        for name in ("category", "protocol"):
            chosen = self.cleaned_data.get(name, [])
            for value, label in self.fields[name].choices:
                if value in chosen:
                    others = self.data.copy()
                    others.setlist(name, [other for other in chosen if other != value])
                    others.pop("page", None)
                    yield label, others.urlencode()

    def report(self, viewer: User, now: datetime, *, page: str | None = None) -> reporting.Report:
        """What was chosen, within the viewer's reach, as it was at the end of a day that is over or as it is now."""
        chosen: dict[str, Any] = self.cleaned_data
        clinic, role, on = chosen.get("clinic"), chosen.get("role"), chosen.get("on")
        past = on is not None and on < organisation_day(now)
        return reporting.report(
            last_moment(on) if on and past else now,
            clinics=[clinic] if clinic else reporting.reach(viewer),
            roles=[role] if role else [],
            categories=chosen.get("category", []),
            protocols=chosen.get("protocol", []),
            name=chosen.get("person", ""),
            unfinished_only=chosen.get("unfinished", False),
            past=past,
            page=page,
        )
