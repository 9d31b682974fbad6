"""How the images came in their files, found again by their ids."""

import os

from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.facts import FileFacts


def file_facts(manual_dir: str | os.PathLike) -> dict[str, FileFacts]:
    """Reads every file of the folder that can be read.

    Args:
      manual_dir: the folder that `ct_folder` was prepared from.

    Returns:
      An image's id -> what is known of its file.

    Raises:
      MissingExtraError: a file needs a package that is not installed.
      DataError: the folder cannot be listed.
    """
    inventory, identity = sources.list_sources(manual_dir), Identity(manual_dir)
    return {
        identity.image_id(source.relative, frame): own
        for source, (own, frames) in drawing.facts_of(inventory.sources).items()
        for frame in range(frames)
    }
