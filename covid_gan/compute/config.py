"""The settings of where a run computes and how.

None of them changes what is computed, but for rounding; `sync_batch_norm` does, on several replicas.
"""

import dataclasses
import re

from covid_gan.settings import SelfChecking, setting

AUTO = "auto"
STRATEGIES = (AUTO, "single", "mirrored", "multi_worker", "tpu")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class ComputeConfig(SelfChecking):
    """Where it computes and how."""

    strategy: str = setting(
        AUTO,
        "single: one device; mirrored: several of one machine; multi_worker: several machines, by TF_CONFIG; "
        "auto: what is there. --batch_size is that of all devices together",
        STRATEGIES,
        may_change=True,
        before=AUTO,
    )
    devices: str | None = setting(
        None,
        "cpu: no GPU; cpu:N: the CPU as N devices, to try and to teach; gpu:0,1: these GPUs (default: "
        "every GPU, else the CPU)",
        may_change=True,
        before=None,
    )
    tpu: str | None = setting(
        None, "name or address of a TPU (default: that of this machine)", may_change=True, before=None
    )
    xla: str = setting(
        AUTO,
        "compile the steps with XLA; auto: on GPUs and TPUs, as it loses on a CPU",
        (AUTO, "on", "off"),
        may_change=True,
        before="off",
    )
    precision: str = setting(
        AUTO,
        "of the networks' arithmetic; weights, losses, penalties, statistics and averages are float32 in any "
        "case; auto: bfloat16 where the hardware computes in it",
        (AUTO, *PRECISIONS),
        may_change=True,
        before="float32",
    )
    steps_per_loop: int | None = setting(
        None,
        "most steps in one compiled call, fewer where something is due (default: 1 on a CPU, else 16)",
        may_change=True,
        before=None,
    )
    sync_batch_norm: bool = setting(
        True,
        "on several replicas: batch statistics of the whole batch; false: of each replica's part, faster",
        may_change=True,
        before=True,
    )
    profile: str | None = setting(
        None,
        "FIRST,LAST step whose profile is written for TensorBoard, such as 100,110",
        may_change=True,
        before=None,
    )

    def _check(self):
        rule = "cpu, cpu:N with N from 1 to 64, gpu, or gpu:I,J,… with the GPUs' numbers"
        self._require("devices", rule, lambda v: re.fullmatch(r"cpu(:[1-9]\d?)?|gpu(:\d+(,\d+)*)?", v))
        self._require("devices", rule, lambda v: not v.startswith("cpu:") or int(v[4:]) <= 64)
        self._require("steps_per_loop", "from 1 to 10,000", lambda v: 1 <= v <= 10_000)
        self._require(
            "profile", "FIRST,LAST, two steps with 0 < FIRST <= LAST",
            lambda v: re.fullmatch(r"\d{1,9},\d{1,9}", v) and 0 < self._steps(v)[0] <= self._steps(v)[1],
        )  # fmt: skip

    @property
    def profiled_steps(self) -> range:
        """The steps whose profile is wanted."""
        first, last = self._steps(self.profile) if self.profile else (1, 0)
        return range(first, last + 1)

    @staticmethod
    def _steps(text):
        return tuple(map(int, text.split(",")))
