"""How far lung_phantom lies from COVID-CT, beside how far two halves of COVID-CT lie from each other.

    python -m experiments.phantom_distance --manual_dir=COVID-CT

Images are resized to `size` pixels on the longer side and padded with black to a square. Two numbers
are compared: the Wasserstein-1 distance of the sets' intensity histograms, in grey levels, and the mean
over radial frequencies of |difference of log10 of the sets' mean power spectra|. Exits with 1 if either
exceeds three times its floor.
"""

import io
import pathlib
import sys
import zipfile

import numpy as np
from absl import flags
from PIL import Image, ImageDraw

from covid_gan import cli
from covid_gan.errors import ArgumentError, RunError
from tfds_covidct.labels import LABELS
from tfds_covidct.lung_phantom import make_pair, make_phantom, make_volume, population, window

LIMIT = 3.0
ARCHIVES = ("CT_COVID.zip", "CT_NonCOVID.zip")
SUFFIXES = (".png", ".jpg", ".jpeg")


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
            names = [name for name in sorted(opened.namelist()) if _is_image(name)][:count]
            images += [fit(Image.open(io.BytesIO(opened.read(name))), size) for name in names]
    return np.stack(images)


def _is_image(name):
    return name.lower().endswith(SUFFIXES) and not name.startswith("__MACOSX/")


def load_phantoms(size, count):
    """Makes the data set's phantoms, at most `count` a class; returns uint8 [N, size, size]."""
    everyone = [member for split in population.members().values() for member in split]
    images = []
    for label in LABELS:
        chosen = [member for member in everyone if member[1] == label][:count]
        phantoms = (population.make_member(*member) for member in chosen)
        images += [fit(Image.fromarray(phantom.image), size) for phantom in phantoms]
    return np.stack(images)


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
    distances = []
    for _ in range(halvings):
        first, second = np.array_split(rng.permutation(len(values)), 2)
        distances.append(distance(values[first], values[second]))
    return float(np.mean(distances))


def write_grid(path, kind):
    """Writes 4 × 4 pictures of phantoms, healthy and ill in turn, under a line that says what they are."""
    tile, gap, line = (192, 144), 4, 16
    grid = Image.new("L", (4 * (tile[0] + gap) + gap, 4 * (tile[1] + gap) + gap + line))
    ImageDraw.Draw(grid).text((gap + 2, 3), "lung_phantom: procedural phantoms, no patients", fill=200)
    for place, picture in enumerate(PICTURES[kind]()):
        picture.thumbnail(tile, Image.LANCZOS)
        left = gap + place % 4 * (tile[0] + gap) + (tile[0] - picture.width) // 2
        top = line + gap + place // 4 * (tile[1] + gap) + (tile[1] - picture.height) // 2
        grid.paste(picture, (left, top))
    grid.save(path, optimize=True)


def slice_pictures():
    """Yields 16 slices."""
    for index in range(16):
        phantom = make_phantom(index, seed=population.SEED, covid=index % 2 == 1)
        yield Image.fromarray(phantom.image)


def pair_pictures():
    """Yields 8 slices as CT and as MR."""
    for index in range(8):
        pair = make_pair(index, seed=population.SEED, covid=index % 2 == 1)
        yield Image.fromarray(pair.ct.image)
        yield Image.fromarray(pair.mr)


def volume_pictures():
    """Yields 4 volumes, each as two axial, a coronal and a sagittal cut."""
    for index in range(4):
        severity = (None, 0.5, None, 0.9)[index]
        volume = make_volume(
            index, seed=population.SEED, covid=index % 2 == 1, severity=severity, shape=(96, 128, 128)
        )
        grey, (down, _, across) = window(volume.hu), volume.spacing
        yield Image.fromarray(grey[44])
        yield Image.fromarray(grey[60])
        for cut in (grey[:, 68], grey[:, :, 40]):
            picture = Image.fromarray(cut)
            yield picture.resize((picture.width, round(picture.height * down / across)), Image.BICUBIC)


PICTURES = {"slices": slice_pictures, "paired": pair_pictures, "volumes": volume_pictures}


def compare(name, unit, distance, phantoms, real, halvings):
    """Prints one distance beside its floor; returns whether it passes."""
    value, base = distance(phantoms, real), floor(real, distance, halvings)
    passed = value <= LIMIT * base
    verdict = "PASS" if passed else "FAIL"
    print(
        f"{name}: {value:.4g} {unit}, floor {base:.4g} (mean of {halvings} halvings), "
        f"ratio {value / base:.2f}, {verdict} at {LIMIT:g}"
    )
    return passed


def write_curves(folder, **curves):
    """Writes `<name>.csv` for each curve: pairs (phantoms, COVID-CT) of float [N]."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, pair in curves.items():
        columns = np.transpose(pair)
        np.savetxt(folder / f"{name}.csv", columns, delimiter=",", header="lung_phantom,covid_ct")


def main(argv=None) -> int:
    return cli.run("experiments.phantom_distance", __doc__, _define, _measure, argv, tensorflow=False)


def _define(values):
    texts = {
        "manual_dir": "folder of COVID-CT, with Images-processed/*.zip in it",
        "out": "write the curves behind the numbers to this folder, as CSV",
        "grid": "write 16 pictures of phantoms beside each other to this PNG and stop",
    }
    for name, help in texts.items():
        flags.DEFINE_string(name, None, help, flag_values=values)
    flags.DEFINE_enum("kind", "slices", PICTURES, "what --grid shows", flag_values=values)
    numbers = {
        "count": (397, 2, "images of each class, at most"),
        "size": (128, 16, "compare at this many pixels, square"),
        "halvings": (20, 10, "halvings of COVID-CT for the floor"),
    }
    for name, (default, least, help) in numbers.items():
        flags.DEFINE_integer(name, default, help, lower_bound=least, flag_values=values)


def _measure(values):
    if values.grid:
        write_grid(values.grid, values.kind)
        return
    cli.require(values, "manual_dir")
    try:
        real = load_covid_ct(values.manual_dir, values.size, values.count)
    except (OSError, zipfile.BadZipFile) as error:
        raise ArgumentError("manual_dir", f"holds no COVID-CT: {error}.", values.manual_dir) from error
    sets = (load_phantoms(values.size, values.count), real)
    spectra = [power_spectra(images) for images in sets]
    print(f"{len(sets[0])} phantoms, {len(sets[1])} images of COVID-CT, {values.size} pixels")
    passed = [
        compare("histogram", "grey levels", histogram_distance, *sets, values.halvings),
        compare("spectrum", "log10 units", spectrum_distance, *spectra, values.halvings),
    ]
    if values.out:
        histograms = [histogram(images) for images in sets]
        means = [spectrum.mean(0) for spectrum in spectra]
        write_curves(values.out, histogram=histograms, spectrum=means)
    if not all(passed):
        raise RunError(f"The phantoms lie more than {LIMIT:g} times as far from COVID-CT as its halves do.")


if __name__ == "__main__":
    sys.exit(main())
