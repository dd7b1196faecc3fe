"""The web process: a few processes with a few threads each, the code loaded once and shared."""

import gc
import os
from pathlib import Path

wsgi_app = "spbe_portal.wsgi:application"
chdir = str(Path(__file__).resolve().parent.parent)
_host = os.environ.get("HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 5
# Replaced now and then, so that memory grown by one large request does not stay for ever.
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True
umask = 0o027
proc_name = "spbe-portal"
loglevel = os.environ.get("WEB_LOG_LEVEL", "warning")


def when_ready(server):
    """After loading: move what was loaded out of the collector's sight.

    A full collection would otherwise walk all of Django's objects in the middle of a request
    (a quarter of a second), and touching them would copy the memory the workers share.
    """
    gc.collect()
    gc.freeze()
