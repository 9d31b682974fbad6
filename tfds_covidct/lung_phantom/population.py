"""Who is in the data set: as many phantoms per split and class as COVID-CT has images, and some volumes."""

from tfds_covidct.lung_phantom.pair import make_pair
from tfds_covidct.lung_phantom.phantom import make_phantom
from tfds_covidct.lung_phantom.volumes.volume import SHAPE, make_volume

SEED = 2020
COUNTS = {
    "train": {"covid": 191, "non_covid": 234},
    "validation": {"covid": 60, "non_covid": 58},
    "test": {"covid": 98, "non_covid": 105},
}
VOLUME_COUNTS = {
    "train": {"covid": 24, "non_covid": 24},
    "validation": {"covid": 4, "non_covid": 4},
    "test": {"covid": 4, "non_covid": 4},
}


def members(counts=None):
    """Lists the data set's phantoms.

    Args:
        counts: {split: {label: number of phantoms}}; `COUNTS` when None.

    Returns:
        {split: [(index, label), …]}; no index appears twice.
    """
    listed, index = {}, 0
    for split, classes in (counts or COUNTS).items():
        listed[split] = []
        for label, number in classes.items():
            listed[split] += [(i, label) for i in range(index, index + number)]
            index += number
    return listed


def make_member(index, label):
    """Returns the data set's phantom with this index; `label` is "covid" or "non_covid"."""
    return make_phantom(index, seed=SEED, covid=label == "covid")


def make_member_pair(index, label):
    """Returns the `Pair` of the same patient as `make_member`."""
    return make_pair(index, seed=SEED, covid=label == "covid")


def make_member_volume(index, label, shape=SHAPE):
    """Returns the data set's `Volume` with this index; `label` is "covid" or "non_covid"."""
    return make_volume(index, seed=SEED, covid=label == "covid", shape=shape)
