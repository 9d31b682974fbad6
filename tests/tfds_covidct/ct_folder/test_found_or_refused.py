"""A prepared folder found again, and folders and settings that are refused."""

import os
import shutil

import pytest
import tensorflow_datasets as tfds

from tfds_covidct import DataError, SettingError, ct_folder
from tfds_covidct.windows import WINDOWS


class TestFoundAgain:
    """A prepared set is found again only for the same input."""

    def test_by_the_same_folder_without_preparing_again(self, folder, prepare, tmp_path):
        first = prepare(folder)
        stamp = first.data_path.stat().mtime
        again = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder)
        assert again.is_prepared() and again.data_path == first.data_path
        assert first.data_path.stat().mtime == stamp

    @pytest.mark.parametrize("change", ["content", "name", "less", "more", "empty folder"])
    def test_not_after_a_change_of_the_folder(self, change, folder, prepare, tmp_path, write_picture):
        prepare(folder)
        file = folder / "covid" / "p0" / "0.png"
        if change == "content":
            content, times = bytearray(file.read_bytes()), file.stat()
            content[-20] ^= 1
            file.write_bytes(content)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        elif change == "name":
            file.rename(file.with_name("7.png"))
        elif change == "less":
            file.unlink()
        elif change == "more":
            write_picture(file.with_name("8.png"), seed=8)
        else:
            (folder / "another").mkdir()
        assert not ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=folder).is_prepared()

    def test_not_for_another_folder_with_the_same_files(self, folder, prepare, tmp_path):
        prepare(folder)
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        other = ct_folder.Builder(data_dir=tmp_path / "tfds", manual_dir=copy)
        assert not other.is_prepared()  # its salt is another one, and so are its ids

    @pytest.mark.parametrize(
        "settings",
        [{"window": "bone"}, {"slice_range": "0,0.5"}, {"min_lung_fraction": 0.1},
         {"split_fractions": "0.5,0.25,0.25"}, {"skip_bad": True}],
    )  # fmt: skip
    def test_not_with_other_settings(self, settings, folder, prepare, tmp_path):
        plain = ct_folder.Builder(data_dir=tmp_path, manual_dir=folder)
        assert (
            ct_folder.Builder(data_dir=tmp_path, manual_dir=folder, **settings).data_path != plain.data_path
        )

    def test_a_window_by_name_and_by_its_numbers_is_the_same(self, folder, tmp_path):
        lung = WINDOWS["lung"]
        names = {
            ct_folder.Builder(data_dir=tmp_path, manual_dir=folder, window=window).builder_config.name
            for window in ("lung", f"{lung.centre},{lung.width}", "-600,1500")
        }
        assert len(names) == 1

    def test_without_the_folder_where_it_is_the_only_one(self, folder, prepare, tmp_path):
        prepare(folder)
        loaded = tfds.load("ct_folder", data_dir=tmp_path / "tfds")
        assert sum(len(split) for split in loaded.values()) == 17

    def test_by_its_digest(self, folder, prepare, tmp_path):
        name = prepare(folder).builder_config.name
        prepare(folder, window="bone")
        loaded = tfds.load(f"ct_folder/{name}", data_dir=tmp_path / "tfds")
        assert sum(len(split) for split in loaded.values()) == 17
        with pytest.raises(DataError, match=f"Prepared there: .*ct_folder/{name}"):
            tfds.load("ct_folder", data_dir=tmp_path / "tfds")

    def test_by_download_config(self, folder, prepare, tmp_path):
        config = tfds.download.DownloadConfig(manual_dir=folder)
        kwargs = dict(download_and_prepare_kwargs=dict(download_config=config), data_dir=tmp_path / "tfds")
        loaded = tfds.load("ct_folder", **kwargs)
        assert sum(len(split) for split in loaded.values()) == 17
        assert prepare(folder).is_prepared()


class TestMistakes:
    """One clear error, and nothing is left behind."""

    @pytest.fixture
    def refused(self, prepare, tmp_path):
        def refused(folder, message, **settings):
            with pytest.raises(DataError, match=message) as error:
                prepare(folder, **settings)
            assert not (tmp_path / "tfds").exists()
            return str(error.value)

        return refused

    @pytest.mark.parametrize(
        "settings, name",
        [({"window": "tissue"}, "window"), ({"window": "0,-5"}, "window"),
         ({"slice_range": "0.7,0.3"}, "slice_range"), ({"slice_range": "0"}, "slice_range"), ({"slice_range": "0,nan"}, "slice_range"),
         ({"min_lung_fraction": 1.0}, "min_lung_fraction"), ({"split_fractions": "1,1,1"}, "split_fractions"),
         ({"split_fractions": "0.5,0.5"}, "split_fractions"), ({"split_fractions": "2,-1,0"}, "split_fractions")],
    )  # fmt: skip
    def test_settings(self, settings, name, folder, refused):
        assert refused(folder, f"`{name}`", **settings)

    def test_an_unknown_setting(self, folder, tmp_path):
        with pytest.raises(TypeError, match="no setting 'windows'"):
            ct_folder.Builder(data_dir=tmp_path, manual_dir=folder, windows="lung")

    def test_no_folder(self, tmp_path):
        with pytest.raises(SettingError, match="no such folder"):
            ct_folder.Builder(data_dir=tmp_path, manual_dir=tmp_path / "nowhere")
        with pytest.raises(DataError, match="manual_dir=FOLDER"):
            ct_folder.Builder(data_dir=tmp_path).download_and_prepare()

    def test_nothing_in_it(self, tmp_path, refused):
        (tmp_path / "s").mkdir()
        refused(tmp_path / "s", "holds no image")

    def test_an_empty_class(self, folder, refused):
        (folder / "third").mkdir()
        refused(folder, "'third' holds no image")

    def test_a_single_image(self, tmp_path, refused, write_picture):
        write_picture(tmp_path / "s" / "1.png")
        refused(tmp_path / "s", "single image; at least 2")

    def test_an_image_beside_the_classes(self, folder, refused, write_picture):
        write_picture(folder / "lost.png")
        refused(folder, "lost.png: lies beside the folders")

    def test_bad_files_are_all_named_at_once(self, folder, refused):
        (folder / "covid" / "p0" / "notes.txt").write_text("foreign")
        (folder / "covid" / "p1" / "empty.png").touch()
        message = refused(folder, "--skip_bad")
        assert "covid/p0/notes.txt" in message and "covid/p1/empty.png" in message

    def test_a_file_whose_pixels_are_cut_off(self, folder, refused):
        file = folder / "covid" / "p0" / "0.png"
        file.write_bytes(file.read_bytes()[:-600])
        refused(folder, "covid/p0/0.png")
