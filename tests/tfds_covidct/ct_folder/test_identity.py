"""Ids that tell nobody's name, and the one file that leads back."""

import json
import stat

import pytest

from tfds_covidct import DataError
from tfds_covidct.ct_folder.identity import Identity


def lines(identity):
    return [json.loads(line) for line in identity.path.read_text().splitlines()]


def test_the_same_folder_has_the_same_ids_and_another_has_others(tmp_path):
    first, again, other = Identity(tmp_path), Identity(tmp_path), Identity(tmp_path / "other")
    assert first.patient_id("Doe") == again.patient_id("Doe") != other.patient_id("Doe")
    assert first.image_id("a.dcm", 0) == again.image_id("a.dcm", 0)


def test_ids_differ_by_patient_file_and_frame(tmp_path):
    identity = Identity(tmp_path)
    ids = [identity.patient_id("a"), identity.patient_id("b"), identity.image_id("a", 0),
           identity.image_id("a", 1), identity.image_id("b", 0)]  # fmt: skip
    assert len(set(ids)) == 5 and all(len(i) == 16 and int(i, 16) >= 0 for i in ids)


def test_the_file_is_for_its_owner_alone(tmp_path):
    identity = Identity(tmp_path)
    identity.record("set", [{"image_id": "1"}])
    assert stat.S_IMODE(identity.path.stat().st_mode) == 0o600


def test_recording_a_set_again_replaces_it_and_keeps_the_others(tmp_path):
    identity = Identity(tmp_path)
    identity.record("a", [{"image_id": "1"}, {"image_id": "2"}])
    identity.record("b", [{"image_id": "3"}])
    identity.record("a", [{"image_id": "4"}])
    assert lines(identity)[0]["salt"] == identity.salt.hex()
    assert lines(identity)[1:] == [{"set": "b", "image_id": "3"}, {"set": "a", "image_id": "4"}]
    assert Identity(tmp_path).salt == identity.salt


def test_a_record_that_breaks_off_leaves_the_file_as_it_was(tmp_path):
    identity = Identity(tmp_path)
    before = identity.path.read_text()

    def broken():
        yield {"image_id": "1"}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        identity.record("a", broken())
    assert identity.path.read_text() == before
    assert {p.suffix for p in identity.path.parent.iterdir()} == {".jsonl", ".lock"}


def test_names_that_are_no_utf_8_have_ids(tmp_path):
    assert Identity(tmp_path).image_id("\udcff.dcm", 0)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"salt": 3}'])
def test_a_damaged_file_is_an_error_that_names_it(content, tmp_path):
    identity = Identity(tmp_path)
    identity.path.write_text(content)
    with pytest.raises(DataError, match="TFDS_COVIDCT_PRIVATE_DIR"):
        Identity(tmp_path)


def test_an_unusable_private_folder_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_COVIDCT_PRIVATE_DIR", "/proc/nowhere")
    with pytest.raises(DataError, match="TFDS_COVIDCT_PRIVATE_DIR"):
        Identity(tmp_path)
