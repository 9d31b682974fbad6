"""Judges a trained generator: distances, diversity, privacy and use, with their floors.

`evaluate` judges one and writes a report; `compare` puts reports side by side.
"""

import logging
import re
from pathlib import Path

from covid_gan import storage
from covid_gan.errors import ArgumentError
from covid_gan.evaluation.config import NO_FEATURES, EvaluationConfig

__all__ = ["EvaluationConfig", "compare", "evaluate"]

log = logging.getLogger(__name__)

# Below a run; elsewhere for what is no run.
RUN_FOLDER, FOLDER = "evaluation", "evaluations"
# All that a report's folder holds: a folder with anything else is not an earlier report.
_FILES = ("report.md", "figures", "metrics.json")


def evaluate(
    config: EvaluationConfig,
    run: str | None = None,
    images: str | None = None,
    data: dict | None = None,
    out: str | Path | None = None,
) -> Path:
    """Judges generated images against real scans, and writes a report.

    Args:
        config: how many images, of which checkpoint, with which features.
        run: a run folder, or a SavedModel that `covid_gan.export` wrote; this or `images`.
        images: a folder of image files.
        data: settings of the scans, by the names of the flags. A run and an export have their own on record.
        out: a new or an empty folder, or an earlier report's, which is replaced; where not given,
            `evaluation/step-…` below a run, `evaluations/…` for what is no run.

    Returns:
        The folder, with report.md, metrics.json and figures/.

    Raises:
        ArgumentError: an argument is wrong, or there is too little to judge.
        RunError: a checkpoint cannot be read, or the scans are not those of the training.
    """
    from covid_gan.evaluation import results, sources, writing
    from covid_gan.outputs import draft_in, replace_all

    if config.utility and images:
        raise ArgumentError("utility", "needs a run folder as --run.", config.utility)
    if out is not None:
        _check_out(out)
    source = sources.open_source(run, images, data or {}, config)
    out = storage.path(out) if out is not None else _default_out(source.generated, config)
    _check_out(out)
    found = results.examine(source, lambda: _extractor(source, config), config)
    with draft_in(out) as draft:
        new, old = draft / "new", draft / "old"
        new.mkdir()
        old.mkdir()
        writing.write(found, new)
        replace_all(new, old, out, _FILES)
    return out


def compare(paths: list[str], out: str | Path) -> str:
    """Puts the newest reports of several runs side by side.

    Args:
        paths: run folders, or folders with a report.
        out: a new or an empty folder, or an earlier comparison's, which is replaced.

    Returns:
        The tables, as Markdown; `out` holds them too, as compare.md and compare.csv, with the grids.

    Raises:
        ArgumentError: a path is not there, or no report is.
    """
    from covid_gan.evaluation import comparing

    return comparing.compare(paths, out)


def _extractor(source, config):
    from covid_gan import features

    if config.features == NO_FEATURES:
        return None
    extractor = features.get(config.features, source.config)
    if config.features_key not in (None, extractor.key):
        message = f"the extractor here is {extractor.key}, and numbers of two extractors cannot be compared."
        raise ArgumentError("features_key", message, config.features_key)
    return extractor


def _default_out(generated, config):
    name = (
        re.sub(r"[^\w.+-]+", "_", generated.name) if generated.step is None else f"step-{generated.step:08d}"
    )
    parts = [name] + ["raw"] * config.raw
    parts += [config.features] if config.features != EvaluationConfig.features else []
    parts += ["utility"] if config.utility else []
    if generated.run:
        return generated.run.path / RUN_FOLDER / "-".join(parts)
    return Path(FOLDER) / "-".join([re.sub(r"[^\w.+-]+", "_", generated.name), *parts[1:]])


def _check_out(out):
    from covid_gan import runs
    from covid_gan.outputs import contents

    out = storage.path(out)
    if out.exists() and not out.is_dir():
        raise ArgumentError("out", "is a file; give a folder.", str(out))
    others = contents(out)
    if others - set(_FILES) or (others and "metrics.json" not in others):
        message = "holds files that are no report; give a new or an empty folder, or that of a report."
        raise ArgumentError("out", message, str(out))
    runs.check_writable(out, "out")
