"""How the web processes serve: threads for pages, and threads for the open screens of live rooms beside them.

The addresses to listen on and what is logged are the command's. See docs/adr/0008.
"""

import os
import signal
from types import FrameType
from typing import Any

PAGE_THREADS = 8  # of each process
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
# A stream holds its thread; settings.LIVE_STREAMS refuses those beyond, so pages always have PAGE_THREADS of their own.
threads = PAGE_THREADS + int(os.environ.get("LIVE_STREAMS", "40"))
graceful_timeout = 30  # seconds for requests under way


def post_worker_init(worker: Any) -> None:
    """End the open streams as soon as the process is asked to end; browsers come back to the next one by themselves."""
    del worker
    ends = signal.getsignal(signal.SIGTERM)

    def end_streams(number: int, frame: FrameType | None) -> None:
        from apps.meetings.web.hub import HUB

        HUB.close()
        if callable(ends):
            ends(number, frame)

    signal.signal(signal.SIGTERM, end_streams)
