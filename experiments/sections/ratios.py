"""Measures relative to their own floor, for arms on different data: the table of `other_images`."""

from pathlib import Path

from covid_gan.evaluation import keys
from covid_gan.evaluation.text import code, table
from covid_gan.evaluation.words import HEADLINES, LEGEND, QUESTIONS
from experiments.study import words
from experiments.study.results import Results


def sections(results: Results, folder: Path) -> list[str]:
    """Markdown: by arm and measure the ratio to the floor of the arm's own scans."""
    del folder
    rows = []
    for arm in results.arms:
        cells = []
        for base in HEADLINES:
            ratios = [_worst(result, results.keys_of(base)) for result in results.of(arm)]
            cells.append(words.mean_and_spread([ratio for ratio in ratios if ratio is not None], digits=2))
        rows.append([code(arm), *cells])
    head = ["arm", *(QUESTIONS[base][0] for base in HEADLINES)]
    return [
        "## Relative to each set's own real halves\n\n1 is as good as real; of several levels the worst. "
        f"{LEGEND}.\n\n{table(head, rows)}"
    ]


def _worst(result, own):
    known = [result.value(key, keys.RATIO) for key in own]
    return min((ratio for ratio in known if ratio is not None), default=None)
