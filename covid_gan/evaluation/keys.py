"""The keys of metrics.json, shared by what writes it and what reads it."""

FORMAT = "format"  # int, of this file
CURRENT_FORMAT = 1
TIME = "time"  # ISO 8601, with the zone
COMMAND = "command"  # [str]
NAME = "name"  # of the run, the export or the folder of images
PATH = "path"  # as it was given
STEP = "step"  # of the checkpoint; null where it is not known
RUN_CONFIG = "run_config"  # all settings of the run; null where there is none
SETTINGS = "settings"  # of the evaluation
DATA = "data"  # the fingerprint of the training scans, with size and resize
HELD_OUT = "held_out"  # {split: scans}
DROPPED = "dropped"  # {split: [image_id]}, as their picture stands in the training split too
EXTRACTOR = "extractor"  # {name, key, fingerprint, dim}; null without one
MEASURES = "measures"  # {key: {…}} with the keys below; null where not measured
VALUE = "value"  # generated images against the training scans
LOW, HIGH = "low", "high"  # the 95 % interval of `VALUE`
FLOOR, FLOOR_SPREAD = "floor", "floor_spread"  # between halves of the training scans: mean and deviation
MATCHED = (
    "matched"  # as many generated images as a half has against halves: the mean, to set beside the floor
)
RATIO = "ratio"  # of `MATCHED` to the floor: 1 is as good as real
HELD_OUT_VALUE = "against_held_out"  # generated images against the held-out scans
UNSEEN = "unseen_scans"  # the held-out scans in place of generated images, against the training scans
OF_MEASURE = (VALUE, LOW, HIGH, FLOOR, FLOOR_SPREAD, MATCHED, RATIO, HELD_OUT_VALUE, UNSEEN)
SKIPPED = "skipped"  # {what: why it was not measured}
PRIVACY = "privacy"  # as privacy.Memorisation.to_json; null where it was not examined
UTILITY = "utility"  # as utility.Utility.to_json; null where it was not asked for
CURVES = "curves"  # {origin, series: {key: [[step, value], …]}}; null without any
VERSIONS = "versions"  # {package: version}
DEVICES = "devices"  # [str]
SECONDS = "seconds"  # {part: seconds it took}
