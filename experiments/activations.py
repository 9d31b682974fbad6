"""Activations and dropout at equal budget, as the slides of Kiel 2020 compare them.

python -m experiments.activations --manual_dir=COVID-CT
"""

import sys

from experiments.study import Arm, Study, main

ACTIVATIONS = ("relu", "leaky_relu", "swish", "gelu")
DROPOUTS = {"": 0.0, "_30": 0.3, "_50": 0.5}
# LeakyReLU, Swish, Swish 30 %, Swish 50 %: "Resembling COVID-19", D. Hoogestraat and others, Kiel 2020.
SLIDES = ("leaky_relu", "swish", "swish_30", "swish_50")


def sections(results, folder):
    """The four settings of the slides, beside each other."""
    from experiments.study import figures  # loads TensorFlow

    drawing = figures.samples(results, [arm for arm in SLIDES if arm in results.arms])
    if drawing is None:
        return []
    figures.save(drawing, folder / "slides.png")
    caption = "The settings of the slides: the first images of every run, by seed"
    return [f"## The comparison of the slides\n\n![{caption}](figures/slides.png)"]


STUDY = Study(
    name="activations",
    question=(
        "Which activation, with how much dropout in the discriminator, makes the best lungs in equal time? "
        "The slides of Kiel 2020 prefer Swish to LeakyReLU, by eye."
    ),
    arms={
        name + ending: Arm(activation=name, dropout=rate)
        for name in ACTIVATIONS
        for ending, rate in DROPOUTS.items()
    },
    minutes=2,
    sections=sections,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
