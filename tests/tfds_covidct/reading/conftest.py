"""Files of the readers' tests."""

import pytest
from dicom_data import content_of

from tfds_covidct.reading.sources import Source


@pytest.fixture
def as_source(tmp_path):
    """Writes a data set, or bytes, to a file without an extension."""

    def write(content, name="IM0001"):
        content = content if isinstance(content, bytes) else content_of(content)
        (tmp_path / name).write_bytes(content)
        return Source(name, str(tmp_path / name), len(content))

    return write
