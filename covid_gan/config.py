"""What a run is: frozen settings that check themselves, to and from JSON and the command line.

Every field is also a flag of the same name, whose help stands beside it.
"""

import dataclasses
import json
import re

from covid_gan import gans, losses, networks, penalties
from covid_gan.augment import AUGMENTATIONS
from covid_gan.compute.config import ComputeConfig
from covid_gan.errors import ArgumentError
from covid_gan.networks import choices, sizes
from covid_gan.settings import ALWAYS, SelfChecking, setting

AUTO = "auto"
PHANTOM = "lung_phantom"
DEFAULT_STEPS = 6000
# The settings that `ct_folder` alone has.
FOLDER_SETTINGS = ("window", "slice_range", "min_lung_fraction", "split_fractions", "skip_bad")
ACTIVATIONS = ("leaky_relu", "relu", "swish", "gelu")
# Two settings that say the same in other words: one of them at most is given.
ALTERNATIVES = {"epochs": "steps", "ema_half_life": "ema_decay"}


def _models_own(name: str) -> str:
    """For a setting's help: what each model takes where none is given."""
    own = {model: defaults[name] for model, defaults in gans.DEFAULTS.items() if name in defaults}
    return f"(default: {', '.join(f'{model} {_shown(value)}' for model, value in own.items())})"


def _shown(value) -> str:
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclasses.dataclass(frozen=True)
class DataConfig(SelfChecking):
    """Which images, and what is done to them before they reach a network."""

    dataset: str = setting(
        AUTO,
        "a TFDS name with an `image` feature, or several as in covid_ct+sars_cov2_ct; ct_folder: your own "
        "scans in --manual_dir; auto: covid_ct where it is prepared, in --manual_dir or downloadable, else "
        "lung_phantom with a warning",
    )
    split: str = setting("train", "a TFDS split, such as train or train[:50%]; all joins every split")
    classes: tuple[str, ...] | None = setting(
        None,
        "label names to keep, separated by commas; empty: all labels (default: covid where the data "
        "set has that label, else all)",
    )
    exclude: tuple[str, ...] = setting(
        (), "image_ids to leave out, separated by commas, or a .txt file with one on each line"
    )
    data_dir: str | None = setting(
        None, "TFDS's folder of prepared data sets (default: ~/tensorflow_datasets)", may_change=True
    )
    manual_dir: str | None = setting(
        None,
        "folder with the source files of a data set: your own scans, or a copy of COVID-CT; of several data "
        "sets, as in --dataset, joined by +",
        may_change=True,
    )
    window: str | None = setting(
        None,
        "ct_folder: the HU shown: lung, mediastinal, bone or CENTRE,WIDTH (default: lung)",
        before=None,
    )
    slice_range: str | None = setting(
        None,
        "ct_folder: FIRST,LAST part of each volume that is kept, such as 0.3,0.7 (default: 0,1)",
        before=None,
    )
    min_lung_fraction: float | None = setting(
        None,
        "ct_folder: drop slices with a smaller share of pixels from -950 to -500 HU (default: 0)",
        before=None,
    )
    split_fractions: str | None = setting(
        None,
        "ct_folder: TRAIN,VALIDATION,TEST shares of the patients (default: 0.7,0.15,0.15)",
        before=None,
    )
    skip_bad: bool | None = setting(
        None,
        "ct_folder: skip files that cannot be read, count and list them (default: an error)",
        before=None,
    )
    flip: bool = setting(True, "mirror half of the images, drawn anew each time, left to right")
    resize: str = setting(
        "pad", "pad: keep the aspect ratio and fill up with air; stretch: to a square", ("pad", "stretch")
    )
    cache: str = setting(
        AUTO,
        "memory: hold the resized images; none: read them anew each epoch; auto: memory where they fill at "
        "most a quarter of it, and always by several workers",
        (AUTO, "memory", "none"),
    )

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the data sets that are mixed; most often one."""
        return tuple(self.dataset.split("+"))

    @property
    def manual_dirs(self) -> tuple[str | None, ...]:
        """For each of `parts` its `manual_dir`; a single one is that of all."""
        folders = (self.manual_dir or "").split("+")
        return tuple(folders) if len(folders) == len(self.parts) else (self.manual_dir,) * len(self.parts)

    def _check(self):
        name = r"[\w/:.*-]+"
        rule = "a TFDS name, such as covid_ct, or several joined by +"
        self._require("dataset", rule, lambda v: re.fullmatch(rf"{name}(\+{name})*", v))
        parts = self.parts
        if len(set(parts)) < len(parts) or (AUTO in parts and len(parts) > 1):
            raise ArgumentError("dataset", f"must name each data set once, and not {AUTO}.", self.dataset)
        self._require("split", "a TFDS split, such as train, test or all", bool)
        self._require("min_lung_fraction", "at least 0 and below 1", lambda v: 0 <= v < 1)


@dataclasses.dataclass(frozen=True)
class ModelConfig(SelfChecking):
    """Which GAN, and what its two networks look like."""

    model: str = setting("dcgan", "the algorithm", gans.GANS)
    network: str = setting(
        "dcgan", "the pair of networks; ucla128 and polanco64 are published ones", networks.NETWORKS
    )
    image_size: int = setting(64, "height and width in pixels: 4, 5, 6 or 7 doubled at least once")
    latent_dim: int = setting(100, "length of a latent vector")
    base_channels: int | None = setting(
        32, "channels of the largest feature maps; each smaller map has twice as many"
    )
    activation: str | None = setting("leaky_relu", "activation of both networks", ACTIVATIONS)
    generator_activation: str | None = setting(
        None, "activation of the generator, where it differs", ACTIVATIONS
    )
    discriminator_activation: str | None = setting(
        None, "activation of the discriminator, where it differs", ACTIVATIONS
    )
    dropout: float | None = setting(
        None, f"dropout rate in the discriminator; 0: none {_models_own('dropout')}"
    )
    kernel_size: int | None = setting(4, "kernel size of all convolutions")
    generator_head: str | None = setting(
        "conv", "last layer of the generator; dense: every pixel sees the whole image", choices.HEADS
    )
    generator_normalization: str | None = setting(
        "batch", "normalisation in the generator", choices.NORMALIZATIONS
    )
    discriminator_normalization: str | None = setting(
        None,
        "normalisation in the discriminator, or critic; spectral: of its weights "
        f"{_models_own('discriminator_normalization')}; layer beside a penalty on gradients",
        choices.DISCRIMINATOR_NORMALIZATIONS,
    )
    allow_batch_norm: bool = setting(
        False,
        "let --discriminator_normalization=batch stand beside a penalty on gradients, to see what it does",
        may_change=True,
        before=False,
    )
    upsample: str | None = setting(
        None,
        "how the generator doubles its maps: transposed convolutions, or resize and convolve, which "
        f"leaves no checkerboards {_models_own('upsample')}",
        choices.UPSAMPLINGS,
        before="transpose",
    )

    def _check(self):
        try:
            sizes.doublings(self.image_size)
        except ValueError:
            raise ArgumentError(
                "image_size",
                "must be base·2^n with a base of 4, 5, 6 or 7, such as 28, 32, 48, 56, 64, 128 or 256.",
                self.image_size,
            ) from None
        self._require("image_size", "at most 1024", lambda v: v <= 1024)
        self._require("latent_dim", "from 1 to 65536", lambda v: 1 <= v <= 65536)
        self._require("base_channels", "from 1 to 1024", lambda v: 1 <= v <= 1024)
        self._require("dropout", "at least 0 and below 1", lambda v: 0 <= v < 1)
        self._require("kernel_size", "from 2 to 11", lambda v: 2 <= v <= 11)


@dataclasses.dataclass(frozen=True)
class TrainConfig(SelfChecking):
    """How it is trained, and what is written on the way."""

    batch_size: int = setting(32, "images in a step")
    steps: int | None = setting(
        None, f"steps in all, earlier ones of a resumed run included (default: {DEFAULT_STEPS})",
        may_change=True,
    )  # fmt: skip
    epochs: int | None = setting(None, "instead of --steps: passes over the data in all", may_change=True)
    loss: str | None = setting(
        None, f"the players' losses {_models_own('loss')}", losses.LOSSES, before="non_saturating"
    )
    penalty: str | None = setting(
        None,
        f"what holds the discriminator back {_models_own('penalty')}",
        penalties.PENALTIES,
        before="none",
    )
    penalty_weight: float | None = setting(
        None, "of the penalty; of clip the limit of a weight (default: the paper's)", before=None
    )
    discriminator_steps: int | None = setting(
        None,
        "discriminator, or critic, updates in a step, each on --batch_size images of its own "
        f"{_models_own('discriminator_steps')}",
        before=1,
    )
    generator_steps: int | None = setting(
        None, f"generator updates after those {_models_own('generator_steps')}"
    )
    augment: tuple[str, ...] | None = setting(
        None,
        "changes of all images that the discriminator sees, separated by commas; empty: none; brightness "
        f"and contrast change what carries HU {_models_own('augment')}",
        AUGMENTATIONS,
        before=(),
    )
    ada_target: float | None = setting(
        None,
        "adapt the share of changed images to the mean sign of the discriminator on real ones, such as "
        "0.6 (default: all images are changed)",
        before=None,
    )
    learning_rate: float | None = setting(
        None, f"of both networks' optimizers {_models_own('learning_rate')}"
    )
    discriminator_learning_rate: float | None = setting(None, "for the discriminator, where it differs")
    beta_1: float | None = setting(None, f"Adam's decay of the first moment {_models_own('beta_1')}")
    beta_2: float | None = setting(None, f"Adam's decay of the second moment {_models_own('beta_2')}")
    ema_half_life: float | None = setting(
        None,
        "of the moving average of the generator's weights that samples and exports use, in images, a "
        f"batch for each update of the generator; shorter at first {_models_own('ema_half_life')}",
        before=None,
    )
    ema_decay: float | None = setting(
        None, "instead of --ema_half_life: what a step leaves of that average; 0: no average"
    )
    seed: int = setting(0, "of everything random: weights, latents, dropout, data order, flips")
    log_every: int = setting(10, "steps between two points of a curve", may_change=True)
    sample_every: int = setting(250, "steps between two grids of samples", may_change=True)
    checkpoint_every: int = setting(250, "steps between two checkpoints", may_change=True)
    evaluate_every: int = setting(
        500,
        "steps between two scorings of the averaged generator against held-out scans; 0: none",
        may_change=True,
        before=0,
    )
    best_by: str = setting(
        AUTO,
        "the score that names the best checkpoint: kid needs the data set's encoder, spectrum needs "
        "none; auto: kid where the encoder is cached",
        (AUTO, "kid", "spectrum"),
        may_change=True,
        before=AUTO,
    )
    on_collapse: str = setting(
        "warn",
        "what to do when training collapses: warn, stop, or rollback: go back to the last healthy checkpoint "
        "with half the learning rate and other noise, three times at most; numbers that are not finite "
        "stop a run unless it rolls back",
        ("warn", "stop", "rollback"),
        may_change=True,
        before="warn",
    )
    checkpoints_to_keep: int = setting(3, "newest checkpoints that are kept", may_change=True)
    milestone_every: int = setting(
        1000, "steps between two checkpoints that are kept for good; 0: none", may_change=True
    )

    def _check(self):
        for name in ("batch_size", "steps", "epochs", "log_every", "sample_every",
                     "checkpoint_every", "checkpoints_to_keep"):  # fmt: skip
            self._require(name, "from 1 to 10^9", lambda v: 1 <= v <= 10**9)
        for name in ("discriminator_steps", "generator_steps"):
            # gans/base.py numbers the draws of a step, of which there is room for this many updates.
            self._require(name, "from 1 to 24", lambda v: 1 <= v <= 24)
        self._require("ada_target", "at least 0 and below 1", lambda v: 0 <= v < 1)
        if len(set(self.augment or ())) < len(self.augment or ()):
            raise ArgumentError("augment", "must name each change once.", self.augment)
        self._require("penalty_weight", "above 0 and at most 10^6", lambda v: 0 < v <= 1e6)
        for name in ("milestone_every", "evaluate_every"):
            self._require(name, "from 0 to 10^9", lambda v: 0 <= v <= 10**9)
        self._require("ema_half_life", "from 1 to 10^9 images", lambda v: 1 <= v <= 1e9)
        for name in ("learning_rate", "discriminator_learning_rate"):
            self._require(name, "above 0 and at most 1", lambda v: 0 < v <= 1)
        for name in ("beta_1", "beta_2", "ema_decay"):
            self._require(name, "at least 0 and below 1", lambda v: 0 <= v < 1)
        self._require("seed", "from 0 to 2^31 - 1", lambda v: 0 <= v < 2**31)
        for name, instead in ALTERNATIVES.items():
            if getattr(self, name) is not None and getattr(self, instead) is not None:
                raise ArgumentError(name, f"cannot be given together with --{instead}.", getattr(self, name))


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of a run.

    Raises:
        ArgumentError: a value is of the wrong type or outside its range, or a name is unknown.
    """

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    training: TrainConfig = TrainConfig()
    compute: ComputeConfig = ComputeConfig()

    def replace(self, **settings) -> "Config":
        """Returns a copy with other values, given by the flat names of the flags."""
        groups = {group: {} for group in GROUPS}
        for name, value in settings.items():
            groups[group_of(name)][name] = value
        return Config(**{g: dataclasses.replace(getattr(self, g), **groups[g]) for g in GROUPS})

    def get(self, name: str):
        """Returns the value of one setting, by its flat name."""
        return getattr(getattr(self, group_of(name)), name)

    def settings(self) -> dict:
        """All settings by their flat names."""
        return {f.name: self.get(f.name) for f in all_fields()}

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Config":
        """Reads what `to_json` wrote; a missing or an unknown setting is an error, but for one that came later.

        Raises:
            ValueError: the text is no JSON of a config.
        """
        try:
            groups = json.loads(text)
            names = {f"{group}.{name}" for group in groups for name in groups[group]}
            fields = {f"{g}.{f.name}": f for g, kind in GROUPS.items() for f in dataclasses.fields(kind)}
            before = {name: field.metadata["before"] for name, field in fields.items() if name not in names}
            wrong = [*(names - set(fields)), *(name for name in before if before[name] is ALWAYS)]
            if wrong:
                raise ValueError(f"unknown or missing settings: {', '.join(sorted(wrong))}")
            for name, value in before.items():
                group, _, setting = name.partition(".")
                groups.setdefault(group, {})[setting] = value
            return cls(**{g: kind(**groups[g]) for g, kind in GROUPS.items()})
        except ArgumentError:
            raise
        except (LookupError, TypeError, ValueError) as error:
            raise ValueError(f"not the JSON of a covid_gan config: {error}") from error

    def describe(self) -> str:
        """A short name made of the main settings, fit for a folder."""
        model, training = self.model, self.training
        network = [] if model.network == model.model else [model.network]
        activations = [model.generator_activation or model.activation,
                       model.discriminator_activation or model.activation]  # fmt: skip
        data = re.sub(r"/[0-9a-f]{16}", "", self.data.dataset)  # a digest tells a reader nothing
        parts = [model.model, *network, data, f"{model.image_size}px"]
        parts += dict.fromkeys(activations) if model.network == "dcgan" else []
        own = gans.DEFAULTS[model.model]
        if training.augment not in (None, own["augment"]):
            parts += training.augment or ["unaugmented"]
        for name in ("loss", "penalty"):
            parts += [getattr(training, name)] if getattr(training, name) not in (None, own.get(name)) else []
        parts += [f"dropout{model.dropout:g}"] if model.dropout not in (None, own["dropout"]) else []
        parts += [f"seed{training.seed}"] if training.seed else []
        return re.sub(r"[^\w.+-]+", "_", "-".join(parts))


GROUPS = {"data": DataConfig, "model": ModelConfig, "training": TrainConfig, "compute": ComputeConfig}


def all_fields() -> list[dataclasses.Field]:
    """The fields of all groups, in their order."""
    return [field for kind in GROUPS.values() for field in dataclasses.fields(kind)]


def group_of(name: str) -> str:
    """The group that a setting belongs to.

    Raises:
        ArgumentError: there is no setting of that name.
    """
    for group, kind in GROUPS.items():
        if name in {f.name for f in dataclasses.fields(kind)}:
            return group
    raise ArgumentError(name, "is not a setting of covid_gan.", name)
