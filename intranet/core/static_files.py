"""Static files in production: what is shipped, under hashed names, compressed."""

from typing import ClassVar

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    """Leaves behind what packages bring and no page asks for: two thirds of the bytes and nearly all of the time."""

    ignore_patterns = [
        "*.map",
        "django_htmx/ext/*",
        "django_htmx/htmax-*",
        "django_htmx/htmx-4*",
        "drf_spectacular_sidecar/redoc/*",
        "rest_framework/*",  # its pages to click through the API; ours answers in JSON only
    ]


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Without the rules for source map comments, since the maps are not shipped."""

    support_js_module_import_aggregation = True
    manifest_strict = True
    # As inherited, less the rules for source map comments.
    patterns: ClassVar = tuple(
        (
            extension,
            tuple(rule for rule in rules if "sourceMappingURL" not in (rule if isinstance(rule, str) else rule[0])),
        )
        for extension, rules in CompressedManifestStaticFilesStorage.patterns
    )
