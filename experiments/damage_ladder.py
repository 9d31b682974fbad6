"""Which measure sees which damage: known amounts of it, on scans that the encoder has not seen.

    python -m experiments.damage_ladder --manual_dir=COVID-CT --scanner_dir=SARS-COV-2-CT

The images of the validation and test splits are halved at random; one half stands for the real scans,
the other is damaged and stands for a generator's images. Each number is the mean over the halvings.
A measure catches a damage if its badness follows the amount, undamaged included, with a Spearman
correlation of at least 0.9, and the greatest amount moves it by more than 3 of its spreads between
undamaged halves (standard deviations over 10 halvings). Exits with 1 if there is a damage that no
measure catches, or damage to the anatomy that no measure of features catches.
"""

import dataclasses
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from absl import flags
from scipy.stats import spearmanr

from covid_gan import cli, metrics
from covid_gan.config import PHANTOM, Config
from covid_gan.errors import RunError
from experiments.damages import DAMAGES

FIGURE = "experiments/figures/damage-ladder.png"
CORRELATION, SPREADS = 0.9, 3.0
# Halvings from which the spread between undamaged halves is taken.
UNDAMAGED_HALVINGS = 10
COLOURS = ("#ffffff", "#fee8c8", "#fdbb84", "#e34a33", "#7f0000")

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Response:
    """How a measure answers to a damage.

    Attributes:
        badness: [1 + amounts], mean over the halvings, undamaged first; more is worse.
        spread: its standard deviation between undamaged halves.
    """

    badness: np.ndarray
    spread: float

    @property
    def correlation(self) -> float:
        """Spearman's, with the amount; 0 for a measure that does not move."""
        if np.ptp(self.badness) == 0:
            return 0.0
        statistic = spearmanr(np.arange(len(self.badness)), self.badness).statistic
        return round(float(statistic), 9)  # 0.9 is not to be missed by a rounding

    @property
    def spreads(self) -> np.ndarray:
        """By how many spreads each amount moves it: [amounts]."""
        return (self.badness[1:] - self.badness[0]) / max(self.spread, 1e-12)

    @property
    def caught(self) -> bool:
        return self.correlation >= CORRELATION and bool(self.spreads[-1] > SPREADS)


def ladder(
    images: np.ndarray, scanner: np.ndarray, extractor: Callable, halvings: int = 3, seed: int = 0
) -> dict[str, dict[str, Response]]:
    """Climbs all rungs.

    Args:
        images: uint8 [n, S, S, 1], n ≥ 128, not seen by the extractor.
        scanner: uint8 [m, S, S, 1], of another scanner.
        extractor: images → features, with a `key`.
        halvings: over which a damaged half is measured.
        seed: of the halvings and the damage.

    Returns:
        Rung → key of a measure → its response.
    """
    halves = list(_halves(images, max(halvings, UNDAMAGED_HALVINGS), seed))
    undamaged = [_measure(real, other, extractor) for real, other in halves]
    found = {}
    for name, damage in DAMAGES.items():
        print(f"{name} …", file=sys.stderr)
        levels = [undamaged[:halvings]]
        for amount in damage.amounts:
            level = []
            for number, (real, other) in enumerate(halves[:halvings]):
                others = {"reference": real, "scanner": scanner}.get(damage.other)
                level.append(_measure(real, damage.apply(other, amount, others, number), extractor))
            levels.append(level)
        found[name] = {
            key: _response(key, undamaged, levels) for key in undamaged[0] if metrics.direction(key)
        }
    return found


def _halves(images, halvings, seed) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for _ in range(halvings):
        first, second = np.array_split(rng.permutation(len(images)), 2)
        yield images[first], images[second]


def _measure(real, fake, extractor):
    numbers, _ = metrics.feature_report(extractor(real), extractor(fake), extractor.key)
    return numbers | metrics.pixel_report(real, fake)[0]


def _response(key, undamaged, levels):
    """The response of one measure, from its numbers between undamaged halves and by level and halving."""
    normal = np.array([numbers[key] for numbers in undamaged])
    values = np.array([[numbers[key] for numbers in level] for level in levels])
    toward = metrics.direction(key)
    if toward == metrics.HIGHER:
        values = -values
    elif toward == metrics.REAL:
        values = np.abs(values - normal.mean())
    return Response(values.mean(axis=1), float(normal.std(ddof=1)))


def table(found: dict[str, dict[str, Response]]) -> str:
    """Markdown: the correlation of each measure with each damage, bold where it is caught."""
    keys = list(next(iter(found.values())))
    lines = ["| damage | " + " | ".join(keys) + " |", "|---|" + "---:|" * len(keys)]
    for name, responses in found.items():
        cells = [
            f"**{r.correlation:.2f}**" if r.caught else f"{r.correlation:.2f}" for r in responses.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def values_table(found: dict[str, dict[str, Response]], key: str) -> str:
    """Markdown: one measure at every amount, in spreads between undamaged halves in brackets."""
    lines = [f"| damage | {key}: amount → value (spreads above undamaged) |", "|---|---|"]
    for name, damage in DAMAGES.items():
        response = found[name][key]
        steps = zip(damage.amounts, response.badness[1:], response.spreads)
        cells = ", ".join(f"{amount:g} → {value:.3f} ({spreads:.1f})" for amount, value, spreads in steps)
        lines.append(f"| {name}, {damage.unit} | {cells} |")
    return "\n".join(lines)


def figure(found: dict[str, dict[str, Response]]):
    """Every measure's response to every amount, in spreads; a frame where a damage is caught."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    keys = list(next(iter(found.values())))
    columns = np.concatenate([[found[name][key].spreads for key in keys] for name in DAMAGES], axis=1)
    drawing = Figure(figsize=(12, 0.28 * len(keys) + 1.6), layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.subplots()
    colours = LinearSegmentedColormap.from_list("spreads", COLOURS)
    picture = axes.imshow(columns, cmap=colours, norm=PowerNorm(0.5, 0, 50, clip=True), aspect="auto")
    start, middles = 0, []
    for name, damage in DAMAGES.items():
        width = len(damage.amounts)
        axes.axvline(start - 0.5, color="0.5", linewidth=0.8)
        middles.append(start + (width - 1) / 2)
        for row, key in enumerate(keys):
            if found[name][key].caught:
                frame = Rectangle((start - 0.45, row - 0.42), width - 0.1, 0.84, fill=False, linewidth=1.2)
                axes.add_patch(frame)
        start += width
    amounts = [f"{amount:g}" for damage in DAMAGES.values() for amount in damage.amounts]
    axes.set_xticks(range(len(amounts)), amounts, fontsize=6, rotation=90)
    axes.set_yticks(range(len(keys)), keys, fontsize=8)
    top = axes.secondary_xaxis("top")
    top.set_xticks(middles, [f"{name}\n{damage.unit}" for name, damage in DAMAGES.items()], fontsize=7)
    top.tick_params(length=0)
    drawing.colorbar(picture, label="spreads between undamaged halves", ticks=[0, 1, 3, 10, 25, 50], pad=0.01)
    return drawing


def uncaught(found: dict[str, dict[str, Response]], key: str) -> list[str]:
    """The damages that no measure catches, or, of the anatomy, none on the features named `key`."""
    missed = []
    for name, damage in DAMAGES.items():
        usable = [r for k, r in found[name].items() if not damage.anatomy or k.endswith(f"_{key}")]
        if not any(response.caught for response in usable):
            missed.append(name)
    return missed


def main(argv=None) -> int:
    return cli.run("experiments.damage_ladder", __doc__, _define, _climb, argv)


def _define(values):
    from covid_gan.features import EXTRACTORS

    flags.DEFINE_enum("features", "ct", EXTRACTORS, "the extractor", flag_values=values)
    text = "a copy of SARS-COV-2 CT-scan, the other scanner (default: the phantom)"
    flags.DEFINE_string("scanner_dir", None, text, flag_values=values)
    flags.DEFINE_integer("halvings", 3, "halvings to damage", lower_bound=1, flag_values=values)
    flags.DEFINE_string("figure", FIGURE, "where to draw it", flag_values=values)
    cli.define_settings(values, "data", without=("dataset", "split", "classes", "flip", "cache"))
    cli.define_settings(values, "model", without=_all_but("image_size"))


def _all_but(name):
    from covid_gan.config import ModelConfig

    return tuple(field.name for field in dataclasses.fields(ModelConfig) if field.name != name)


def _climb(values):
    from covid_gan import data, features

    config = Config().replace(dataset="covid_ct", classes=(), **cli.given_settings(values))
    extractor = features.get(values.features, config)
    splits = [data.load(config.replace(split=split))[1] for split in ("validation", "test")]
    images = np.concatenate([scans.images.numpy() for scans in splits])
    other = dict(dataset="sars_cov2_ct", manual_dir=values.scanner_dir, split="all")
    if not values.scanner_dir:
        other = dict(dataset=PHANTOM, manual_dir=None)
        log.warning("Without --scanner_dir the other scanner is the phantom.")
    scanner = data.load(config.replace(**other))[1].images.numpy()
    found = ladder(images, scanner, extractor, values.halvings)
    print(f"{len(images)} scans that {extractor.key} has not seen, {values.halvings} halvings\n")
    print(table(found), values_table(found, f"{metrics.KID}_{extractor.key}"), sep="\n\n", flush=True)
    Path(values.figure).parent.mkdir(parents=True, exist_ok=True)
    figure(found).savefig(values.figure, dpi=80)
    missed = uncaught(found, extractor.key)
    if missed:
        raise RunError(f"No measure catches {', '.join(missed)}.")


if __name__ == "__main__":
    sys.exit(main())
