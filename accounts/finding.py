"""How people are looked up: whatever the case, whatever the accents, and with a slip of the finger."""

from __future__ import annotations

from django.db.models import CharField, FloatField, Func, TextField, Value


class Folded(Func):
    """Words in lower case and without accents: people look for É under E, and sorting by code point puts it after Z."""

    function = "folded"
    output_field = CharField()


class ContactWords(Func):
    """Everything by which somebody is found, folded, as one text with one index."""

    function = "contact_words"
    output_field = TextField()


class WordSimilarity(Func):
    """How much of a word occurs in a text, of 1: `word_similarity`, by groups of three letters."""

    function = "word_similarity"
    output_field = FloatField()


def contact_words() -> ContactWords:
    return ContactWords("name", "title", "languages", "phone", "email")


def likeness(word: str) -> WordSimilarity:
    """Of a word to a person's name."""
    return WordSimilarity(Folded(Value(word)), Folded("name"))
