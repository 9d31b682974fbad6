"""How the pictures came in their files."""

import os

from tfds_covidct.reading import drawing
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.sars_cov2_ct import numbered


def file_facts(manual_dir: str | os.PathLike) -> dict[str, FileFacts]:
    """Reads every picture that can be read.

    Args:
      manual_dir: the folder that holds both classes' folders, or the one above.

    Returns:
      An image's id -> what is known of its file; empty where the folder holds no such folders.

    Raises:
      DataError: a file has no number in its name.
    """
    root = numbered.find_root(manual_dir)
    pictures = {picture.source: picture for picture in numbered.list_pictures(root)} if root else {}
    return {pictures[source].image_id: own for source, (own, _) in drawing.facts_of(pictures).items()}
