"""Studies: a question, the trainings that answer it, and the report of what came out.

A study is a short script:

    STUDY = Study("upsampling", "Which …?", {"transpose": Arm(upsample="transpose"), …})

    if __name__ == "__main__":
        sys.exit(main(STUDY))

    out/study.json            the plan: arms with all settings and steps, seeds, machine; never measured again
    out/runs/ARM-seedK/       the run folder of a training, its log and what became of it
    out/report.md, figures/   the answer
    out/hparams/              the same for TensorBoard
"""

from experiments.study.design import STEPS, TIME, Arm, Study
from experiments.study.door import main

__all__ = ["STEPS", "TIME", "Arm", "Study", "main"]
