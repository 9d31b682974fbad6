"""The same model and settings on pictures that have nothing to do with lungs.

python -m experiments.other_images --manual_dir=COVID-CT
python -m experiments.other_images --manual_dir=COVID-CT --other_dataset=ct_folder --other_manual_dir=PICTURES
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from experiments.study import STEPS, Arm, Study, main

# Pixels of a tile: 208 of them fit into the two photographs, about as many as COVID-CT has training scans.
TILE = 48


STUDY = Study(
    name="other_images",
    question=(
        "Does the very same model, with the very same settings, work on unrelated pictures? Each set is held "
        "against its own real halves."
    ),
    arms={"scans": Arm(), "others": Arm()},
    minutes=5,
    equal=STEPS,
    sections="ratios",
)


def define(values):
    text = (
        "the other set: a TFDS name, or ct_folder (default: tiles of two photographs that scikit-learn has)"
    )
    flags.DEFINE_string("other_dataset", None, text, flag_values=values)
    text = "its files (default: studies/photographs, which is made)"
    flags.DEFINE_string("other_manual_dir", None, text, flag_values=values)
    flags.DEFINE_string("other_classes", None, "its label names to keep (default: all)", flag_values=values)


def adapt(study: Study, values) -> Study:
    """The study with the data set that the flags name as its second arm."""
    classes = tuple(filter(None, (values.other_classes or "").split(",")))
    dataset, manual_dir = values.other_dataset, values.other_manual_dir
    if dataset is None:
        dataset, manual_dir = "ct_folder", manual_dir or str(write_photographs(Path("studies/photographs")))
    others = Arm(dataset=dataset, manual_dir=manual_dir, classes=classes)
    # Other files lie elsewhere, and these two flags are about the scans.
    return dataclasses.replace(
        study, arms={"scans": Arm(), "others": others}, free=("dataset", "manual_dir", "classes")
    )


def write_photographs(folder: Path) -> Path:
    """Cuts the two photographs of scikit-learn into grey tiles of `TILE` pixels, unless they are there."""
    import numpy as np
    from sklearn.datasets import load_sample_images

    from covid_gan import images

    if folder.exists():
        return folder
    draft = folder.with_name(f".{folder.name}")
    found = load_sample_images()
    for name, colour in zip(found.filenames, found.images, strict=True):
        grey = np.rint(colour @ (0.299, 0.587, 0.114)).astype(np.uint8)[..., None]
        own = draft / Path(name).stem
        own.mkdir(parents=True, exist_ok=True)
        for top in range(0, grey.shape[0] - TILE + 1, TILE):
            for left in range(0, grey.shape[1] - TILE + 1, TILE):
                images.save_png(own / f"{top:03d}-{left:03d}.png", grey[top : top + TILE, left : left + TILE])
    draft.rename(folder)
    return folder


if __name__ == "__main__":
    sys.exit(main(STUDY, define=define, adapt=adapt))
