"""Files that cannot be read: one error that names them, or a list of what was skipped."""

import dataclasses
import logging
import os

from tfds_covidct.errors import DataError

log = logging.getLogger(__name__)

_SHOWN = 10


class EmptySplitError(DataError):
    """Nothing of what was planned for a split could be used."""


@dataclasses.dataclass
class Problems:
    """What is wrong with single files.

    Attributes:
      skip: whether they are skipped; else `check` raises.
      found: a file's path below the folder, and a sentence that names it and what is wrong.
    """

    skip: bool
    found: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, relative: str, sentence: str) -> None:
        self.found[relative] = sentence

    def check(self) -> None:
        """Refuses bad files, all in one error.

        Raises:
          DataError: there are some, and they are not to be skipped.
        """
        if self.found and not self.skip:
            raise DataError(f"{self}. --skip_bad skips such files, counts and lists them.")

    def report(self, where: os.PathLike) -> None:
        """Warns of the files that were skipped; all of them are listed in the file `where`."""
        if self.found:
            log.warning("Skipped %d files, all listed in %s: %s.", len(self.found), where, self)

    def __str__(self):
        shown = "; ".join(list(self.found.values())[:_SHOWN])
        return f"{shown}; and {len(self.found) - _SHOWN} more" if len(self.found) > _SHOWN else shown
