from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from protocols.models import frozen
from protocols.models.protocol import ProtocolVersion

FEWEST_OPTIONS, MOST_OPTIONS = 2, 4


class Question(models.Model):
    """Asked before a version is acknowledged: the right answer stands in its section. `key` stays from version to version."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="questions")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    section = models.UUIDField(help_text="The key of the section in which the answer stands.")
    text = models.CharField(max_length=300)
    options = ArrayField(models.CharField(max_length=200), size=MOST_OPTIONS)
    right = models.PositiveSmallIntegerField(help_text="The place of the right option, from 0.")
    order = models.PositiveSmallIntegerField()

    objects: ClassVar[models.Manager[Question]] = models.Manager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "key"],
                name="question_is_asked_once_in_a_version",
                violation_error_message="This question is already in the version.",
            ),
            models.CheckConstraint(
                condition=~Q(text="")
                & Q(options__len__range=(FEWEST_OPTIONS, MOST_OPTIONS), right__lt=F("options__len")),
                name="question_has_a_right_option",
                violation_error_message="Give two to four answers and say which one is right.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="only_questions_of_drafts_are_edited",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.ONLY_IN_DRAFTS,
            ),
            frozen.no_truncate("Questions of published versions are never deleted."),
        ]

    def __str__(self) -> str:
        return self.text


class Answered(models.Model):
    """That somebody answered a question, rightly or not. It says nothing of whom: it is about the text, not the reader."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="answered")
    right = models.BooleanField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    objects: ClassVar[models.Manager[Answered]] = models.Manager()

    class Meta:
        ordering = ["at", "pk"]
        triggers = frozen.written_once("What was answered stays as it is.")

    def __str__(self) -> str:
        return f"{self.question}: {'right' if self.right else 'wrong'}"
