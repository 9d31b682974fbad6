"""Leaves a folder as it was when what fills it fails.

Only local folders: on remote storage a folder that holds nothing does not exist anyway.
"""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator


@contextlib.contextmanager
def leaving_nothing_on_error(builder, download_dir: os.PathLike | str | None) -> Iterator[None]:
    """Lets a TFDS builder prepare its data set, and removes on an error what it has made till then.

    Args:
      builder: the `tfds.core.DatasetBuilder`; TFDS itself removes the records that are half written.
      download_dir: as given to `download_and_prepare`; None: TFDS's own.
    """
    downloads = pathlib.Path(download_dir or builder.data_dir_root / "downloads")
    with (
        _no_lone_config_folder_on_error(builder.data_dir_root / builder.name),
        no_new_folders_on_error(builder.data_path.parent),
        no_new_folders_on_error(downloads / "extracted"),
        no_new_files_on_error(downloads / builder.name),
    ):
        yield


@contextlib.contextmanager
def _no_lone_config_folder_on_error(folder: os.PathLike) -> Iterator[None]:
    """Removes on an error TFDS's list of a data set's configs, where none of them is there."""
    folder = pathlib.Path(folder)
    with no_new_folders_on_error(folder):
        try:
            yield
        except BaseException:
            if folder.is_dir() and [path.name for path in folder.iterdir()] == [".config"]:
                shutil.rmtree(folder / ".config", ignore_errors=True)
            raise


@contextlib.contextmanager
def no_new_folders_on_error(folder: os.PathLike | str) -> Iterator[None]:
    """Removes `folder` and its parents on an error if they are new and still empty."""
    folder = pathlib.Path(folder)
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        for path in new:
            with contextlib.suppress(OSError):  # Not empty: someone else uses it.
                path.rmdir()
        raise


@contextlib.contextmanager
def no_new_files_on_error(folder: os.PathLike | str) -> Iterator[None]:
    """Removes on an error what has come into `folder` since, and `folder` itself if it is new."""
    folder = pathlib.Path(folder)
    known = set(folder.rglob("*"))
    with no_new_folders_on_error(folder):
        try:
            yield
        except BaseException:
            new = set(folder.rglob("*")) - known
            for path in sorted(new, reverse=True):  # A folder's content before the folder.
                remove = path.rmdir if path.is_dir() else path.unlink
                with contextlib.suppress(OSError):  # The first error is the one to report.
                    remove()
            raise
