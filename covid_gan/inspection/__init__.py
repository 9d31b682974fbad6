"""An audit of a data set before anyone trains on it: copies, leakage, marks and shortcuts."""

import logging
import re
from pathlib import Path

from covid_gan import data, storage
from covid_gan.config import Config
from covid_gan.errors import ArgumentError

__all__ = ["audit", "audit_into"]

log = logging.getLogger(__name__)

FOLDER = "audits"


def audit(config: Config, out: str | Path | None = None) -> Path:
    """Audits the data set of a config, all its chosen splits and classes.

    Args:
        config: its `data` is what counts.
        out: a new or empty folder; audits/<dataset> where not given, with the digest of a set
            that was made from a folder.

    Returns:
        The folder, with report.md, report.json, exclude.txt and figures/.

    Raises:
        ArgumentError: `out` holds files or cannot be written, or the data cannot be read.
    """
    if out is None:
        config = data.resolve(config)
        out = Path(FOLDER) / re.sub(r"[^\w.+-]+", "_", config.data.dataset)
    _check_empty(out)
    return audit_into(data.audit_scans(config), out)


def audit_into(audited: data.Audited, out: str | Path) -> Path:
    """Audits a data set that is already opened, and writes its report into a new or empty folder.

    Raises:
        ArgumentError: (`out`) it holds files, or cannot be written; (`dataset`) there is no image.
    """
    from covid_gan.inspection import writing
    from covid_gan.inspection.results import inspect
    from covid_gan.outputs import draft_in

    _check_empty(out)
    log.info("Auditing %s …", audited.name)
    with draft_in(out) as draft:
        try:
            results = inspect(audited)
        except ValueError as error:
            if isinstance(error, ArgumentError):
                raise
            raise ArgumentError("dataset", "has no image to audit.", audited.name) from error
        writing.write(results, audited.scans, draft)
        for path in draft.iterdir():
            storage.move(path, storage.path(out) / path.name)
    return storage.path(out)


def _check_empty(out):
    folder = storage.path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArgumentError("out", "is there already; give a new or an empty folder.", str(out))
