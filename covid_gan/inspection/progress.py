"""A sign of life on the terminal while something takes long."""

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")
QUIET_SECONDS = 5


def told(items: Iterable[Item], done: str) -> Iterator[Item]:
    """Yields the items, and says every few seconds how many are done.

    Args:
        items: whatever is worked on.
        done: what is said after the number, such as "images read".
    """
    said = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        if time.monotonic() - said > QUIET_SECONDS:
            said = time.monotonic()
            log.info("%d %s …", count, done)
