"""The pairs that look most like copies, drawn by matplotlib without a screen."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from covid_gan.privacy.memorisation import Memorisation, Neighbour

# Vermilion, distinct to colour-blind eyes (Okabe and Ito 2008).
ALARM_COLOUR = "#d55e00"
# Pairs beside each other, each of three images and a gap.
_ACROSS = 2


def pairs(
    found: Memorisation, fake: np.ndarray, training: np.ndarray, held_out: np.ndarray | None = None
) -> Figure:
    """Generated images beside their nearest training and held-out scans, which are shown as compared.

    Mirrored scans are shown mirrored, so that a copy looks like one; shifts are told and not shown.

    Args:
        found: of these very images.
        fake, training, held_out: uint8 [n, H, W, 1], as `examine` had them.
    """
    rows = -(-len(found.pairs) // _ACROSS)
    figure = Figure(figsize=(11, 2.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, 4 * _ACROSS - 1, squeeze=False, width_ratios=[1, 1, 1, 0.1, 1, 1, 1])
    for axes in grid.flat:
        axes.set_axis_off()
    for n, pair in enumerate(found.pairs):
        places = grid[n // _ACROSS, 4 * (n % _ACROSS) :]
        colour = ALARM_COLOUR if pair.copy else "black"
        what = "copy? " if pair.copy else ""
        _show(
            places[0], fake[pair.generated], f"generated {pair.generated}\n{what}{pair.relative:.2f}", colour
        )
        _show_scan(places[1], training, "training", pair.training, colour)
        if pair.held_out is not None and held_out is not None:
            _show_scan(places[2], held_out, "held out", pair.held_out, "black")
    return figure


def _show_scan(axes, scans, name: str, near: Neighbour, colour):
    picture = scans[near.scan][:, ::-1] if near.move.mirrored else scans[near.scan]
    changes = ["mirrored"] if near.move.mirrored else []
    if near.move.down or near.move.right:
        changes += [f"moved {near.move.down:+d}, {near.move.right:+d}"]
    _show(axes, picture, "\n".join([f"{name} {near.scan}: {near.distance:.1f}", ", ".join(changes)]), colour)


def _show(axes, picture, text, colour):
    axes.imshow(picture[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_title(text, fontsize=8, color=colour)
