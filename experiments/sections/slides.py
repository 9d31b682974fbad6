"""The comparison of Kiel's slides, as a figure of samples: for activations.py."""

from pathlib import Path

from experiments.study import figures
from experiments.study.results import Results

# LeakyReLU, Swish, Swish 30 %, Swish 50 %: "Resembling COVID-19", D. Hoogestraat and others, Kiel 2020.
SLIDES = ("leaky_relu", "swish", "swish_30", "swish_50")


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown and a figure: those of the four settings that were run, beside each other."""
    shown = [arm for arm in SLIDES if arm in results.arms]
    drawing = figures.samples(results, shown, real=False) if shown else None
    if drawing is None:
        return []
    figures.save(drawing, folder / "slides.png")
    caption = "The settings of the slides: the first images of every run, by seed"
    return [f"## The comparison of the slides\n\n![{caption}](figures/slides.png)"]
