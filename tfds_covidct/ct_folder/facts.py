"""How the images came in their files, found again by their ids."""

import os

from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.reading import drawing, sources
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.workers import Failure, Workers


def file_facts(manual_dir: str | os.PathLike) -> dict[str, FileFacts]:
    """Reads every file of the folder that can be read.

    Args:
      manual_dir: the folder that `ct_folder` was prepared from.

    Returns:
      An image's id -> what is known of its file.

    Raises:
      DataError: the folder cannot be listed.
    """
    inventory, identity, facts = sources.list_sources(manual_dir), Identity(manual_dir), {}
    with Workers() as workers:
        for source, outcome in workers.run(drawing.read_facts, inventory.sources):
            if not isinstance(outcome, Failure):
                own, frames = outcome
                facts |= {identity.image_id(source.relative, frame): own for frame in range(frames)}
    return facts
