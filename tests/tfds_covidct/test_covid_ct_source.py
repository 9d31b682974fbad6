"""Finding upstream's files: a folder of the user's, or a download."""

import functools
import http.server
import shutil
import threading
import time

import pytest
import requests
import tensorflow_datasets as tfds

from tfds_covidct import DataError, SourceUnavailableError
from tfds_covidct.covid_ct import Builder, layout, source_in, upstream_answers

DUMMY_DATA = Builder.code_path.parent / "dummy_data"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def upstream_dir(tmp_path, monkeypatch):
    """A folder that a web server on this machine offers in the place of upstream."""
    folder = shutil.copytree(DUMMY_DATA, tmp_path / "upstream")
    handler = functools.partial(QuietHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(layout, "BASE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(Builder, "IMAGES_PER_CLASS", {"covid": 4, "non_covid": 4})
    yield folder
    server.shutdown()
    server.server_close()


def test_source_in_a_complete_folder():
    assert source_in(DUMMY_DATA)


def test_no_source_in_an_empty_or_absent_folder(tmp_path):
    assert not source_in(tmp_path)
    assert not source_in(tmp_path / "absent")


def test_part_of_a_source_is_an_error(tmp_path):
    folder = shutil.copytree(DUMMY_DATA, tmp_path / "source")
    shutil.rmtree(folder / "Data-split" / "COVID")
    with pytest.raises(DataError, match="lacks .*COVID/trainCT_COVID.txt, .*COVID/valCT_COVID.txt"):
        source_in(folder)


def test_metadata_alone_is_part_of_a_source(tmp_path):
    shutil.copy(DUMMY_DATA / layout.METADATA_FILES[0], tmp_path)
    with pytest.raises(DataError, match="CT_COVID.zip"):
        source_in(tmp_path)


def test_upstream_answers(upstream_dir):
    assert upstream_answers()


def test_upstream_without_the_file_does_not_count_as_an_answer(upstream_dir):
    (upstream_dir / layout.LAYOUT["covid"].lists["validation"]).unlink()
    assert not upstream_answers()


def test_a_hanging_name_lookup_does_not_hold_the_user_up(monkeypatch):
    over = threading.Event()

    def hang(*_, **__):
        over.wait(30)
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", hang)
    start = time.monotonic()
    assert not upstream_answers(timeout=0.2)
    assert time.monotonic() - start < 5
    over.set()


@pytest.mark.parametrize("manual_dir", [None, "of_another_data_set"])
def test_downloads_where_manual_dir_holds_nothing(upstream_dir, tmp_path, manual_dir):
    config = None
    if manual_dir:
        (tmp_path / manual_dir / "other").mkdir(parents=True)
        config = tfds.download.DownloadConfig(manual_dir=tmp_path / manual_dir)
    builder = Builder(data_dir=tmp_path / "data")
    builder.download_and_prepare(download_config=config)
    assert builder.info.splits["train"].num_examples == 4


def test_a_broken_off_download_is_one_error_and_leaves_nothing(upstream_dir, tmp_path):
    (upstream_dir / layout.LAYOUT["non_covid"].images).unlink()
    with pytest.raises(SourceUnavailableError, match="(?s)HTTP code: 404.*--manual_dir"):
        Builder(data_dir=tmp_path / "data").download_and_prepare()
    assert not (tmp_path / "data").exists()


def test_a_spoilt_download_is_not_kept(upstream_dir, tmp_path):
    (upstream_dir / layout.LAYOUT["covid"].images).write_bytes(b"PK")
    with pytest.raises(DataError, match="not an intact zip"):
        Builder(data_dir=tmp_path / "data").download_and_prepare()
    assert not (tmp_path / "data").exists()
