"""Prepared data sets → one stream of grey images: split, classes, exclusions, mixture."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from covid_gan.config import DataConfig
from covid_gan.data import folders, labels
from covid_gan.errors import ArgumentError


@dataclasses.dataclass(frozen=True)
class Source:
    """Opened data sets, as one.

    Attributes:
        names: of the data sets; one made from a folder is named with the digest of its records.
        versions: theirs.
        label_names: each one's.
        examples: a grey image [H, W, 1], its id, the place of its data set in `names`, and its
            label's in `label_names`, -1 where it has none; always in the same order.
    """

    names: tuple[str, ...]
    versions: tuple[str, ...]
    label_names: tuple[tuple[str, ...], ...]
    examples: tf.data.Dataset


def open_examples(builders: Sequence[tfds.core.DatasetBuilder], data: DataConfig) -> Source:
    """Opens prepared data sets as a resolved config tells.

    Raises:
        ArgumentError: one lacks the split or an excluded image, or they cannot be mixed.
    """
    if data.exclude:
        check_exclude(builders, data)
    streams = [_examples(builder, place, data) for place, builder in enumerate(builders)]
    return Source(
        names=tuple(folders.full_name(builder) for builder in builders),
        versions=tuple(str(builder.version) for builder in builders),
        label_names=tuple(labels.names_of(builder) for builder in builders),
        examples=streams[0] if len(streams) == 1 else _mixed(streams, builders, data),
    )


def read_split(builder: tfds.core.DatasetBuilder, split: str) -> tf.data.Dataset:
    """A builder's examples, with all features, always in the same order."""
    reading = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    return builder.as_dataset(split=split, shuffle_files=False, read_config=reading)


def to_grey(image: tf.Tensor, name: str) -> tf.Tensor:
    """One grey channel [H, W, 1] of an image [H, W, C]; colour becomes luminance.

    Raises:
        ArgumentError: (`dataset`) the images of data set `name` have another shape.
    """
    if image.shape.rank != 3:
        raise ArgumentError("dataset", f"has images of shape {image.shape}, not [H, W, C].", name)
    return tf.image.rgb_to_grayscale(image[..., :3]) if image.shape[-1] in (3, 4) else image[..., :1]


def _examples(builder, place: int, data: DataConfig) -> tf.data.Dataset:
    try:
        if data.split != tfds.Split.ALL and builder.info.splits[data.split].num_examples < 1:
            raise ValueError("it is empty")
        examples = read_split(builder, data.split)
    except (AssertionError, LookupError, NotImplementedError, ValueError) as error:
        there = ", ".join(f"{name} ({split.num_examples})" for name, split in builder.info.splits.items())
        message = f"is no split of {builder.name} with images, which has {there}; all joins them."
        raise ArgumentError("split", message, data.split) from error
    if data.classes and not labels.names_of(builder):
        examples = examples.take(0)
    elif data.classes:
        keep = tf.constant(labels.kept(builder, data.classes), tf.int64)
        examples = examples.filter(lambda e: tf.reduce_any(tf.cast(e["label"], tf.int64) == keep))
    if data.exclude and "image_id" in builder.info.features:
        examples = examples.filter(lambda e: tf.reduce_all(e["image_id"] != tf.constant(data.exclude)))

    def parts(e):
        image_id = e["image_id"] if "image_id" in e else ""
        label = tf.cast(e["label"], tf.int64) if labels.names_of(builder) else tf.constant(-1, tf.int64)
        return to_grey(e["image"], builder.name), image_id, place, label

    return examples.map(parts)


def _mixed(streams: list[tf.data.Dataset], builders, data: DataConfig) -> tf.data.Dataset:
    """Interleaves data sets in proportion to their sizes, so that every stretch holds all of them."""
    if any(stream.element_spec[0].dtype != tf.uint8 for stream in streams):
        raise ArgumentError("dataset", "only data sets of 8-bit images can be mixed.", data.dataset)
    sizes = [_size(builder, data.split) for builder in builders]
    places = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    owners = np.repeat(np.arange(len(sizes)), sizes)[np.argsort(places, kind="stable")]
    choices = tf.data.Dataset.from_tensor_slices(owners.astype(np.int64))
    return tf.data.Dataset.choose_from_datasets(streams, choices, stop_on_empty_dataset=False)


def _size(builder, split: str) -> int:
    splits = builder.info.splits
    return splits.total_num_examples if split == tfds.Split.ALL else splits[split].num_examples


def check_exclude(builders, data: DataConfig) -> None:
    """An id that is nowhere in the data sets is a mistake."""
    known = set()
    for builder in builders:
        if "image_id" in builder.info.features:
            unread = {"image": tfds.decode.SkipDecoding()}
            everything = builder.as_dataset(split=tfds.Split.ALL, decoders=unread, shuffle_files=False)
            known |= {e["image_id"].decode() for e in everything.as_numpy_iterator()}
    names = " and ".join(builder.name for builder in builders)
    if not known:
        raise ArgumentError("exclude", f"{names} has no image_id.", data.exclude)
    for image_id in data.exclude:
        if image_id not in known:
            raise ArgumentError("exclude", f"{names} has no image {image_id!r}.", data.exclude)
