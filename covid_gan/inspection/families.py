"""Families of cheap facts about an image, none of which should tell its class."""

import dataclasses
from collections.abc import Callable

from covid_gan.inspection.measuring import Measured


@dataclasses.dataclass(frozen=True)
class Family:
    """A few numbers of an image that are no lungs.

    Attributes:
        facts: an image -> the numbers by their names, or None where they are not known.
        meaning: what they are, in words.
        advice: what to do where they tell the class.
    """

    facts: Callable[[Measured], dict[str, float] | None]
    meaning: str
    advice: str


def _of_format(image):
    facts = image.facts
    return None if facts is None else {facts.format: 1, f"mode {facts.mode}": 1, f"bits {facts.bits}": 1}


def _of_size(image):
    height, width = (image.facts.height, image.facts.width) if image.facts else (image.height, image.width)
    return {"width": width, "height": height, "aspect": width / height}


def _of_grey(image):
    return {"mean": image.mean, "deviation": image.deviation}


def _of_window(image):
    return dict(zip(("darkest", "brightest"), image.ends))


def _of_border(image):
    return dict(zip(("mean", "deviation", "black", "white"), image.border))


def _of_marks(image):
    return {"colour": image.facts.colour if image.facts else 0.0, "letters": image.letters}


def _of_dataset(image):
    return {image.dataset: 1}


FAMILIES = {
    "format": Family(
        _of_format,
        "file format, mode and bits per channel",
        "A classifier on the files would not need the lungs. Convert all images the same way before "
        "they reach a network (covid_gan reads one grey channel); say so beside any accuracy.",
    ),
    "size": Family(
        _of_size,
        "width, height and aspect",
        "Resizing stretches or blurs one class more than the other. Compare classes at one size.",
    ),
    "grey": Family(
        _of_grey,
        "mean and deviation of all grey levels (can be the disease itself)",
        "It may be the disease, or the window of another scanner. Look at figures/histograms.png.",
    ),
    "window": Family(
        _of_window,
        "darkest and brightest 1 % of the pixels: how grey levels were cut off",
        "The classes were displayed differently. Compare figures/histograms.png, and give all the same "
        "window, from the originals if there are any.",
    ),
    "border": Family(
        _of_border,
        "grey levels of the outer 5 % of the image",
        "Crop to the lungs, or use one window and one field of view for all.",
    ),
    "marks": Family(
        _of_marks,
        "share of coloured pixels, count of letters in the margin",
        "Crop the margins, or leave these images out.",
    ),
    "dataset": Family(
        _of_dataset,
        "which data set an image is from",
        "The classes come from different sources: what a network learns may be the source.",
    ),
}
