from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse


class SearchVector(Func):
    """The words of a document with their weights, by our own function: see migration 0001."""

    function = "public.search_vector"
    output_field = SearchVectorField()


class Document(models.Model):
    """What can be found of one object: a source's triggers keep it, so that it never differs from the object.

    `kind` names the source and `object_id` the object's row. Whether somebody may see it is the source's to say.
    """

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    title = models.TextField()
    also = models.TextField(help_text="Other names by which people know it.")
    headings = models.TextField(help_text="What says in a few words what it is about.")
    body = models.TextField()
    fine_print = models.TextField(help_text="What is searched and never quoted, such as references.")
    vector = models.GeneratedField(
        expression=SearchVector("title", "also", "headings", "body", "fine_print"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="document_stands_for_one_object")]
        indexes = [GinIndex(fields=["vector"], name="document_by_words")]

    def __str__(self) -> str:
        return self.title


class Occurrence(models.Model):
    """A word that stands in a document, as people write it. Suggestions come from the documents that the person may see."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="occurrences")
    word = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "word"], name="word_occurs_once_in_a_document")]
        indexes = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="word_by_likeness")]

    def __str__(self) -> str:
        return self.word


class Alias(models.Model):
    """Whoever looks for the term finds what the other words find, too. `token` counts the changes."""

    term = models.CharField("people look for", max_length=60)
    means = models.CharField(
        "also find", max_length=300, help_text="Words or phrases, with a comma between them: vertigo, BPPV."
    )
    token = models.PositiveIntegerField(default=1, editable=False)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    edited_at = models.DateTimeField(editable=False)

    objects: ClassVar[models.Manager[Alias]]

    class Meta:
        ordering = [Lower("term")]
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(
                Lower("term"),
                name="alias_is_kept_once",
                violation_error_message="There is an alias for this already. Change that one.",
            ),
            models.CheckConstraint(
                condition=~Q(term="") & ~Q(means=""),
                name="alias_says_something",
                violation_error_message="Say what people look for, and what they mean.",
            ),
        ]

    def __str__(self) -> str:
        return self.term

    def get_absolute_url(self) -> str:
        return reverse("search:alias", args=[self.pk])


class Miss(models.Model):
    """Words for which somebody found nothing. Nobody's name stands with them."""

    text = models.CharField(max_length=100, unique=True)
    times = models.PositiveIntegerField(default=1)
    last_on = models.DateField()

    class Meta:
        ordering = ["-times", "-last_on", "text"]
        verbose_name_plural = "misses"

    def __str__(self) -> str:
        return self.text
