"""The keys of report.json, shared by what writes it and what reads it."""

DATASET = "dataset"  # str
VERSION = "version"  # str
IMAGES = "images"  # int
COUNTS = "counts"  # {label: {split: images}}
PATIENTS = "patients"  # {label: {split: known patients}}
GROUPS = "groups"  # {label: {split: blocks of files}}, for images whose patients are unknown
UNKNOWN_PATIENT = "images_of_unknown_patient"  # int
PATIENTS_IN_SPLITS = "patients_in_more_than_one_split"  # [[image_id, …]], a list for each patient
PATIENTS_IN_CLASSES = "patients_in_more_than_one_class"  # the same
SIZES = "sizes"  # {label: {width, height, shorter_side: {min, median, max}}}, pixels
FILES = "files"  # {label: {format, mode, bits: {value: images}}}; {} where the files are not at hand
GREY = "grey"  # {label: {mean, deviation}}, grey levels 0 to 255, means over images
HISTOGRAMS = "histograms"  # {label: [256 mean shares]}
COLOURED = "coloured"  # [image_id, …]
LETTERED = "lettered"  # {image_id: marks found in the margin}
PAIRS = "pairs"  # [{…}], worst first, each with the keys below
PAIR_FIRST, PAIR_SECOND = "first", "second"  # image_id
PAIR_KIND = "kind"  # exact, near or alike
PAIR_SCORE = "score"  # correlation of fine structure, up to 1
PAIR_CLASS, PAIR_SPLIT, PAIR_PATIENT = "crosses_class", "crosses_split", "crosses_patient"  # bool
SHORTCUTS = "shortcuts"  # [{family, label, auc, low, high, verdict, patients}]; null where not measured
FINDINGS = "findings"  # [{severity, what, advice, image_ids}], worst first
EXCLUDE = "exclude"  # {image_id: reason}, as in exclude.txt
