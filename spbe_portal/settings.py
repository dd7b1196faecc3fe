"""The one settings file. Every value an operator may change comes from the environment (see deploy/)."""

from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from spbe_portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR") or BASE_DIR / "var").resolve()

# --- Who and where -----------------------------------------------------------------------------
GOVERNMENT_NAME = env.text("GOVERNMENT_NAME", "Pemerintah Daerah")
GOVERNMENT_LETTERHEAD = env.lines("GOVERNMENT_LETTERHEAD")
GOVERNMENT_LOGO = env.text("GOVERNMENT_LOGO")  # path of a PNG or JPEG
if GOVERNMENT_LOGO and not Path(GOVERNMENT_LOGO).is_file():
    raise ImproperlyConfigured(f"GOVERNMENT_LOGO={GOVERNMENT_LOGO!r}: no such file.")
DEMO = env.flag("DEMO")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL={PUBLIC_URL!r}: use http(s)://host.")
HTTPS = _public.scheme == "https"

# --- Core ----------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")  # former ones, while they are being replaced
AUDIT_KEY = env.audit_key(VAR_DIR)  # seals the trail (audit.chain)
ALLOWED_HOSTS = [_public.hostname, "127.0.0.1", "localhost", *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "spbe_portal.urls"
WSGI_APPLICATION = "spbe_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Strict transport is promised for our own host alone: its subdomains and the browsers' preload
# list are for whoever holds the government's domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",  # its templates, below ours
    "django_include_bootstrap",
    "django_htmx",
    "lucide",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "audit",
    "accounts",
    "indicators",
    "assessments",
    "inventory",
    "reports",
    "spbe_portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "spbe_portal.middleware.close_the_rest",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.keep_sign_ins",
    "spbe_portal.middleware.leave_nothing_behind",
    # Default deny: a view is public only where it says so.
    "spbe_portal.middleware.PortalLoginRequiredMiddleware",
    "accounts.middleware.TwoFactorRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "spbe_portal.middleware.explain_wrong_method",
]

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
                "spbe_portal.context.portal",
            ],
            "builtins": ["spbe_portal.templatetags.portal"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data ------------------------------------------------------------------------------------------
DATABASES = {"default": env.database(VAR_DIR / "spbe.sqlite3")}
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        # Log-in throttling counts across processes, so a per-process cache would not do.
        # Room enough that a flood of guesses cannot push out the counters that stop it.
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            "OPTIONS": {"MAX_ENTRIES": 50_000},
        }
    )
}
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
# Compressing every file takes half a minute: worth it once in production, not at each demo start.
STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if HTTPS
    else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
)
MEDIA_ROOT = VAR_DIR / "files"  # evidence and reports: never below a public folder
# Readable for the folder's group or access list only where that is nginx, which then sends the files.
FILE_MODE = 0o640 if env.flag("DOWNLOADS_BY_NGINX") else 0o600
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT, "base_url": None, "file_permissions_mode": FILE_MODE},
    },
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}

# --- Background jobs -------------------------------------------------------------------------------
CELERY_BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {}
    if REDIS_URL
    else {
        "data_folder_in": str(CELERY_BROKER_DIR / "queue"),
        "data_folder_out": str(CELERY_BROKER_DIR / "queue"),
        "control_folder": str(CELERY_BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
)
CELERY_TASK_IGNORE_RESULT = True  # the job row is the truth
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below speaks for the worker too
CELERY_TIMEZONE = "UTC"
# The one worker runs the schedule too (-B). A second one would do no harm: every task on it may run at any time.
CELERY_BEAT_SCHEDULE = {
    "import-drafts": {"task": "accounts.tasks.clean_up_imports", "schedule": crontab(hour="19", minute="45")},
    "sheet-drafts": {"task": "assessments.tasks.sweep_sheets", "schedule": crontab(hour="19", minute="50")},
    "unsent-invitations": {
        "task": "accounts.tasks.send_unsent_invitations",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "lost-reports": {"task": "reports.tasks.take_up_lost_reports", "schedule": 120.0, "options": {"expires": 120}},
    "abandoned-uploads": {"task": "assessments.tasks.sweep_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
    "waiting-scans": {"task": "assessments.tasks.take_up_scans", "schedule": 60.0, "options": {"expires": 60}},
    # 07.30 in Jakarta: read at the beginning of the working day.
    "follow-up-reminders": {
        "task": "assessments.tasks.remind_of_follow_ups",
        "schedule": crontab(hour="0", minute="30"),
    },
    "deadline-reminders": {
        "task": "assessments.tasks.remind_of_deadlines",
        "schedule": crontab(hour="0", minute="30"),
    },
    "passed-deadlines": {"task": "assessments.tasks.tell_of_passed_deadlines", "schedule": crontab(minute="5")},
    "unsent-emails": {
        "task": "accounts.tasks.send_unsent_emails",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    # 00.10 in Jakarta: the anchor bears the day that has just begun.
    "audit-trail": {"task": "spbe_portal.tasks.watch_the_trail", "schedule": crontab(hour="17", minute="10")},
    "ended-sessions": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": crontab(hour="18", minute="20"),
    },
    "answers-of-the-api": {
        "task": "spbe_portal.tasks.sweep_api",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "waiting-webhooks": {
        "task": "accounts.tasks.take_up_webhooks",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "old-webhooks": {"task": "accounts.tasks.clean_up_webhooks", "schedule": crontab(hour="18", minute="40")},
    "old-notifications": {
        "task": "accounts.tasks.clean_up_notifications",
        "schedule": crontab(hour="18", minute="10"),
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(CELERY_BROKER_DIR / "schedule")

# --- E-mail ----------------------------------------------------------------------------------------
_mail = env.mail()
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"SPBE Portal <noreply@{_public.hostname}>")
EMAIL_TIMEOUT = 20  # seconds

# --- Webhooks --------------------------------------------------------------------------------------
WEBHOOK_HOSTS = env.webhook_hosts()  # none: webhooks are off

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.code_forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False  # office PCs are shared: closing the browser ends the session
# Many people of one office share one address, so an address may try more than a person at it may.
# `login_failed` counts per address and per name at that address, `login_failed_anywhere` per name.
# A browser the person has used before counts on its own (`_device`), so that nobody else can keep
# them out (docs/adr/0011); codes of the second factor count per person and password.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_device": "30/m/key",
    "login_failed": "30/m/ip,5/5m/key",
    "login_failed_anywhere": "300/h/key",
    "login_failed_device": "5/5m/key,50/d/key",
    "code_failed": "5/5m/key,50/d/key",
    "oidc": "60/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "10/m/user",
    "password_forgotten": "30/10m/ip,3/10m/key",
}
# How many proxies of ours stand before the portal and append to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 1 if HTTPS else 0)
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # life of a one-time password link, seconds
AUTH_PASSWORD_VALIDATORS: list[dict[str, object]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "accounts.validators.MinimumLengthValidator", "OPTIONS": {"min_length": 10}})
SESSION_COOKIE_AGE = 12 * 3600  # from log-in, however busy (accounts.middleware)
SESSION_SAVE_EVERY_REQUEST = False

# The second factor: a code of an authenticator app (TOTP), or one of ten recovery codes.
MFA_ADAPTER = "accounts.adapter.TwoFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # clocks half a minute off; a code still works once only (accounts.services.two_factor)
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the portal keeps no e-mail addresses in allauth's tables
MFA_FORMS = {
    "authenticate": "accounts.code_forms.LoginCodeForm",
    "reauthenticate": "accounts.code_forms.ConfirmCodeForm",
}
TWO_FACTOR_ROLES = env.two_factor_roles()
# Log-in with the government's own account (OpenID Connect); None where none is connected.
OIDC = env.identity_provider()

# --- API ---------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.authentication.TokenAllows"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["spbe_portal.api.parsers.BoundedJson"],
    "DEFAULT_THROTTLE_CLASSES": ["spbe_portal.api.throttles.PerMinute"],
    "DEFAULT_PAGINATION_CLASS": "spbe_portal.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "spbe_portal.api.filters.Ordering",
    ],
    "ORDERING_PARAM": "ordering",
    "EXCEPTION_HANDLER": "spbe_portal.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "spbe_portal.api.schema.PortalSchema",
}
# Requests a minute: of one token, reading and writing apart, and without a token of one address.
API_PER_MINUTE = {
    "read": env.integer("API_READS_PER_MINUTE", 600, minimum=1),
    "write": env.integer("API_WRITES_PER_MINUTE", 240, minimum=1),
    "anonymous": env.integer("API_ANONYMOUS_PER_MINUTE", 60, minimum=1),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SPBE Portal",
    "DESCRIPTION": "Apa yang dapat dilakukan orang di halaman portal, dapat dilakukan program di sini, "
    "dengan hak pemilik token dan aturan yang sama.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": ["spbe_portal.api.schema.without_marks"],
    "TAGS": [
        {"name": name, "description": text}
        for name, text in (
            ("Masuk", "Sumber daya apa saja yang ada, dan siapa Anda di sini"),
            ("Token", "Membuat dan mencabut token; yang lain di halaman Token API"),
            ("Instrumen", "Apa yang dinilai: domain, aspek, indikator, bobot, kriteria level"),
            ("Periode", "Periode penilaian, penugasan indikator, dan hasilnya"),
            ("Riwayat", "Tahun-tahun lalu dari daftar: level saja, tanpa bukti"),
            ("Penilaian", "Penilaian tiap OPD: status, indeks, cakupan"),
            ("Jawaban", "Level, fakta, analisis tiap indikator"),
            ("Tahun lalu", "Jawaban dan bukti penilaian sebelumnya, untuk dipakai lagi"),
            ("Bukti dukung", "Berkas dan tautan yang mendukung jawaban"),
            ("Verifikasi", "Keputusan verifikator tiap indikator"),
            ("Kertas kerja", "Penilaian sebagai lembar kerja XLSX: unduh, isi, unggah"),
            ("Jejak audit", "Siapa melakukan apa, kapan, dan mengapa"),
            ("Langkah", "Mengajukan, mengembalikan, menyetujui, dan langkah lain sebuah penilaian"),
            ("Nilai Pemda", "Level pemerintah daerah: saran, penetapan, hasil"),
            ("Pustaka dokumen", "Dokumen OPD, versinya, dan pemakaiannya sebagai bukti"),
            ("Tindak lanjut", "Rekomendasi, penanggung jawab, dan penyelesaiannya"),
            ("Peta jalan", "Kenaikan level paling ringan menuju target"),
            ("Laporan", "Laporan yang dibuat di latar belakang"),
            ("Inventaris aplikasi", "Aplikasi dan layanan tiap OPD"),
            ("OPD", "Perangkat daerah"),
            ("Pengguna", "Pengguna dan perannya"),
            ("Webhook", "Alamat yang diberi tahu bila sesuatu terjadi, dan pengirimannya"),
            ("Pemberitahuan", "Apa yang diberitahukan portal kepada Anda"),
        )
    ],
}

# --- Language, time --------------------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia")]
USE_I18N = True
FORMAT_MODULE_PATH = ["spbe_portal.formats"]
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "Asia/Jakarta")
_ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
if TIME_ZONE not in _ZONES:
    raise ImproperlyConfigured(f"TIME_ZONE={TIME_ZONE!r}: use one of {', '.join(_ZONES)}.")
TIME_ZONE_LABEL = _ZONES[TIME_ZONE]

# --- Static files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
FONT_DIR = VAR_DIR / "assets" / "fonts"  # Inter, cut by `manage.py build_fonts`
STATICFILES_DIRS = [BASE_DIR / "static", ("fonts", FONT_DIR)]

# --- Uploads ---------------------------------------------------------------------------------------
EVIDENCE_MAX_BYTES = env.integer("EVIDENCE_MAX_MB", 25, minimum=1) * 1024 * 1024
# One file of the national package: the national app takes one an indicator, of at most 100 MB (2022).
PACKAGE_FILE_MAX_BYTES = env.integer("PACKAGE_FILE_MAX_MB", 100, minimum=1) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # form fields, without files
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "tmp"
UPLOAD_DIR = VAR_DIR / "uploads"  # files on their way in parts, until they are whole
FILE_UPLOAD_HANDLERS = [
    "assessments.uploads.LimitedUploadHandler",  # first: stops reading what is too large
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
for _folder in (
    MEDIA_ROOT,
    FILE_UPLOAD_TEMP_DIR,
    UPLOAD_DIR,
    FONT_DIR,
    CELERY_BROKER_DIR / "queue",
    CELERY_BROKER_DIR / "control",
):
    _folder.mkdir(parents=True, exist_ok=True)

# --- Downloads and scanning ----------------------------------------------------------------------------
# nginx sends the files itself (X-Accel-Redirect): it must be able to read MEDIA_ROOT, see deploy/README.md.
DOWNLOADS_BY_NGINX = env.flag("DOWNLOADS_BY_NGINX")
# A clamd that scans new evidence; empty: no scan is made, and the pages say so.
CLAMD = env.clamd()

# --- Signing of reports ----------------------------------------------------------------------------
# The portal's own certificate, until the government's signing service is connected.
REPORT_SIGNING_CERTIFICATE, REPORT_SIGNING_PASSWORD = env.signing_certificate()

# --- Security --------------------------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
# Cookies named __Host- cannot be set from a neighbouring host name or over plain http.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "spbe_portal.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's control marks are data: SVGs
        "connect-src": [SELF],
        # The button that leads to the identity provider posts to us and is sent on.
        "form-action": [SELF, OIDC.origin] if OIDC else [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Logging ---------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "fontTools": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
        "pyhanko": {"level": "WARNING"},
        "pyhanko_certvalidator": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
    },
}
