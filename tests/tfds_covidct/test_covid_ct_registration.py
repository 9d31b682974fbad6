"""Finding the `covid_ct` builder: by import, in any folder, and on the command line of TFDS."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from tfds_covidct.covid_ct import Builder

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCE = pathlib.Path(
    os.environ.get("COVID_CT_DIR", REPOSITORY.parent / "shared" / "data" / "covid-ct")
)
CLI_NEEDS = ("apache_beam", "mlcroissant")


def run_python(*arguments, cwd):
    environment = dict(os.environ, PYTHONPATH=str(REPOSITORY), TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_importing_the_package_registers_the_builder_in_any_folder(tmp_path):
    script = "import tfds_covidct, tensorflow_datasets as t; print(t.builder('covid_ct').name)"
    result = run_python("-c", script, cwd=tmp_path)
    assert result.stdout.strip() == "covid_ct", result.stderr


def test_the_builder_loads_the_way_tfds_build_loads_it(tmp_path):
    script = (
        "import sys, tensorflow_datasets as tfds; sys.path.insert(0, sys.argv[1]);"
        "module = 'covid_ct.covid_ct_dataset_builder';"
        "print(tfds.core.community.builder_cls_from_module(module).name)"
    )
    result = run_python("-c", script, REPOSITORY / "tfds_covidct", cwd=tmp_path)
    assert result.stdout.strip() == "covid_ct", result.stderr


@pytest.mark.skipif(
    not all(importlib.util.find_spec(module) for module in CLI_NEEDS),
    reason=f"the command line of TFDS needs {' and '.join(CLI_NEEDS)}",
)
@pytest.mark.skipif(
    not SOURCE.is_dir(), reason=f"no copy of COVID-CT in {SOURCE}; COVID_CT_DIR can name another"
)
def test_tfds_build(tmp_path):
    cli = "tensorflow_datasets.scripts.cli.main"
    flags = (f"--manual_dir={SOURCE}", f"--data_dir={tmp_path}")
    result = run_python("-m", cli, "build", "tfds_covidct/covid_ct", *flags, cwd=REPOSITORY)
    assert result.returncode == 0, result.stderr
    assert Builder(data_dir=tmp_path).info.splits["train"].num_examples == 425
