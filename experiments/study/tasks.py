"""One training of a study on the disk: whether it is finished and judged, and the next command for it."""

import dataclasses
import json
import sys
from pathlib import Path

from covid_gan import storage
from covid_gan.checkpoint_files import paths_in, step_of
from covid_gan.config import Config
from covid_gan.errors import ArgumentError
from covid_gan.evaluation import RUN_FOLDER, comparing, keys
from covid_gan.evaluation.comparing import METRICS, Report
from covid_gan.evaluation.config import EvaluationConfig
from covid_gan.runs import NEWEST, Run
from experiments.study.design import flags_of

LOG, STATE = "log.txt", "state.json"
TRAINING, JUDGING = "training", "judging"


@dataclasses.dataclass(frozen=True)
class Task:
    """A training of an arm with a seed, and its evaluation.

    Attributes:
        arm: its name.
        seed: of the training.
        config: with steps and seed.
        out: the study's folder.
        evaluation: how the run is judged.
        seconds_per_step: as planned; None where it is not known.
    """

    arm: str
    seed: int
    config: Config
    out: Path
    evaluation: EvaluationConfig
    seconds_per_step: float | None = None

    @property
    def name(self) -> str:
        return f"{self.arm}-seed{self.seed}"

    @property
    def folder(self) -> Path:
        return self.out / "runs" / self.name

    @property
    def steps(self) -> int:
        return self.config.training.steps

    @property
    def training_flags(self) -> list[str]:
        """What `python -m covid_gan.train` needs to make this run."""
        return [*flags_of(self.config.replace(seed=0)), f"--seed={self.seed}"]

    def run(self) -> Run | None:
        """The run folder; None where there is none that can be read."""
        for path in sorted(self.folder.glob("[0-9]*"), reverse=True):
            try:
                return Run(path)
            except ArgumentError:  # it was killed while the folder was made
                continue
        return None

    def trained_steps(self) -> int:
        """The step of the newest checkpoint; 0 without any."""
        run = self.run()
        return max(map(step_of, paths_in(run.checkpoints)), default=0) if run else 0

    def report(self) -> Report | None:
        """The evaluation of the finished run, made with these settings; None where there is none yet."""
        run = self.run()
        wanted = dataclasses.asdict(self.evaluation)
        for path in sorted(run.path.glob(f"{RUN_FOLDER}/*/{METRICS}")) if run else ():
            try:
                (report,), _ = comparing.read([str(path.parent)])
            except ArgumentError:
                continue  # it is made again
            same_step = self.evaluation.checkpoint != NEWEST or report.found[keys.STEP] == self.steps
            if same_step and report.found[keys.SETTINGS] == wanted:
                return report
        return None

    def next_command(self) -> tuple[str, list[str]] | None:
        """The next stage and its command; None where all is done."""
        run = self.run()
        if self.trained_steps() < self.steps:
            places = [f"--{name}={value}" for name, value in self._places() if value]
            flags = (
                [f"--run={run.path}", f"--steps={self.steps}", *places]
                if run
                else [*self.training_flags, f"--runs_dir={self.folder}"]
            )
            return TRAINING, [sys.executable, "-m", "covid_gan.train", *flags]
        if self.report():
            return None
        settings = dataclasses.asdict(self.evaluation)
        flags = [f"--{name}={value}" for name, value in settings.items() if value is not None]
        return JUDGING, [sys.executable, "-m", "covid_gan.evaluate", f"--run={run.path}", *flags]

    def _places(self):
        data = self.config.data
        return ("data_dir", data.data_dir), ("manual_dir", data.manual_dir)

    def state(self) -> dict:
        """Seconds by stage, and `failed`: what went wrong at the last start, or None."""
        try:
            return json.loads((self.folder / STATE).read_text())
        except (OSError, ValueError):
            return {TRAINING: 0.0, JUDGING: 0.0, "failed": None}

    def record(self, stage: str, seconds: float, failed: str | None) -> None:
        """Adds the seconds of a stage, and says whether it failed."""
        state = self.state()
        state |= {stage: state[stage] + seconds, "failed": failed}
        storage.write_whole(self.folder / STATE, json.dumps(state) + "\n")
