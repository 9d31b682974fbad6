"""Where upstream keeps its files, and what its two classes are called there."""

import dataclasses
from collections.abc import Mapping

COMMIT = "1fc10ba9d4cb35944766fd8fc3c139fa60ee13a1"
BASE_URL = f"https://raw.githubusercontent.com/UCSD-AI4H/COVID-CT/{COMMIT}"

# The split's name in TFDS -> the prefix of upstream's list of file names.
SPLIT_PREFIXES = {"train": "train", "validation": "val", "test": "test"}


@dataclasses.dataclass(frozen=True)
class ClassFiles:
    """The files of one class, as paths relative to upstream's root.

    Attributes:
      images: the zip archive; the folder it unpacks to has the same path without `.zip`.
      lists: the split's name in TFDS -> the text file that lists the split's images.
      metadata: the table of patients and sources.
    """

    images: str
    lists: Mapping[str, str]
    metadata: str

    @property
    def required(self) -> tuple[str, ...]:
        """The files without which the class cannot be prepared."""
        return (self.images, *self.lists.values())


def _class_files(name: str, metadata: str) -> ClassFiles:
    lists = {
        split: f"Data-split/{name}/{prefix}CT_{name}.txt"
        for split, prefix in SPLIT_PREFIXES.items()
    }
    return ClassFiles(f"Images-processed/CT_{name}.zip", lists, metadata)


LAYOUT = {
    "covid": _class_files("COVID", "COVID-CT-MetaInfo.xlsx"),
    "non_covid": _class_files("NonCOVID", "NonCOVID-CT-MetaInfo.csv"),
}
REQUIRED_FILES = tuple(name for files in LAYOUT.values() for name in files.required)
METADATA_FILES = tuple(files.metadata for files in LAYOUT.values())
