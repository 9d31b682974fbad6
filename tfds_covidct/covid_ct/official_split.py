"""Upstream's lists of the images in each split, checked against the images there are."""

import collections
from collections.abc import Iterable, Mapping

from etils import epath

from tfds_covidct.covid_ct.archive import Images
from tfds_covidct.errors import DataError

_SHOWN_NAMES = 10


def read_split(
    lists: Mapping[str, epath.Path], images: Images, expected_images: int
) -> dict[str, list[str]]:
    """Reads which images of a class belong to which split.

    Args:
      lists: the split's name -> the text file with an image's file name on each line.
      images: the images of the class.
      expected_images: how many images the class has when it is whole.

    Returns:
      The split's name -> its images' file names, in the order of the list.

    Raises:
      DataError: if a listed image is missing, an image is in no list or listed twice, or the
        number of images is not the expected one.
    """
    split = {name: _read_list(path) for name, path in lists.items()}
    listed = collections.Counter(name for names in split.values() for name in names)
    where = ", ".join(str(path) for path in lists.values())
    _refuse(listed.keys() - set(images.names), f"{images.path}: lacks images that are listed")
    _refuse(set(images.names) - listed.keys(), f"{images.path}: has images in no list of {where}")
    _refuse({name for name, times in listed.items() if times > 1}, f"{where}: list images twice")
    if len(images.names) != expected_images:
        raise DataError(f"{images.path}: {len(images.names)} images, expected {expected_images}")
    return split


def _read_list(path: epath.Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file ({error})") from error
    return [line.strip() for line in lines if line.strip()]


def _refuse(names: Iterable[str], problem: str):
    if not names:
        return
    names = sorted(names)
    shown = ", ".join(names[:_SHOWN_NAMES])
    dots = ", …" if len(names) > _SHOWN_NAMES else ""
    raise DataError(f"{problem} ({len(names)}): {shown}{dots}")
