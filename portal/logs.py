"""Log lines as JSON on standard error: ids and states, never content."""

from __future__ import annotations

import logging
import re
import sys

import structlog


class WithoutLinks(logging.Filter):
    """Takes out of a line the token of a word processor's address, which opens a file for whoever has it. Our own lines
    hold no address; the web server writes some when a request breaks, and all of them when it is told to."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if "/dav/" in said:
            record.msg, record.args = _LINK.sub("/dav/...", said), ()
        return True


_LINK = re.compile(r"/dav/[^\s\"']+")


def configure() -> None:
    for name in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).addFilter(WithoutLinks())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("what"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
