"""Data sets made from a folder, through the config: settings, names, mixtures, facts of their files."""

import dataclasses

import pytest

from covid_gan import data
from covid_gan.config import FOLDER_SETTINGS, Config, DataConfig
from covid_gan.data import folders
from covid_gan.errors import ArgumentError
from tfds_covidct.ct_folder import CtFolderConfig


@pytest.fixture
def folder(tmp_path, write_dicom):
    for number in range(6):
        write_dicom(tmp_path / "scans" / f"{number}.dcm", seed=number, position=number)
    return tmp_path / "scans"


@pytest.fixture
def config(folder, tmp_path, tiny_config):
    return tiny_config.replace(
        dataset="ct_folder", manual_dir=str(folder), data_dir=str(tmp_path / "tfds"), batch_size=2
    )


def without_folder(config, **settings):
    return config.replace(manual_dir=None, **settings)


def test_the_settings_are_those_of_the_builder():
    fields = {field.name: field for field in dataclasses.fields(DataConfig)}
    for name, default in CtFolderConfig.settings().items():
        shown = (
            "an error" if name == "skip_bad" else f"{default:g}" if name == "min_lung_fraction" else default
        )
        assert f"(default: {shown})" in fields[name].metadata["help"]
    assert FOLDER_SETTINGS == tuple(CtFolderConfig.settings())


def test_a_resolved_config_names_the_records_and_all_settings(config):
    resolved, scans = data.load(config.replace(window="bone"))
    assert resolved.data.dataset.startswith("ct_folder/") and resolved.data.window == "bone"
    assert resolved.data.slice_range == "0,1" and resolved.data.skip_bad is False
    assert scans.fingerprint["name"] == resolved.data.dataset
    assert resolved.describe().startswith("dcgan-ct_folder-")


def test_a_run_goes_on_without_the_folder(config):
    resolved, scans = data.load(config)
    again = data.load(without_folder(resolved))[1]
    assert again.fingerprint == scans.fingerprint


def test_a_prepared_set_has_the_settings_it_was_prepared_with(config):
    data.load(config.replace(window="bone"))
    found = data.resolve(without_folder(config))
    assert found.data.window == "bone"
    assert data.resolve(without_folder(config, window="400,1800")).data.dataset == found.data.dataset
    for window in ("lung", "nonsense"):
        for dataset in ("ct_folder", found.data.dataset):
            with pytest.raises(ArgumentError) as error:
                data.resolve(without_folder(config, window=window, dataset=dataset))
            assert error.value.argument == "window"


def test_settings_of_a_folder_are_refused_for_other_sets(tiny_config):
    with pytest.raises(ArgumentError, match="applies to ct_folder alone"):
        data.resolve(tiny_config.replace(window="lung"))


def test_an_unknown_digest_is_refused(config):
    with pytest.raises(ArgumentError, match="is not what .* holds now"):
        data.resolve(config.replace(dataset="ct_folder/0123456789abcdef"))


def test_two_folders_are_mixed_and_counted_apart(config, tmp_path, write_picture):
    for number in range(8):
        write_picture(tmp_path / "others" / f"{number}.png", seed=number)
    first = data.load(config)[0].data.dataset
    second = data.load(config.replace(manual_dir=str(tmp_path / "others")))[0].data.dataset
    mixed = data.load(without_folder(config, dataset=f"{first}+{second}", split="all"))[1]
    assert mixed.fingerprint["counts"] == {first: {"scan": 6}, second: {"scan": 8}}


def test_each_of_a_mixture_has_its_own_folder(config, tiny_data_dir, tmp_path, folder):
    import shutil

    shutil.copytree(tiny_data_dir / "tiny_scans", tmp_path / "tfds" / "tiny_scans")
    mixed = config.replace(dataset="tiny_scans+ct_folder", manual_dir=f"+{folder}", split="train")
    resolved, scans = data.load(mixed)
    assert set(scans.fingerprint["counts"]) == {"tiny_scans", resolved.data.parts[1]}


def test_facts_of_files_are_known_only_from_the_folder_it_was_made_of(config, tmp_path, write_picture):
    everything = config.replace(split="all", classes=())
    assert {scan.facts.format for scan in data.audit_scans(everything).scans} == {"DICOM"}
    resolved = data.resolve(everything)
    write_picture(tmp_path / "others" / "1.png")
    elsewhere = data.audit_scans(resolved.replace(manual_dir=str(tmp_path / "others")))
    assert {scan.facts for scan in elsewhere.scans} == {None}


@pytest.mark.parametrize(
    "name, parts",
    [
        ("mnist", ("mnist", "", "")),
        ("ct_folder/ab:1.0.0", ("ct_folder", "ab", "1.0.0")),
        ("a:2", ("a", "", "2")),
    ],
)
def test_names_have_three_parts(name, parts):
    assert dataclasses.astuple(folders.parse(name)) == parts


def test_older_runs_without_these_settings_are_read():
    import json

    groups = json.loads(Config().to_json())
    for name in FOLDER_SETTINGS:
        del groups["data"][name]
    assert Config.from_json(json.dumps(groups)) == Config()
