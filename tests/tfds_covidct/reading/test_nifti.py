"""NIfTI volumes: the way up, HU against nibabel's own, masks, and what is too large or damaged."""

import gzip
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfds_covidct import DataError
from tfds_covidct.errors import MissingExtraError
from tfds_covidct.reading import nifti_file, scan
from tfds_covidct.reading.facts import FileFacts
from tfds_covidct.reading.series import group
from tfds_covidct.reading.sources import Source

nibabel = pytest.importorskip("nibabel")

VOLUMES = Path(__file__).resolve().parents[4] / "shared" / "data" / "volumes"
SHAPE = (18, 20, 22)  # Of right, front, head.
ORIENTATIONS = [
    np.stack([axes, flips], 1)
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def volume():
    """HU that tell every voxel, of air and tissue, from every other: RAS+."""
    return (np.arange(np.prod(SHAPE)).reshape(SHAPE) % 4001 - 1000).astype(np.int16)


def save(path, array, affine=None, kind=nibabel.Nifti1Image, dtype=None, **fields):
    image = kind(array, np.diag([0.5, 0.75, 2, 1]) if affine is None else affine, dtype=dtype or array.dtype)
    for field, value in fields.items():
        image.header[field] = value
    image.to_filename(path)
    return as_source(path)


def as_source(path):
    return Source(path.name, str(path), path.stat().st_size)


def read(source, frames=None):
    frames = range(scan.read_header(source).frames) if frames is None else frames
    return list(scan.read_slices(source, frames))


def expected_slice(ras, frame):
    """The front on top, the patient's right on the left."""
    return ras[::-1, ::-1, frame].T


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_way_to_store_a_volume_gives_the_same_slices(orientation, tmp_path):
    ras, affine = volume(), np.array([[0.5, 0, 0, -7], [0, 0.75, 0, 3], [0, 0, 2, 100], [0, 0, 0, 1.0]])
    to_file = np.empty((3, 2))
    to_file[orientation[:, 0]] = np.stack([np.arange(3), orientation[:, 1]], 1)
    stored = nibabel.orientations.apply_orientation(ras, to_file)
    stored_affine = affine @ nibabel.orientations.inv_ornt_aff(to_file, SHAPE)
    source = save(tmp_path / "v.nii.gz", stored, stored_affine)
    header = scan.read_header(source)
    assert (header.kind, header.frames, header.height, header.width) == ("nifti", 22, 20, 18)
    # The first pixel is that of the right, in front: -7 + 17 * 0.5 to the right, 3 + 19 * 0.75 to the front.
    expected = [[-1.5, -17.25, 100 + 2 * frame] for frame in range(22)]
    np.testing.assert_allclose(header.positions, expected, atol=1e-4)
    assert header.orientation == pytest.approx((1, 0, 0, 0, 1, 0))
    assert header.spacing == pytest.approx((0.75, 0.5))
    for piece in read(source, (21, 0, 13)):
        assert piece.is_hu and piece.values.dtype == np.int16 and piece.spacing == pytest.approx((0.75, 0.5))
        np.testing.assert_array_equal(piece.values, expected_slice(ras, piece.frame))


def test_a_tilted_volume_is_cut_along_its_own_closest_axis(tmp_path):
    angle = np.radians(20)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    source = save(tmp_path / "v.nii", volume(), turn @ np.diag([0.5, 0.75, 2, 1]))
    header = scan.read_header(source)
    (unit,) = group([(source, header)])
    assert unit.findings == () and [frame for _, frame in unit.slices] == list(range(22))
    across = np.cross(header.orientation[:3], header.orientation[3:])
    assert np.diff(header.positions @ across) == pytest.approx(np.full(21, 2))
    assert header.spacing == pytest.approx((0.75, 0.5))
    np.testing.assert_array_equal(read(source, [4])[0].values, expected_slice(volume(), 4))


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v"])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_versions_packings_and_types(kind, name, dtype, tmp_path):
    path = tmp_path / "written.nii"
    save(path, volume().astype(dtype), kind=kind)
    content = path.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    source = as_source(tmp_path / name)
    np.testing.assert_array_equal(read(source, [3])[0].values, expected_slice(volume(), 3))
    assert scan.read_facts(source) == FileFacts(
        "NIfTI", np.dtype(dtype).name, np.dtype(dtype).itemsize * 8, 18, 20
    )


def test_high_byte_first(tmp_path):
    image = nibabel.Nifti1Image(volume().astype(">i2"), np.eye(4), nibabel.Nifti1Header(endianness=">"))
    image.to_filename(tmp_path / "v.nii")
    assert (tmp_path / "v.nii").read_bytes()[:4] == b"\0\0\x01\x5c"
    np.testing.assert_array_equal(
        read(as_source(tmp_path / "v.nii"), [3])[0].values, expected_slice(volume(), 3)
    )


def test_scaling_and_clipping(tmp_path):
    image = nibabel.Nifti1Image(volume() * 2, np.eye(4))
    image.header.set_slope_inter(0.5, -100)
    image.header.set_data_dtype(np.int16)
    path = tmp_path / "v.nii"
    image.to_filename(path)
    ours = np.stack([piece.values for piece in read(as_source(path))])
    theirs = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_allclose(ours, theirs.T[:, ::-1, ::-1].clip(-1024, 3071), atol=1e-3)
    assert np.ptp(theirs) > 3000 and ours.min() == -1024


def test_a_missing_number_is_air(tmp_path):
    ras = volume().astype(np.float32)
    ras[3, 4, 5] = np.nan
    [piece] = read(save(tmp_path / "v.nii", ras), [5])
    assert piece.values[20 - 1 - 4, 18 - 1 - 3] == -1024 and np.isfinite(piece.values).all()


def test_lengths_in_other_units_become_mm(tmp_path):
    source = save(tmp_path / "v.nii", volume(), np.diag([0.0005, 0.00075, 0.002, 1]), xyzt_units=1)
    assert scan.read_header(source).spacing == pytest.approx((0.75, 0.5))


@pytest.mark.parametrize("last", [(1,), (1, 1)])
def test_one_point_in_time_is_a_volume(last, tmp_path):
    source = save(tmp_path / "v.nii", volume().reshape(*SHAPE, *last))
    np.testing.assert_array_equal(read(source, [3])[0].values, expected_slice(volume(), 3))


@pytest.mark.parametrize("shape", [(20, 20), (18, 20, 11, 2)])
def test_other_shapes_are_refused(shape, tmp_path):
    with pytest.raises(DataError, match="v.nii: not one 3-D volume"):
        scan.read_header(save(tmp_path / "v.nii", np.zeros(shape, np.int16)))


@pytest.mark.parametrize("dtype", [np.complex64, np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])])
def test_other_numbers_are_refused(dtype, tmp_path):
    with pytest.raises(DataError, match="v.nii: holds colours, complex"):
        scan.read_header(save(tmp_path / "v.nii", np.zeros(SHAPE, dtype)))


def boxes(levels):
    """A mask: boxes of these levels on nothing."""
    mask = np.zeros((32, 32, 32))
    for i, level in enumerate(levels):
        mask[4:20, 4:20, 1 + 2 * i : 3 + 2 * i] = level
    return mask


def resampled(mask):
    """As a spline leaves it: soft edges, and overshoot on both sides of them."""
    sharp = [-0.1, 0.6, 0.6, -0.1]
    for axis in range(3):
        mask = sum(weight * np.roll(mask, i - 1, axis) for i, weight in enumerate(sharp))
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        boxes([1]).astype(np.uint8),
        boxes([255]).astype(np.int16),
        boxes(range(1, 15)).astype(np.float32),
        boxes([1]),
        np.zeros((32, 32, 32), np.uint8),
        np.ones((32, 32, 32), np.float32),
        resampled(boxes([1])).astype(np.float32),
        resampled(boxes([255])).astype(np.float32),
    ],
)
def test_label_maps_are_passed_over(mask, tmp_path):
    header = scan.read_header(save(tmp_path / "v.nii.gz", mask, dtype=mask.dtype))
    assert header == scan.Header("nifti", 0, 0, 0, passed_over="label map")


@pytest.mark.parametrize("factor, dtype", [(1, np.uint8), (1, np.float32), (1 / 255, np.float32)])
def test_grey_volumes_are_read_as_such(factor, dtype, tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (20, 20, 20))
    [piece] = read(save(tmp_path / "v.nii", (grey * factor).astype(dtype)), [7])
    assert not piece.is_hu and piece.values.dtype == np.uint8
    np.testing.assert_array_equal(piece.values, expected_slice(grey, 7))


def test_an_unknown_scale_is_refused(tmp_path):
    stored = (volume() + 1024).clip(0).astype(np.uint16)  # Somebody forgot to rescale.
    with pytest.raises(DataError, match="v.nii: its numbers are on no known scale.*HU"):
        scan.read_header(save(tmp_path / "v.nii", stored))


def test_a_tiny_volume_is_refused(tmp_path):
    with pytest.raises(DataError, match="v.nii: 15 x 20 pixels.*16 x 16"):
        scan.read_header(save(tmp_path / "v.nii", volume()[:15]))


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_truncated_files_are_refused(name, tmp_path):
    source = save(tmp_path / name, volume())
    content = (tmp_path / name).read_bytes()
    for end in (10, 200, 352, len(content) // 2, len(content) - 12):
        (tmp_path / name).write_bytes(content[:end])
        for action in (scan.read_header, lambda source: read(source, [0])):
            with pytest.raises(DataError, match=name):
                action(source)


@pytest.mark.parametrize("side", [800, 32767])
def test_volumes_beyond_the_limit_are_refused_unread(side, tmp_path):
    path = tmp_path / "v.nii"
    save(path, volume())
    content = bytearray(path.read_bytes())
    content[42:48] = np.full(3, side, "<i2").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match="v.nii: its volume takes more than 805306368 bytes"):
        scan.read_header(as_source(path))


def test_what_follows_the_volume_is_never_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "v.nii"
    save(path, volume())
    path.write_bytes(gzip.compress(path.read_bytes() + bytes(2**28), 1))
    unpacked = []
    unpack = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda self, size=-1: unpacked.append(size) or unpack(self, size)
    )
    np.testing.assert_array_equal(read(as_source(path), [3])[0].values, expected_slice(volume(), 3))
    assert unpacked and min(unpacked) > 0 and max(unpacked) < 2**20


def test_a_claim_that_the_file_cannot_keep_is_refused_before_memory_is_set_aside(tmp_path, monkeypatch):
    path = tmp_path / "v.nii.gz"
    save(path, volume())
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[42:48] = np.full(3, 700, "<i2").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))
    monkeypatch.setattr(nifti_file.NiftiFile, "load", lambda self: pytest.fail("memory was set aside"))
    with pytest.raises(DataError, match="v.nii.gz: ends before its last voxel"):
        read(as_source(path), [0])


def test_the_header_of_a_pair_is_explained(tmp_path):
    nibabel.Nifti1Pair(volume(), np.eye(4)).to_filename(tmp_path / "v.hdr")
    with pytest.raises(DataError, match="v.hdr: a NIfTI header without its volume.*one file ending in .nii"):
        scan.read_header(as_source(tmp_path / "v.hdr"))


def test_a_gzip_of_something_else_is_none_of_the_kinds(tmp_path):
    (tmp_path / "v.nii.gz").write_bytes(gzip.compress(b"no volume" * 100))
    with pytest.raises(DataError, match="v.nii.gz: is none of PNG, JPEG, TIFF, BMP, DICOM, NIfTI"):
        scan.read_header(as_source(tmp_path / "v.nii.gz"))


def test_without_nibabel_the_error_names_the_extra(tmp_path, monkeypatch):
    source = save(tmp_path / "v.nii", volume())
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingExtraError, match=r'v.nii: .*pip install "covid_gan\[nifti\]"'):
        scan.read_header(source)


def test_mutated_files_end_in_an_error_or_slices(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "v.nii"
    contents = []
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        save(path, volume(), kind=kind)
        contents.append(path.read_bytes())
    outcomes = {"slices": 0, "refused": 0}
    for round_ in range(240):
        content = bytearray(contents[round_ % 2])
        for place in rng.integers(0, 540, rng.integers(1, 8)):
            content[place] = rng.integers(256)
        packed = bytearray(gzip.compress(bytes(content), 1) if round_ % 3 else content)
        if round_ % 5 == 0:
            packed[rng.integers(len(packed))] ^= 255
        path.write_bytes(packed)
        try:
            header = scan.read_header(as_source(path))
            for piece in read(as_source(path), range(min(header.frames, 3))):
                assert piece.values.shape == (header.height, header.width)
            outcomes["slices"] += 1
        except DataError as error:
            assert str(error).startswith("v.nii: ")
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, outcomes


MEMORY = """
import sys
from tfds_covidct.reading import scan
from tfds_covidct.reading.sources import Source
source = Source("v.nii.gz", sys.argv[1], 1)
frames = scan.read_header(source).frames
values = sum(int(piece.values[0, 0]) for piece in scan.read_slices(source, range(0, frames, 40)))
print(frames, values, int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024)
"""


def test_a_large_volume_takes_its_stored_size(tmp_path):
    shape = (512, 512, 700)  # 350 MiB of int16; 1.4 GiB as float64.
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.int16)
    header["magic"], header["vox_offset"] = b"n+1", 352
    slab = np.random.default_rng(0).integers(-1000, 0, (512, 512, 10), np.int16).tobytes()
    path = tmp_path / "v.nii"
    with path.open("wb") as stream:
        stream.write(header.binaryblock + bytes(4))
        for _ in range(70):
            stream.write(slab)
    done = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True)
    frames, _, megabytes = map(int, done.stdout.split())
    assert frames == 700
    assert megabytes < 350 + 350  # The interpreter and its imports too.


def real_volumes():
    paths = [path for path in sorted(VOLUMES.glob("*.nii.gz")) if not path.name.endswith("lung.nii.gz")]
    if not paths:
        pytest.skip(f"the real NIfTI volumes are not in {VOLUMES}")
    return paths


def test_real_values_are_nibabels():
    rng = np.random.default_rng(0)
    for path in real_volumes():
        canonical = nibabel.as_closest_canonical(nibabel.load(path))
        hu = np.asarray(canonical.dataobj)
        pieces = read(as_source(path))
        assert len(pieces) == 64 and all(piece.is_hu for piece in pieces)
        ours = np.stack([piece.values for piece in pieces])
        x, y, z = (rng.integers(0, length, 2000) for length in hu.shape)
        np.testing.assert_allclose(ours[z, 127 - y, 127 - x], hu[x, y, z].clip(-1024, 3071), atol=1e-3)
        assert pieces[0].spacing == pytest.approx(canonical.header.get_zooms()[1::-1])


def test_real_lung_masks_are_passed_over():
    for path in real_volumes():
        mask = path.with_name(path.name.replace(".nii.gz", "_lung.nii.gz"))
        assert scan.read_header(as_source(mask)).passed_over == "label map"
