"""What the doors are given: the use cases, and nothing below them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from aftercall.core.ids import NewId
from aftercall.core.instants import Clock
from aftercall.service.access import Access
from aftercall.service.rooms import Rooms
from aftercall.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """The use cases of one process, wired by the composition root."""

    settings: Settings
    clock: Clock
    new_id: NewId
    metrics: CollectorRegistry
    is_ready: Callable[[], Awaitable[bool]]
    """Whether the database is reachable and has this program's schema."""
    access: Access
    rooms: Rooms
