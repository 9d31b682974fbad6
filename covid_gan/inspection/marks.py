"""Letters that somebody wrote into the margin of a grey image."""

import numpy as np
from scipy import ndimage

# Chosen by eye: 38 of the 40 images found in COVID-CT have letters or arrows, and 4 of 4 in the
# first 400 of SARS-CoV-2 CT.
_INK = 140  # grey levels above the darkest
_BRIGHT = 200  # ink's median; vessels and bones are below it in most windows
_CONTRAST = 110  # between ink and ground
_GROUND = 90  # the ground's grey, at most
_FLAT = 40  # the ground's own contrast, 10th to 90th percentile
_MARGIN = 0.15  # of the height or width
_HEIGHTS = (0.012, 0.12)  # of the image's
_LOWEST = 6  # pixels
_ASPECTS = (0.12, 1.6)  # width by height
_FILLS = (0.15, 0.8)  # of the letter's box
_THICKEST = 0.45  # the widest stroke, of the letter's height


def letters(image: np.ndarray) -> int:
    """Counts what looks like a letter, a digit or an arrow near the edge of an image.

    A connected patch of even, sharp contrast to flat ground, of a letter's size and stroke. Found
    are bright marks on dark ground and dark ones on bright ground. Not found: letters that touch
    each other, the image's edge or the body, and arrows over the lungs. Slim bones near the edge
    can be taken for letters.

    Args:
        image: uint8 [H, W].
    """
    if min(image.shape) < 48:
        return 0
    return sum(_bright_letters(picture) for picture in (image, 255 - image))


def _bright_letters(image):
    patches, _ = ndimage.label(image >= _INK, np.ones((3, 3)))
    boxes = enumerate(ndimage.find_objects(patches), 1)
    return sum(
        _is_letter(image, box, patches[box] == n) for n, box in boxes if _is_letter_sized(box, image.shape)
    )


def _is_letter_sized(box, shape):
    """Whether a box has a letter's height and aspect, and lies in the margin without touching the edge."""
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    height, width = bottom - top, right - left
    if not max(_LOWEST, _HEIGHTS[0] * shape[0]) <= height <= _HEIGHTS[1] * shape[0]:
        return False
    if not _ASPECTS[0] <= width / height <= _ASPECTS[1]:
        return False
    if top == 0 or left == 0 or bottom == shape[0] or right == shape[1]:
        return False
    y, x = (top + bottom) / 2 / shape[0], (left + right) / 2 / shape[1]
    return min(y, 1 - y, x, 1 - x) <= _MARGIN


def _is_letter(image, box, patch):
    """Whether a patch stands out from flat ground, and is made of strokes."""
    if not _FILLS[0] <= patch.mean() <= _FILLS[1]:
        return False
    rim = max(2, patch.shape[0] // 5)
    wider = tuple(slice(max(0, side.start - rim), side.stop + rim) for side in box)
    around = image[wider]
    outside = np.ones(around.shape, bool)
    y, x = box[0].start - wider[0].start, box[1].start - wider[1].start
    outside[y : y + patch.shape[0], x : x + patch.shape[1]] = False
    low, ground, high = np.percentile(around[outside], (10, 50, 90))
    if high - low > _FLAT or ground > _GROUND:
        return False
    ink = np.median(image[box][patch])
    if ink < _BRIGHT or ink - ground < _CONTRAST:
        return False
    strokes = ndimage.distance_transform_edt(np.pad(patch, 1))
    return bool(2 * strokes.max() <= _THICKEST * patch.shape[0])
