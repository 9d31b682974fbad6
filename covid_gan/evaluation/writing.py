"""A folder with an evaluation's results: report.md, metrics.json and figures."""

import importlib.metadata
import json
import sys
import time
from pathlib import Path

import tensorflow as tf

import covid_gan
from covid_gan import images
from covid_gan.errors import reason
from covid_gan.evaluation import events, figures, keys, words
from covid_gan.evaluation.markdown import report
from covid_gan.evaluation.results import Results
from covid_gan.privacy import figures as privacy_figures

REPORT, METRICS, FIGURES = "report.md", "metrics.json", "figures"
_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn")


def write(results: Results, folder: Path) -> None:
    """Writes all of it into an empty folder, and the numbers of a run into its events.

    Args:
        results: what was found.
        folder: must be there.
    """
    (folder / FIGURES).mkdir()
    drawn = _draw(results, folder / FIGURES)
    skipped = _write_events(results)
    found = as_json(results, skipped)
    (folder / METRICS).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / REPORT).write_text(report(results, found, drawn), encoding="utf-8")


def as_json(results: Results, skipped: dict[str, str]) -> dict:
    """All numbers, by the keys of `keys`.

    Args:
        results: what was found.
        skipped: what is missing, and why.
    """
    source, generated = results.source, results.source.generated
    model = source.config.model
    extractor, curves = results.extractor, results.curves
    return {
        keys.FORMAT: keys.CURRENT_FORMAT,
        keys.TIME: time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        keys.COMMAND: sys.argv,
        keys.NAME: generated.name,
        keys.PATH: generated.path,
        keys.STEP: generated.step,
        keys.RUN_CONFIG: json.loads(generated.run.config.to_json()) if generated.run else None,
        keys.SETTINGS: vars(results.config) | {"count": len(source.images)},
        keys.DATA: source.scans.fingerprint
        | {"image_size": model.image_size, "resize": source.config.data.resize},
        keys.HELD_OUT: {split: len(part.images) for split, part in source.held_out.items()},
        keys.DROPPED: {split: list(map(str, part.dropped)) for split, part in source.held_out.items()},
        keys.EXTRACTOR: extractor
        and {
            "name": extractor.name,
            "key": extractor.key,
            "fingerprint": extractor.fingerprint,
            "dim": extractor.dim,
        },
        keys.MEASURES: {
            found.key: {
                keys.VALUE: found.value,
                keys.LOW: found.low,
                keys.HIGH: found.high,
                keys.FLOOR: found.floor,
                keys.FLOOR_SPREAD: found.floor_spread,
                keys.MATCHED: found.matched,
                keys.RATIO: found.ratio,
                keys.HELD_OUT_VALUE: found.against_held_out,
                keys.UNSEEN: found.unseen,
            }
            for found in results.measures
        },
        keys.SKIPPED: skipped,
        keys.PRIVACY: results.memorisation and results.memorisation.to_json(),
        keys.UTILITY: results.utility and results.utility.to_json(),
        keys.CURVES: curves and {"origin": curves.origin, "series": curves.series},
        keys.VERSIONS: {"covid_gan": covid_gan.__version__, "python": sys.version.split()[0]}
        | {package: importlib.metadata.version(package) for package in _PACKAGES},
        keys.DEVICES: [device.device_type for device in tf.config.list_logical_devices()],
        keys.SECONDS: results.seconds,
    }


def _write_events(results) -> dict[str, str]:
    """Writes TensorBoard's scalars; returns what was skipped, with these where they cannot be written."""
    generated = results.source.generated
    if generated.run is None:
        return results.skipped
    values = {found.key: found.value for found in results.measures}
    values |= {f"{found.key}/ratio": found.ratio for found in results.measures if found.ratio is not None}
    try:
        events.write(generated.run, generated.step, values)
    except (OSError, tf.errors.OpError) as error:
        return results.skipped | {"TensorBoard": f"the run folder cannot be written: {reason(error)}"}
    return results.skipped


def _draw(results, folder) -> set[str]:
    """Draws what there is to see; returns the names of the files."""
    subjects, config = results.subjects, results.config
    drawn = {
        "grids.png": figures.grids(subjects, config.seed),
        "spectra.png": figures.spectra(subjects),
        "histograms.png": figures.histograms(subjects),
    }
    if subjects.generated.features is not None:
        drawn["embedding.png"] = figures.embedding(subjects, results.extractor.key, config.seed)
    if results.memorisation:
        sets = subjects.generated.images, subjects.training.images, results.strangers
        drawn["neighbours.png"] = privacy_figures.pairs(results.memorisation, *sets)
    if results.curves:
        groups = words.curve_groups(results.curves.series)
        drawn["curves.png"] = figures.curves(
            results.curves, groups, {found.key: found for found in results.measures}
        )
    for name, figure in drawn.items():
        figures.save(figure, folder / name)
    # Plain sheets, which a comparison of several runs puts together.
    for name, shown in (
        ("real.png", figures.sample_of(subjects.training, config.seed)),
        ("generated.png", subjects.generated.images[: figures.GRID**2]),
    ):
        images.save_png(folder / name, images.grid(shown, figures.GRID))
    return set(drawn)
