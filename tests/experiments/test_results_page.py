"""What a study leaves for the page of results, and how it gets there."""

import numpy as np
import pytest
from PIL import Image

from covid_gan.errors import ArgumentError, RunError
from covid_gan.privacy.verdict import MEMORISED
from experiments import results_page
from experiments.study import figures, report, results
from experiments.study.design import EXTRACT
from experiments.study.door import make_tasks

PAGE = """# Results

Before.

<!-- study: toy -->
Old.
<!-- end -->

**Answer.** Nobody knows.

<!-- study: other -->
Kept.
<!-- end -->
"""
REAL = 37


@pytest.fixture
def tasks(plan, configs, task, tmp_path):
    short = {arm: config.replace(steps=10) for arm, config in configs.items()}
    return make_tasks(plan, short, tmp_path, task().evaluation)


@pytest.fixture
def studies(study, plan, tasks, pretend, tmp_path, tmp_path_factory):
    """A folder of studies, with the report of one, all of whose real scans have one grey level."""
    for place, one in enumerate(tasks):
        pretend(one, spectrum=0.1 * (place + 1))
    for path in tmp_path.rglob("real.png"):
        Image.fromarray(np.full((96, 96), REAL, np.uint8)).save(path)
    report.write(results.read(study, plan, tasks, tmp_path, ["--image_size=16"]))
    folder = tmp_path_factory.mktemp("studies")
    (folder / "toy").symlink_to(tmp_path)
    return folder


@pytest.fixture
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "RESULTS.md"
    path.write_text(PAGE)
    return path


def shows(path, level):
    grey = np.asarray(Image.open(path).convert("L"), int)
    return bool((abs(grey - level) <= 1).mean() > 0.05)


def test_no_scan_is_in_what_may_be_published(studies, page):
    drawn = studies / "toy" / "figures"
    assert shows(drawn / "samples.png", REAL) and not shows(drawn / "generated.png", REAL)
    results_page.fill(page, studies)
    copied = list((page.parent / "figures").iterdir())
    assert {path.name for path in copied} == {"toy-comparison.png", "toy-generated.png"}
    assert not any(shows(path, REAL) for path in copied)


def test_runs_that_memorised_patients_are_not_published(studies, study, plan, tasks, tmp_path):
    whole = figures.samples(results.read(study, plan, tasks, tmp_path), real=False).get_size_inches()[1]
    for path in tmp_path.glob("runs/relu-seed*/*/evaluation/*/metrics.json"):
        path.write_text(path.read_text().replace("cannot tell", MEMORISED))
    found = results.read(study, plan, tasks, tmp_path)
    assert [r.verdict for r in found.of("relu")] == [MEMORISED] * 2
    assert figures.samples(found, real=False).get_size_inches()[1] < whole
    assert figures.samples(found, ["relu"], real=False) is None
    assert figures.samples(found, ["relu"]) is not None  # for who has the scans


def test_a_block_has_question_command_machine_numbers_and_figures(studies, page):
    assert results_page.fill(page, studies) == ["toy"]
    text = page.read_text()
    block = text.split("<!-- study: toy -->")[1].split("<!-- end -->")[0]
    assert "Which?" in block and "Old." not in block
    assert "python -m experiments.toy --arms=relu,swish --steps=10 --seeds=0,1 --image_size=16" in block
    assert "2 cores of P, 8 GB, no GPU; 4 runs of 10 steps" in block
    assert "| `swish` | 2 |" in block and "(figures/toy-comparison.png)" in block
    for link in ("toy-comparison.png", "toy-generated.png"):
        assert (page.parent / "figures" / link).stat().st_size > 1000


def test_the_words_of_the_page_and_other_blocks_stay_and_twice_is_once(studies, page):
    results_page.fill(page, studies)
    first = page.read_text()
    for kept in ("Before.", "**Answer.** Nobody knows.", "<!-- study: other -->\nKept.\n<!-- end -->"):
        assert kept in first
    results_page.fill(page, studies)
    assert page.read_text() == first


def test_headings_of_an_extract_go_below_those_of_the_page(studies, page):
    extract = studies / "toy" / EXTRACT
    extract.write_text("## Own\n\n### Below\n\nNo # heading\n")
    results_page.fill(page, studies)
    assert "\n### Own\n\n#### Below\n\nNo # heading\n" in page.read_text()


def test_a_page_or_folder_that_cannot_be_used_is_refused_and_stays(studies, page, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(RunError, match="has none of toy, other"):
        results_page.fill(page, empty)
    assert page.read_text() == PAGE
    with pytest.raises(ArgumentError, match="page.*is not there"):
        results_page.fill(empty / "no.md", studies)
    (empty / "bare.md").write_text("# Nothing\n")
    with pytest.raises(ArgumentError, match="must have lines"):
        results_page.fill(empty / "bare.md", studies)
    unended = PAGE.replace("<!-- end -->", "", 1)
    page.write_text(unended)
    with pytest.raises(ArgumentError, match="each with its own `<!-- end -->`"):
        results_page.fill(page, studies)
    assert page.read_text() == unended
    page.write_text(PAGE)
    (studies / "toy" / "figures" / "generated.png").unlink()
    with pytest.raises(RunError, match="lacks .*generated.png"):
        results_page.fill(page, studies)
    assert page.read_text() == PAGE and not (page.parent / "figures").exists()
    assert results_page.main([f"--page={page}", f"--studies={empty}"]) == 1
