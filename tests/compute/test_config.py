"""The settings of where a run computes."""

import pytest

from covid_gan.config import Config
from covid_gan.errors import ArgumentError


@pytest.mark.parametrize("devices", ["cpu", "cpu:1", "cpu:64", "gpu", "gpu:0", "gpu:0,3"])
def test_devices(devices):
    assert Config().replace(devices=devices).compute.devices == devices


@pytest.mark.parametrize(
    "settings",
    [
        dict(devices="cpu:0"), dict(devices="cpu:65"), dict(devices="tpu"), dict(devices="gpu:"),
        dict(devices=""), dict(strategy="all"), dict(precision="half"), dict(xla="yes"),
        dict(steps_per_loop=0), dict(profile="10"), dict(profile="20,10"), dict(profile="0,3"),
        dict(profile="a,b"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_name(settings):
    with pytest.raises(ArgumentError) as error:
        Config().replace(**settings)
    assert error.value.argument == next(iter(settings))


def test_profiled_steps():
    assert list(Config().replace(profile="3,5").compute.profiled_steps) == [3, 4, 5]
    assert list(Config().compute.profiled_steps) == []


def test_a_run_from_before_there_were_these_settings_is_read():
    import json

    old = json.loads(Config().to_json())
    del old["compute"]
    compute = Config.from_json(json.dumps(old)).compute
    assert (compute.precision, compute.xla, compute.strategy) == ("float32", "off", "auto")
