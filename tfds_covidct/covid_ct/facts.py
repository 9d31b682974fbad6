"""How the images came in their files: in COVID-CT that nearly tells the class."""

import os
from pathlib import Path, PurePosixPath

from tfds_covidct.covid_ct import layout
from tfds_covidct.covid_ct.source import files_in
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.facts import FileFacts


def file_facts(manual_dir: str | os.PathLike) -> dict[str, FileFacts]:
    """Reads every image of upstream's that can be read.

    Args:
      manual_dir: the folder with upstream's files.

    Returns:
      An image's id -> what is known of its file; empty where the folder holds none of the files.

    Raises:
      DataError: the folder holds some of the required files, but not all.
    """
    found = files_in(manual_dir)
    archives = [Path(found[names.images]) for names in layout.LAYOUT.values()] if found else []
    images = [source for path in archives for source in sources.list_sources(path).sources]
    return {PurePosixPath(source.relative).name: own for source, (own, _) in drawing.facts_of(images).items()}
