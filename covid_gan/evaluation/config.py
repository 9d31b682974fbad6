"""How generated images are judged: frozen settings that check themselves, and are flags of the same names."""

import dataclasses
import re

from covid_gan.errors import ArgumentError
from covid_gan.features import EXTRACTORS
from covid_gan.runs import BEST, NEWEST
from covid_gan.settings import SelfChecking, setting

NO_FEATURES = "none"
LEAST_COUNT = 64


@dataclasses.dataclass(frozen=True)
class EvaluationConfig(SelfChecking):
    """What is generated, and what it is compared with."""

    count: int = setting(1000, "generated images that are judged; of --images the first so many")
    checkpoint: str = setting(NEWEST, "of a run folder: newest, best or a step that was kept")
    raw: bool = setting(False, "of a run folder: judge the last weights, not their moving average")
    features: str = setting(
        "ct",
        "what turns images into features: ct, trained on the data set once and kept; inception; none: "
        "pixel measures alone",
        (*EXTRACTORS, NO_FEATURES),
    )
    features_key: str | None = setting(
        None, "the key that the extractor must have, such as ct-1a2b3c: numbers of another cannot be compared"
    )
    halvings: int = setting(10, "times that the real scans are halved for the floor")
    curve: int = setting(12, "kept checkpoints of a run that are judged for its curves, at most; 0: none")
    seed: int = setting(0, "of the latents and of all that the measures draw")
    utility: str | None = setting(
        None,
        "also measure the use for a classifier, which takes some minutes: the run folder of the other class",
    )
    utility_seeds: int = setting(3, "classifiers that are trained for each of --utility's comparisons")

    def _check(self):
        self._require("count", f"from {LEAST_COUNT} to 50000", lambda v: LEAST_COUNT <= v <= 50_000)
        self._require(
            "checkpoint",
            "newest, best or a step",
            lambda v: v in (NEWEST, BEST) or re.fullmatch(r"\d{1,9}", v),
        )
        self._require("halvings", "from 2 to 1000", lambda v: 2 <= v <= 1000)
        self._require("curve", "from 0 to 1000", lambda v: 0 <= v <= 1000)
        self._require("seed", "from 0 to 2^31 - 1", lambda v: 0 <= v < 2**31)
        self._require("utility_seeds", "from 2 to 100", lambda v: 2 <= v <= 100)
        if self.utility is not None and (self.raw or self.checkpoint not in (NEWEST, BEST)):
            message = (
                "compares averaged weights of two runs; leave out --raw, and give no step as --checkpoint."
            )
            raise ArgumentError("utility", message, self.utility)
        if self.features == NO_FEATURES and self.features_key is not None:
            raise ArgumentError(
                "features_key", f"needs --features other than {NO_FEATURES}.", self.features_key
            )
