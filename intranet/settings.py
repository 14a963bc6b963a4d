"""The one settings file. Everything that differs between machines comes from the environment.

INTRANET_MODE says where this runs: `production` (the default) or `local`, for `make run` and the tests. Secrets may
also be given as a file: NAME_FILE holds the path of a file whose content is NAME.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from intranet import __version__

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names. Nothing given and no default: fails loudly."""
    value = os.environ.get(name)
    if path := os.environ.get(f"{name}_FILE"):
        if value:
            raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
        try:
            value = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error}.") from error
    value = value or default
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name} (or {name}_FILE).")
    return value


def env_flag(name: str, default: bool = False) -> bool:
    value = env(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; use 1 or 0.")
    return value in {"1", "true", "yes", "on"}


def env_number(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number.")
    return int(value)


def env_length(name: str, default: int) -> int:
    """A number of minutes or hours; none at all would let nobody in."""
    if not (value := env_number(name, default)):
        raise ImproperlyConfigured(f"{name} must be more than 0.")
    return value


def database(url: str) -> dict[str, Any]:
    """Django's connection settings from postgresql://user:password@host:port/name?sslmode=verify-full."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:port/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def build_id() -> str:
    """What the image was built from: a hash of the code, which the Dockerfile writes into BUILD. A checkout has none."""
    try:
        return (BASE_DIR / "BUILD").read_text().strip()[:40]
    except FileNotFoundError:
        return ""


# How the secrets of `make run` and `make test` begin (intranet/dev/folder.py).
LOCAL_ONLY = "local-only-"


def refuse_weak(name: str, secret: str, length: int) -> None:
    """In production a secret is long, random and made for this installation; embedded servers are for checkouts."""
    if secret.startswith(LOCAL_ONLY):
        raise ImproperlyConfigured(f"{name} belongs to a checkout's embedded servers, which production refuses.")
    defaults = any(word in secret.lower() for word in ("insecure", "change", "password", "secret", "example"))
    if len(secret) < length or len(set(secret)) < 5 or defaults:
        raise ImproperlyConfigured(f"{name} must be a random value of at least {length} characters.")


MODE = env("INTRANET_MODE", "production")
if MODE not in {"production", "local"}:
    raise ImproperlyConfigured(f"INTRANET_MODE is {MODE!r}; use production or local.")
PRODUCTION = MODE == "production"
DEBUG = env_flag("DEBUG")
VERSION = "+".join(part for part in (__version__, build_id()) if part)

SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = [key for key in env("SECRET_KEY_FALLBACKS", "").split(",") if key]
SITE_ORIGIN = env("SITE_ORIGIN").rstrip("/")
SITE_NAME = env("SITE_NAME", "Emery")
DEMO = env_flag("DEMO")
# For the demo alone: roles that change much sign in without a second step, and a banner says so.
SECOND_STEP_OPTIONAL = env_flag("SECOND_STEP_OPTIONAL")

_site = urlsplit(SITE_ORIGIN)
if _site.scheme not in {"http", "https"} or not _site.hostname:
    raise ImproperlyConfigured("SITE_ORIGIN must look like https://intranet.example.org.")
ALLOWED_HOSTS = [_site.hostname, *[host for host in env("EXTRA_HOSTS", "").split(",") if host]]
CSRF_TRUSTED_ORIGINS = [SITE_ORIGIN]

if PRODUCTION:
    if DEBUG or DEMO or SECOND_STEP_OPTIONAL:
        raise ImproperlyConfigured("DEBUG, DEMO and SECOND_STEP_OPTIONAL are for local use; production refuses them.")
    for key in (SECRET_KEY, *SECRET_KEY_FALLBACKS):
        refuse_weak("SECRET_KEY", key, 50)
    if _site.scheme != "https":
        raise ImproperlyConfigured("SITE_ORIGIN must start with https:// in production.")

# --- Applications -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Above django.contrib and allauth, so that our templates win.
    "intranet.core",
    "intranet.audit",
    "intranet.reminders",
    "intranet.search",
    "accounts",
    "intranet.announcements",
    "protocols",
    "scheduling",
    "intranet.home",
    "intranet.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "intranet.core.static_files.StaticFiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "django_prose_editor",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "js_asset",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Before anybody is asked to sign in, and with a way to say why.
    "accounts.middleware.session_limits",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.second_step_first",
    "intranet.audit.middleware.trail",
    "intranet.core.middleware.private_pages",
    "intranet.core.middleware.refusals",
    "intranet.core.middleware.other_methods",
]

ROOT_URLCONF = "intranet.urls"
WSGI_APPLICATION = "intranet.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "intranet.core.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "intranet" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "intranet.core.context.interface",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {"default": database(env("DATABASE_URL"))}
if suffix := env("TEST_DATABASE_SUFFIX", ""):
    DATABASES["default"]["TEST"] = {"NAME": f"test_intranet_{suffix}"}
if PRODUCTION:
    refuse_weak("The password in DATABASE_URL", DATABASES["default"]["PASSWORD"], 16)
if PRODUCTION and env_flag("DATABASE_POOL", True):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Sign-in ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sign_in.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.NotTooLong"},
    {"NAME": "accounts.passwords.NotPredictable"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home:today"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {
    "change_password": "accounts.forms.passwords.PasswordChangeForm",
    "set_password": "accounts.forms.passwords.PasswordSetForm",
    "reset_password_from_key": "accounts.forms.passwords.PasswordResetForm",
}
ACCOUNT_USER_DISPLAY = str
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are entered by those who invite, not by those who sign up
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.reset_links.ResetLinks"  # noqa: S105 - where it is, not what it is
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password, address or second step is told to its owner
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
MFA_ADAPTER = "accounts.sign_in.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = f"{SITE_NAME} intranet"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False
# Rate limits count by client address: the last one that so many proxies in front of the web server have noted.
ALLAUTH_TRUSTED_PROXY_COUNT = env_number("PROXIES", 1 if PRODUCTION else 0)
# Wrong API tokens from one address, before every further one is told to wait.
WRONG_TOKENS = "20/5m/ip"
# Wrong guesses of the current password; a new one that is refused for its length or spelling counts for nothing.
WRONG_PASSWORDS = "5/5m/user"
ACCOUNT_RATE_LIMITS = {"change_password": None}

# Without a request, and at all. The demanding roles are those of accounts/second_step.py.
SESSION_LIMITS = {
    "demanding": (
        timedelta(minutes=env_length("SESSION_IDLE_MINUTES_MANAGERS", 60)),
        timedelta(hours=env_length("SESSION_HOURS_MANAGERS", 12)),
    ),
    "others": (
        timedelta(minutes=env_length("SESSION_IDLE_MINUTES", 12 * 60)),
        timedelta(hours=env_length("SESSION_HOURS", 14 * 24)),
    ),
}
# The row outlives the limits, so that whoever comes too late is told why.
SESSION_COOKIE_AGE = int(max(longest for _, longest in SESSION_LIMITS.values()).total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- Transport and headers --------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # probes come from inside, without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the QR code of TOTP
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Language and time ------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = env("TIME_ZONE", "America/Chicago")
USE_TZ = True
USE_I18N = False

# --- Static files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", str(BASE_DIR / ".local" / "static")))
STATICFILES_DIRS = [BASE_DIR / "intranet" / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "intranet.core.static_files.ManifestStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(BASE_DIR / ".local" / "media")))

# --- Mail -------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_number("EMAIL_PORT", 587 if PRODUCTION else 1025)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_flag("EMAIL_USE_TLS", PRODUCTION)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("EMAIL_FROM", f"intranet@{_site.hostname}")

# What came back: to this address (the sender's own, if none is named), whose mailbox is read over IMAP if a host is named ...
BOUNCE_ADDRESS = env("BOUNCE_ADDRESS", "")
BOUNCE_IMAP_HOST = env("BOUNCE_IMAP_HOST", "")
BOUNCE_IMAP_TLS = env_flag("BOUNCE_IMAP_TLS", True)
BOUNCE_IMAP_PORT = env_number("BOUNCE_IMAP_PORT", 993 if BOUNCE_IMAP_TLS else 143)
BOUNCE_IMAP_USER = env("BOUNCE_IMAP_USER", "")
BOUNCE_IMAP_PASSWORD = env("BOUNCE_IMAP_PASSWORD", "")
BOUNCE_IMAP_FOLDER = env("BOUNCE_IMAP_FOLDER", "INBOX")
# ... or told by the mail provider, who signs with this; without it there is no such address.
MAIL_WEBHOOK_SECRET = env("MAIL_WEBHOOK_SECRET", "")
# With this Prometheus reads /metrics; without it there is no such address.
METRICS_TOKEN = env("METRICS_TOKEN", "")
if PRODUCTION:
    for name, value in (("MAIL_WEBHOOK_SECRET", MAIL_WEBHOOK_SECRET), ("METRICS_TOKEN", METRICS_TOKEN)):
        if value:
            refuse_weak(name, value, 32)
    if BOUNCE_IMAP_HOST and not BOUNCE_IMAP_TLS:
        raise ImproperlyConfigured("BOUNCE_IMAP_TLS=0 would send the password in the clear; production refuses that.")

# --- Reminders: Celery is the doorbell, PostgreSQL the ledger ---------------------------------------------------

CELERY_BROKER_URL = env("REDIS_URL")
if urlsplit(CELERY_BROKER_URL).scheme not in {"redis", "rediss", "sentinel"}:
    raise ImproperlyConfigured("REDIS_URL must look like redis://:password@host:port/0.")
if PRODUCTION:
    refuse_weak("The password in REDIS_URL", unquote(urlsplit(CELERY_BROKER_URL).password or ""), 16)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_TASK_DEFAULT_QUEUE = "tick"
# Tasks in a module called `heavy` have a queue and a worker of their own, so that no long computation delays a tick.
CELERY_TASK_ROUTES = {"*.heavy.*": {"queue": "heavy"}}
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "intranet.reminders.tasks.tick", "schedule": 15.0, "options": {"expires": 30}},
}
CELERY_TIMEZONE = TIME_ZONE

# --- API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.program_access.TokenAuthentication",
        "intranet.core.rest.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["intranet.core.rest.IsStaffMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "intranet.core.openapi.Schema",
    "DEFAULT_PAGINATION_CLASS": "intranet.core.rest.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "intranet.core.rest.problem",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} intranet",
    "DESCRIPTION": "Protocols in force, acknowledgements, shifts, announcements and reminders. "
    "The same rules as the pages. Errors are problem documents (RFC 9457).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["intranet.core.rest.IsStaffMember"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "MailRhythmEnum": "intranet.reminders.models.Rhythm",
        "ProfessionEnum": "accounts.models.Profession",
        "FileKindEnum": "intranet.core.papers.Kind",
        "SectionKindEnum": "protocols.models.SectionKind",
        "ShiftChangeEnum": "scheduling.models.ChangeKind",
        "ShiftOfferKindEnum": "scheduling.models.OfferKind",
        "ShiftPermissionEnum": "scheduling.models.Permission",
        "TimeOffStateEnum": "scheduling.models.TimeOffState",
    },
}

# --- Logs -------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {
        "without_keys": {"()": "intranet.core.logs.WithoutKeys"},
        "without_first_beat": {"()": "intranet.core.logs.WithoutFirstBeat"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_keys"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        # Django names the path of every response of 400 and above.
        "django.request": {"filters": ["without_keys", "without_first_beat"]},
        "django.server": {
            "handlers": ["console"],
            "filters": ["without_keys"],
            "level": "WARNING",
            "propagate": False,
        },
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
