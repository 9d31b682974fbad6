"""How far lung_phantom lies from COVID-CT, beside how far two halves of COVID-CT lie from each other.

    python -m experiments.phantom_distance --manual_dir=../shared/data/covid-ct

Images are resized to `size` pixels on the longer side and padded with black to a square. Two numbers are compared:
the Wasserstein-1 distance of the sets' intensity histograms, in grey levels, and the mean over radial frequencies of
|difference of log10 of the sets' mean power spectra|. Exits with 1 if either exceeds three times its floor.
"""

import io
import pathlib
import sys
import zipfile

import numpy as np
from absl import app, flags
from PIL import Image, ImageDraw

from tfds_covidct.lung_phantom import population

LIMIT = 3.0
ARCHIVES = ("CT_COVID.zip", "CT_NonCOVID.zip")
SUFFIXES = (".png", ".jpg", ".jpeg")

_MANUAL_DIR = flags.DEFINE_string("manual_dir", None, "Folder of COVID-CT, with Images-processed/*.zip in it.")
_COUNT = flags.DEFINE_integer("count", 397, "Compare at most this many images of each class.", lower_bound=2)
_SIZE = flags.DEFINE_integer("size", 128, "Compare at this many pixels, square.", lower_bound=16)
_HALVINGS = flags.DEFINE_integer("halvings", 20, "Random halvings of COVID-CT that make the floor.", lower_bound=10)
_OUT = flags.DEFINE_string("out", None, "Write the curves behind the numbers to this folder, as CSV.")
_GRID = flags.DEFINE_string("grid", None, "Write 16 phantoms beside each other to this PNG and stop.")


def load_covid_ct(manual_dir, size, count):
    """Reads COVID-CT's archives.

    Args:
        manual_dir: folder with `Images-processed/CT_COVID.zip` and `CT_NonCOVID.zip`.
        size: pixels of the square images.
        count: at most this many of each class, in the order of their names.

    Returns:
        uint8 [N, size, size].

    Raises:
        FileNotFoundError: if an archive is missing.
    """
    images = []
    for archive in ARCHIVES:
        with zipfile.ZipFile(pathlib.Path(manual_dir) / "Images-processed" / archive) as opened:
            names = [n for n in sorted(opened.namelist()) if n.lower().endswith(SUFFIXES) and "__MACOSX" not in n]
            images += [fit(Image.open(io.BytesIO(opened.read(name))), size) for name in names[:count]]
    return np.stack(images)


def load_phantoms(size, count):
    """Makes the phantoms of the data set, at most `count` of each class; returns uint8 [N, size, size]."""
    everyone = [member for split in population.members().values() for member in split]
    chosen = [m for label in ("covid", "non_covid") for m in [e for e in everyone if e[1] == label][:count]]
    return np.stack([fit(Image.fromarray(population.make_member(*member).image), size) for member in chosen])


def fit(image, size):
    """Returns a PIL image as uint8 [size, size]: grey, aspect kept, padded with black."""
    image = image.convert("L")
    scale = size / max(image.size)
    image = image.resize([max(1, round(side * scale)) for side in image.size], Image.LANCZOS)
    square = Image.new("L", (size, size))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return np.asarray(square)


def histogram(images):
    """Returns float [256], the share of each grey level in uint8 `images`."""
    return np.bincount(images.ravel(), minlength=256) / images.size


def histogram_distance(first, second):
    """Returns the Wasserstein-1 distance in grey levels between two sets of uint8 images."""
    return float(np.abs(np.cumsum(histogram(first) - histogram(second))).sum())


def power_spectra(images):
    """Returns float [N, size // 2 - 1], each image's radially averaged power at 1, 2, … cycles per side."""
    centred = images / 255 - images.mean((1, 2), keepdims=True) / 255
    power = np.abs(np.fft.fft2(centred)) ** 2
    size = images.shape[-1]
    frequency = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(frequency[:, None], frequency).astype(int)
    return np.stack([power[:, radius == r].mean(1) for r in range(1, size // 2)], 1)


def spectrum_distance(first, second):
    """Returns mean |difference of log10 of mean power| between two sets of `power_spectra`."""
    return float(np.abs(np.log10(first.mean(0)) - np.log10(second.mean(0))).mean())


def floor(values, distance, halvings):
    """Returns the mean `distance` between two halves of `values` over random halvings."""
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(values)) for _ in range(halvings)]
    return float(np.mean([distance(*(values[half] for half in np.array_split(order, 2))) for order in orders]))


def write_grid(path):
    """Writes 4 × 4 phantoms, healthy and ill in turn, under a line that says what they are."""
    tile, gap, line = (192, 144), 4, 16
    grid = Image.new("L", (4 * (tile[0] + gap) + gap, 4 * (tile[1] + gap) + gap + line))
    ImageDraw.Draw(grid).text((gap + 2, 3), "lung_phantom: procedural phantoms, no patients", fill=200)
    for place in range(16):
        picture = Image.fromarray(population.make_phantom(place, seed=population.SEED, covid=place % 2 == 1).image)
        picture.thumbnail(tile, Image.LANCZOS)
        left = gap + place % 4 * (tile[0] + gap) + (tile[0] - picture.width) // 2
        top = line + gap + place // 4 * (tile[1] + gap) + (tile[1] - picture.height) // 2
        grid.paste(picture, (left, top))
    grid.save(path, optimize=True)


def report(name, unit, value, base):
    """Prints one measure beside its floor; returns whether it passes."""
    passed = value <= LIMIT * base
    verdict = "PASS" if passed else "FAIL"
    print(f"{name}: {value:.4g} {unit}, floor {base:.4g}, ratio {value / base:.2f}, {verdict} at {LIMIT:g}")
    return passed


def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {argv[1:]}")
    if _GRID.value:
        write_grid(_GRID.value)
        return 0
    if not _MANUAL_DIR.value:
        raise app.UsageError("--manual_dir is needed: the folder of COVID-CT")
    real = load_covid_ct(_MANUAL_DIR.value, _SIZE.value, _COUNT.value)
    phantoms = load_phantoms(_SIZE.value, _COUNT.value)
    real_power, phantom_power = power_spectra(real), power_spectra(phantoms)
    print(f"{len(phantoms)} phantoms, {len(real)} images of COVID-CT, {_SIZE.value} pixels")
    passed = [
        report("histogram", "grey levels", histogram_distance(phantoms, real), floor(real, histogram_distance, _HALVINGS.value)),
        report("spectrum", "log10 units", spectrum_distance(phantom_power, real_power), floor(real_power, spectrum_distance, _HALVINGS.value)),
    ]
    if _OUT.value:
        out = pathlib.Path(_OUT.value)
        out.mkdir(parents=True, exist_ok=True)
        for name, curves in (
            ("histogram", [histogram(phantoms), histogram(real)]),
            ("spectrum", [phantom_power.mean(0), real_power.mean(0)]),
        ):
            np.savetxt(out / f"{name}.csv", np.transpose(curves), delimiter=",", header="phantom,covid_ct")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    app.run(main)
