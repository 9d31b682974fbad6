"""What is known of many files at once."""

import numpy as np
import pytest
from PIL import Image

from tfds_covidct.errors import MissingExtraError
from tfds_covidct.reading import drawing
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.sources import list_sources

nibabel = pytest.importorskip("nibabel")


@pytest.fixture
def folder(tmp_path):
    for number in range(12):
        Image.new("L", (20 + number, 20)).save(tmp_path / f"{number}.png")
    pages = [Image.new("RGB", (20, 20), (200, 0, 0)) for _ in range(3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    masks = nibabel.Nifti1Image(np.ones((20, 20, 20), np.int16), np.eye(4))
    masks.to_filename(tmp_path / "masks.nii")
    return tmp_path


def test_facts_of_the_files_with_slices_come_in_the_given_order(folder):
    sources = list_sources(folder).sources
    facts = drawing.facts_of(iter(sources))
    assert list(facts) == [source for source in sources if source.relative not in ("broken.png", "masks.nii")]
    by_name = {source.relative: found for source, found in facts.items()}
    assert by_name["11.png"] == (FileFacts("PNG", "L", 8, 31, 20), 1)
    assert by_name["pages.tif"] == (FileFacts("TIFF", "RGB", 8, 20, 20, colour=1.0), 3)


def test_no_file_has_no_facts():
    assert drawing.facts_of([]) == {}


def test_a_package_that_is_missing_is_no_broken_file(folder, monkeypatch):
    (folder / "without").mkdir()
    (folder / "without" / "nibabel.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(folder / "without")
    with pytest.raises(MissingExtraError, match=r'^masks.nii: .*pip install "covid_gan\[nifti\]"$'):
        drawing.facts_of(list_sources(folder).sources)
