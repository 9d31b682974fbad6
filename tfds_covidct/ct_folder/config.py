"""What makes a folder of scans into records: the settings, checked, and the digest that names them."""

import dataclasses
import hashlib
import json
import math
import os

from tfds_covidct.ct_folder.identity import Identity
from tfds_covidct.errors import SettingError
from tfds_covidct.from_folder import FolderConfig
from tfds_covidct.reading import sources
from tfds_covidct.windows import WINDOWS, parse_window

# Under this key a prepared set's metadata hold its settings.
SETTINGS = "settings"


@dataclasses.dataclass(eq=False, kw_only=True)
class CtFolderConfig(FolderConfig):
    """Which folder, and how its files become records.

    Attributes:
      window: the HU shown: lung, mediastinal, bone or centre,width.
      slice_range: "first,last" in [0, 1]: the part of each volume that is kept, by place in its order.
      min_lung_fraction: in [0, 1): slices with a smaller share of lung are left out; see
        `reading.render.lung_share`.
      split_fractions: "train,validation,test", which sum to 1: shares of the patients.
      skip_bad: whether unreadable files are skipped, counted and listed, rather than an error.

    Raises:
      SettingError: naming the setting.
    """

    window: str = "lung"
    slice_range: str = "0,1"
    min_lung_fraction: float = 0.0
    split_fractions: str = "0.7,0.15,0.15"
    skip_bad: bool = False

    def __post_init__(self):
        if isinstance(self.window, (tuple, list)):
            self.window = ",".join(map(str, self.window))
        try:
            parse_window(self.window)
        except (ValueError, AttributeError):
            message = f"must be one of {', '.join(WINDOWS)}, or CENTRE,WIDTH in HU, such as -600,1500."
            raise SettingError("window", message, self.window) from None
        first, last = self.kept_range
        if not 0 <= first < last <= 1:
            raise SettingError(
                "slice_range", "must be FIRST,LAST with 0 ≤ FIRST < LAST ≤ 1.", self.slice_range
            )
        if not (isinstance(self.min_lung_fraction, (int, float)) and 0 <= self.min_lung_fraction < 1):
            message = "must be at least 0 and below 1."
            raise SettingError("min_lung_fraction", message, self.min_lung_fraction)
        fractions = self.fractions
        if not (all(0 <= f <= 1 for f in fractions) and math.isclose(sum(fractions), 1, abs_tol=1e-6)):
            message = "must be TRAIN,VALIDATION,TEST, from 0 to 1 each, and sum to 1."
            raise SettingError("split_fractions", message, self.split_fractions)

    @property
    def kept_range(self) -> tuple[float, ...]:
        """`slice_range` as numbers."""
        return self._numbers("slice_range", 2)

    @property
    def fractions(self) -> tuple[float, ...]:
        """`split_fractions` as numbers: of train, validation and test."""
        return self._numbers("split_fractions", 3)

    def determining(self) -> dict:
        """The settings as they count: the same for two ways to write the same."""
        window = parse_window(self.window)
        return {
            "window": [window.centre, window.width],
            "slice_range": list(self.kept_range),
            "min_lung_fraction": float(self.min_lung_fraction),
            "split_fractions": list(self.fractions),
            "skip_bad": bool(self.skip_bad),
        }

    def stamp(self) -> dict[str, tuple[int, int]]:
        """{path: (size, time of the last change in ns)}."""
        found = {
            source.path: os.stat(source.path) for source in sources.list_sources(self.manual_dir).sources
        }
        return {path: (state.st_size, state.st_mtime_ns) for path, state in found.items()}

    def digest(self) -> str:
        inventory = sources.list_sources(self.manual_dir)
        determining = {
            "settings": self.determining(),
            "content": sources.content_digest(inventory.sources),
            "folders": inventory.folders,
            "salt": Identity(self.manual_dir).salt.hex(),
        }
        return hashlib.sha256(json.dumps(determining).encode()).hexdigest()[:16]

    def _numbers(self, name: str, count: int) -> tuple[float, ...]:
        value = getattr(self, name)
        try:
            numbers = tuple(float(part) for part in (value.split(",") if isinstance(value, str) else value))
        except (TypeError, ValueError):
            numbers = ()
        if len(numbers) != count:
            raise SettingError(name, f"must be {count} numbers, separated by commas.", value)
        return numbers


def settings_of(builder) -> dict:
    """The settings that a TFDS builder of `ct_folder` has or, where it is prepared, was prepared with."""
    recorded = (builder.info.metadata or {}).get(SETTINGS) if builder.is_prepared() else None
    config = builder.builder_config
    return recorded or {name: getattr(config, name) for name in CtFolderConfig.settings()}
