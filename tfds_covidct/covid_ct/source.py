"""Finds upstream's files: in the folder the user filled, or else on GitHub."""

import os
import threading

import requests
import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from tfds_covidct.covid_ct import layout
from tfds_covidct.errors import DataError, SourceUnavailableError

MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
Copy these files of https://github.com/UCSD-AI4H/COVID-CT into one folder, under these very paths
(an archive may be unpacked beside its place: `Images-processed/CT_COVID/`):
{chr(10).join("  " + name for name in layout.REQUIRED_FILES)}
and, for patient ids and sources,
{chr(10).join("  " + name for name in layout.METADATA_FILES)}
Then name that folder with `--manual_dir=<folder>`, or in Python with
`tfds.download.DownloadConfig(manual_dir=<folder>)`."""


def files_in(manual_dir: os.PathLike | str) -> dict[str, epath.Path]:
    """Finds upstream's files in a folder.

    Args:
      manual_dir: the folder that stands for upstream's root, or the one above it.

    Returns:
      Upstream's path of each file -> where the file lies; an archive's path may lead to the folder
      it was unpacked to. Empty where the folder holds none of the files. Metadata may be lacking.

    Raises:
      DataError: if the folder holds some of the required files, but not all.
    """
    root = epath.Path(manual_dir)
    found = _found_below(root)
    if not found and root.is_dir():
        below = ((child, _found_below(child)) for child in sorted(root.iterdir()) if child.is_dir())
        root, found = next((pair for pair in below if pair[1]), (root, found))
    missing = [name for name in layout.REQUIRED_FILES if name not in found]
    if found and missing:
        raise DataError(f"{root} lacks files of COVID-CT: {', '.join(missing)}")
    return found


def source_in(manual_dir: os.PathLike | str) -> bool:
    """Says whether a folder holds the files that `covid_ct` is prepared from.

    Raises:
      DataError: if the folder holds some of the required files, but not all.
    """
    return bool(files_in(manual_dir))


def upstream_answers(timeout: float = 5.0) -> bool:
    """Asks upstream's host for a small file's header, through the user's proxy if there is one.

    Args:
      timeout: seconds after which no answer counts as a no; looking up the name is included.

    Returns:
      Whether the host answered that it has the file.
    """
    answers = []

    def ask():
        try:
            url = _url(layout.LAYOUT["covid"].lists["validation"])
            answers.append(requests.head(url, timeout=timeout, allow_redirects=True).ok)
        except requests.RequestException as error:
            logging.info("COVID-CT's host does not answer: %s", error)

    # A name lookup ignores the timeout, so it is left behind in a thread that nobody waits for.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answers == [True]


def find_files(dl_manager: tfds.download.DownloadManager) -> dict[str, epath.Path]:
    """Finds upstream's files in `manual_dir`, or downloads them where it holds none.

    Returns:
      Upstream's path of each file -> where the file lies, as `files_in` gives it.

    Raises:
      DataError: if `manual_dir` holds some of the required files, but not all.
      SourceUnavailableError: if `manual_dir` holds none and upstream cannot be reached.
    """
    manual_dir = _manual_dir(dl_manager)
    found = files_in(manual_dir) if manual_dir else {}
    if found:
        return found
    if manual_dir:
        logging.warning("%s holds no file of COVID-CT; downloading instead.", manual_dir)
    return _download(dl_manager)


def _found_below(root: epath.Path) -> dict[str, epath.Path]:
    names = layout.REQUIRED_FILES + layout.METADATA_FILES
    candidates = {name: _locate(root, name) for name in names}
    return {name: path for name, path in candidates.items() if path is not None}


def _locate(root: epath.Path, name: str) -> epath.Path | None:
    path = root / name
    if path.is_file():
        return path
    unpacked = path.with_suffix("")
    if name.endswith(".zip") and unpacked.is_dir():
        return unpacked
    return None


def _url(name: str) -> str:
    return f"{layout.BASE_URL}/{name}"


def _manual_dir(dl_manager: tfds.download.DownloadManager) -> epath.Path | None:
    """Returns the user's folder, or None where TFDS finds none or an empty one."""
    try:
        return dl_manager.manual_dir
    except (AssertionError, NotADirectoryError) as error:
        logging.info("No manual_dir: %s", error)
        return None


def _download(dl_manager: tfds.download.DownloadManager) -> dict[str, epath.Path]:
    """Downloads one file after the other, so that nothing goes on after a failure."""
    if not upstream_answers():
        raise _unavailable("does not answer")
    names = layout.REQUIRED_FILES + layout.METADATA_FILES
    try:
        return {name: epath.Path(dl_manager.download(_url(name))) for name in names}
    except (OSError, tfds.download.DownloadError) as error:
        raise _unavailable(f"broke off the download ({error})") from error


def _unavailable(why: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"COVID-CT's files are not in --manual_dir, and {layout.BASE_URL} {why}.\n"
        f"{MANUAL_DOWNLOAD_INSTRUCTIONS}"
    )
