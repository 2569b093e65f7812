"""How log lines are written: one line per event, ids but never tokens, bodies or full addresses.

A traceback names files, lines and the error, never the values of variables, which may be secrets.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

from aftercall.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Write structured lines to standard error, as text or, with `log_json`, as JSON."""
    plain_traceback = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    endings: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.log_json
        else [plain_traceback]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *endings,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
