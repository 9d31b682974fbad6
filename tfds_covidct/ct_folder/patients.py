"""Whom a slice shows, as far as anything tells."""

import collections
from collections.abc import Sequence

from tfds_covidct import splits
from tfds_covidct.reading.series import Unit
from tfds_covidct.reading.sources import Source

# How a patient is known: the first part of what `name_patients` returns.
BY_PATIENT_ID, BY_FOLDER, BY_VOLUME, BY_BLOCK = "patient", "folder", "volume", "block"


def name_patients(units: Sequence[Unit]) -> list[str]:
    """Names whom each unit shows, for this process's memory alone.

    A patient is known by the DICOM PatientID, which is also that of what lies beside in a folder of one patient;
    else by the first folder below the label's; else all volumes of
    one study stand for a patient, a volume without a study for another, and so does a block of consecutive
    pictures of one label.

    Args:
      units: in natural order of their files.

    Returns:
      How the patient is known, a colon, and the name.
    """
    folders = [_folder_below_label(unit.slices[0][0]) for unit in units]
    known_in = collections.defaultdict(set)
    for unit, folder in zip(units, folders):
        known_in[folder] |= {unit.patient} - {""}
    names, loose = [], collections.defaultdict(list)
    for unit, folder in zip(units, folders):
        source = unit.slices[0][0]
        # A picture beside the series of one patient shows that patient.
        patient = unit.patient or (folder and len(known_in[folder]) == 1 and next(iter(known_in[folder])))
        if patient:
            names.append(f"{BY_PATIENT_ID}:{patient}")
        elif folder:
            names.append(f"{BY_FOLDER}:{folder}")
        elif unit.is_volume:
            names.append(f"{BY_VOLUME}:{unit.series or source.relative}")
        else:
            loose[source.label].append(len(names))
            names.append("")
    for label, places in loose.items():
        size = splits.block_size(len(places))
        for number, place in enumerate(places):
            names[place] = f"{BY_BLOCK}:{label}/{number // size}"
    return names


def _folder_below_label(source: Source) -> str:
    """The path of the first folder below the one that names the class; "" where there is none."""
    folders = source.relative.split("/")[:-1]
    while folders and source.label and folders[0].removesuffix(".zip") != source.label:
        folders = folders[1:]  # The name of the archive that stands for the whole folder.
    return "/".join(folders[:2]) if source.label and len(folders) > 1 else ""
