"""Puts what the studies found into a page: their tables and figures between the words of the page.

    python -m experiments.results_page

A line `<!-- study: NAME -->` of the page is followed by what studies/NAME/extract.md says, up to the line
`<!-- end -->`; all else is left as it is. The figures go to the folder figures/ beside the page.
"""

import re
import shutil
import sys
from pathlib import Path

from absl import flags

from covid_gan import cli, storage
from covid_gan.errors import ArgumentError, RunError
from experiments.study.design import EXTRACT, FIGURES

PAGE = "experiments/RESULTS.md"
_BEGIN = "<!-- study: "
_BLOCK = re.compile(rf"({_BEGIN}(?P<name>[\w.-]+) -->\n)((?!{_BEGIN}).)*?(?P<end><!-- end -->)", re.DOTALL)
_FIGURE = re.compile(rf"\]\({FIGURES}/(?P<name>[\w.-]+)\)")


def main(argv=None) -> int:
    return cli.run("experiments.results_page", __doc__, _define, _door, argv, tensorflow=False)


def _define(values):
    flags.DEFINE_string("page", PAGE, "the page", flag_values=values)
    flags.DEFINE_string("studies", "studies", "the folder of the studies' folders", flag_values=values)


def _door(values):
    filled = fill(storage.path(values.page), storage.path(values.studies))
    print(f"{values.page} has {', '.join(filled)} as in {values.studies}.")


def fill(page: Path, studies: Path) -> list[str]:
    """Fills the blocks of a page; those of studies that are not there stay.

    Args:
        page: Markdown with blocks.
        studies: holds a folder with an extract for each.

    Returns:
        The names of the studies that were filled in.

    Raises:
        ArgumentError: (`page`) it is not there, or has no blocks, or one without an end.
        RunError: no block has a study, or an extract lacks a figure; then the page stays as it is.
    """
    if not page.is_file():
        raise ArgumentError("page", "is not there.", str(page))
    text = page.read_text(encoding="utf-8")
    names = [match["name"] for match in _BLOCK.finditer(text)]
    if not names or len(names) < text.count(_BEGIN):
        message = "must have lines `<!-- study: NAME -->`, each with its own `<!-- end -->` below."
        raise ArgumentError("page", message, str(page))
    there = [name for name in names if (studies / name / EXTRACT).is_file()]
    if not there:
        raise RunError(f"--studies={studies}: has none of {', '.join(names)}.")
    figures = {}

    def block(match):
        if match["name"] not in there:
            return match[0]
        return f"{match[1]}\n{_extract(studies / match['name'], figures)}\n{match['end']}"

    filled = _BLOCK.sub(block, text)
    missing = [str(source) for source in figures.values() if not source.is_file()]
    if missing:
        raise RunError(f"--studies={studies}: lacks {', '.join(missing)}; start the study again.")
    (page.parent / FIGURES).mkdir(exist_ok=True)
    for name, source in figures.items():
        shutil.copyfile(source, page.parent / FIGURES / name)
    storage.write_whole(page, filled)
    return there


def _extract(study, figures):
    """The extract of a study as the page has it: headings below the page's own, figures under its name."""

    def figure(match):
        name = f"{study.name}-{match['name']}"
        figures[name] = study / FIGURES / match["name"]
        return f"]({FIGURES}/{name})"

    text = (study / EXTRACT).read_text(encoding="utf-8")
    return _FIGURE.sub(figure, re.sub(r"^##(?=#* )", "###", text, flags=re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
