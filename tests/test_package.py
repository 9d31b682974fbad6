"""The installed package: all its files, and the names that others import."""

import importlib.metadata

import pytest

from covid_gan import cli


@pytest.fixture(scope="module")
def installed_files():
    for distribution in importlib.metadata.distributions(name="covid_gan"):
        if distribution.read_text("RECORD"):  # not the egg-info that a build leaves in the checkout
            return {str(file) for file in distribution.files}
    pytest.skip("covid_gan runs from its checkout; pip install . to test the package")


@pytest.mark.parametrize(
    "file",
    [
        "covid_gan/presets/ucla128.flags",
        "covid_gan/networks/dcgan.py",
        "tfds_covidct/covid_ct/README.md",
        "tfds_covidct/covid_ct/CITATIONS.bib",
        "tfds_covidct/covid_ct/TAGS.txt",
        "tfds_covidct/lung_phantom/README.md",
        "tfds_covidct/lung_phantom/lung_phantom_dataset_builder.py",
    ],
)
def test_the_wheel_holds_code_and_data(installed_files, file):
    assert file in installed_files


def test_every_module_of_the_checkout_is_in_the_wheel(installed_files):
    root = cli.preset_folder().parents[1]
    for package in ("covid_gan", "tfds_covidct"):
        for path in (root / package).rglob("*.py"):
            name = str(path.relative_to(root))
            if "dummy_data" not in name:
                assert name in installed_files


def test_presets_are_found():
    assert {"ucla128.flags", "polanco64.flags"} <= {p.name for p in cli.preset_folder().iterdir()}
