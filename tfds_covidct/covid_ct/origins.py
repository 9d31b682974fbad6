"""Who an image shows and where it comes from, out of upstream's two metadata tables."""

import csv
import dataclasses
from collections.abc import Iterable, Mapping

from absl import logging
from etils import epath

from tfds_covidct.covid_ct import xlsx
from tfds_covidct.errors import DataError


@dataclasses.dataclass(frozen=True)
class Origin:
    """An image's patient and source; "" where upstream does not say.

    Attributes:
      patient_id: unique over both classes: the label, a slash, and upstream's own id.
      source: for `covid` the DOI of the paper, for `non_covid` the collection.
    """

    patient_id: str = ""
    source: str = ""


class Origins:
    """The origins of a class's images, by file name."""

    def __init__(self, by_name: Mapping[str, Origin]):
        self._by_name = by_name

    def of(self, image_id: str) -> Origin:
        """Looks an image up; upstream leaves the extension off some names."""
        stem = image_id.rpartition(".")[0]
        return self._by_name.get(image_id) or self._by_name.get(stem) or Origin()


def read_origins(label: str, path: epath.Path | None) -> Origins:
    """Reads a class's metadata table.

    Args:
      label: `covid` or `non_covid`.
      path: `COVID-CT-MetaInfo.xlsx` or `NonCOVID-CT-MetaInfo.csv`; None where it is lacking, which
        leaves every origin empty and is logged as a warning.

    Raises:
      DataError: if the table cannot be read or lacks a column.
    """
    if path is None:
        logging.warning("No metadata of %s: patient_id and source stay empty.", label)
        return Origins({})
    if label == "covid":
        rows = _columns(path, xlsx.read_rows(path), ("File name", "Patient ID", "DOI"))
        # Some DOIs were typed with a space inside.
        origins = {name: (patient, "".join(doi.split())) for name, patient, doi in rows}
    else:
        rows = _columns(path, _read_csv(path), ("image name", "patient id"))
        # The patients are called crawled_patient_<n> and medpix_patient_<n>.
        origins = {name: (patient, patient.partition("_patient_")[0]) for name, patient in rows}
    return Origins({
        name: Origin(f"{label}/{patient}" if patient else "", source)
        for name, (patient, source) in origins.items()
        if name
    })


def _columns(
    path: epath.Path, rows: Iterable[Mapping[str, str]], names: tuple[str, ...]
) -> list[tuple[str, ...]]:
    try:
        return [tuple((row[name] or "").strip() for name in names) for row in rows]
    except KeyError as error:
        raise DataError(f"{path}: has no column {error}") from error


def _read_csv(path: epath.Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV table ({error})") from error
