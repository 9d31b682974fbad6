"""The words of an audit's report."""

from covid_gan.inspection import shortcuts, tallies
from covid_gan.inspection.duplicates import ALIKE_SCORE, NEAR_SCORE
from covid_gan.inspection.exclusion import Exclusion
from covid_gan.inspection.families import FAMILIES
from covid_gan.inspection.findings import SEVERITIES, Finding
from covid_gan.inspection.results import Results
from covid_gan.inspection.tallies import named, number

_MOST_IDS = 8
_MOST_PAIRS = 40

_HOW = f"""## How it was measured

- **Equal** images have the same size and pixels after decoding. **Near** ones were proposed by a 128-bit
  perceptual hash and then aligned; the correlation of their fine structure (vessels, edges) is at least
  {NEAR_SCORE}: the same picture at another size, window or compression, or the next slice of a thin series.
  **Alike** ones reach {ALIKE_SCORE}: the same patient, as a rule; they are listed only where they stand in two
  classes, two splits or under two patients. Mirrored, turned and strongly cropped copies are not found.
- **Shortcuts**: a random forest sees only the facts named, and is judged on patients it was not trained on
  ({shortcuts.FOLDS} folds). Images of one patient_id, or of one block of files where patients are unknown,
  count as one patient, and so do the pairs above; an image without either counts as a patient of its
  own. AUC 0.5 is guessing, 1 is always right; the interval holds
  95 % of {shortcuts.RESAMPLES} resamplings of the patients. File sizes in bytes are not used.
- **Letters** are sharp marks on flat ground near the edge. On COVID-CT 38 of 40 images found had some; letters
  on textured ground or against the edge and arrows over the lungs are missed. **Colour** is measured in the source files.
- Grey levels are those of the images as a network gets them: one channel, 0 to 255.
"""


def report(results: Results, found: list[Finding], exclusion: Exclusion, drawn: set[str]) -> str:
    """report.md: what to do first, then the numbers, then how they came about.

    Args:
        results: what was measured.
        found: the findings, worst first.
        exclusion: the ids in exclude.txt.
        drawn: names of the figures there are.
    """
    patients = tallies.amount_of_patients(results.images)
    parts = [
        f"# Audit of {results.name} {results.version}".rstrip(),
        f"{number(len(results.images), 'image')}, {patients}, classes: {', '.join(results.classes) or 'none'}.",
        "## Findings",
        _findings(found),
        _exclusion(exclusion),
        "## Images and patients",
        _counts(results),
        "## Files and sizes",
        _files(results),
        _figure("sizes.png", "Width and height of every image, by class", drawn),
        "## The same picture twice",
        _pairs(results),
        _figure("pairs.png", "The worst pairs", drawn),
        "## Letters and colour",
        _marks(results),
        _figure("letters.png", "Images with letters in the margin", drawn),
        _figure("colour.png", "Images whose files have colour, shown in grey", drawn),
        "## Shortcuts: telling the class without the lungs",
        _shortcuts(results),
        _figure("shortcuts.png", "AUC of each family of facts", drawn),
        "## Grey levels",
        _grey(results),
        _figure("histograms.png", "Grey levels by class", drawn),
        _figure("means.png", "The mean image of each class", drawn),
        _HOW,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _code(name):
    name = name.replace("`", "'").replace("|", "¦")
    return f"`{' '.join(name.split())}`"


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    cells = ([" ".join(str(cell).split()).replace("|", "¦") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _figure(name, caption, drawn):
    return f"![{caption}](figures/{name})" if name in drawn else ""


def _findings(found):
    if not found:
        return "Nothing was found that needs attention."
    lines = []
    for severity in SEVERITIES:
        for finding in (f for f in found if f.severity == severity):
            lines.append(f"{len(lines) + 1}. **{severity}**: {finding.what} {finding.advice}")
            ids = [_code(name) for name in finding.image_ids[:_MOST_IDS]]
            more = len(finding.image_ids) - len(ids)
            if ids:
                lines[-1] += f"\n   {', '.join(ids)}" + (f" and {more:,} more in report.json" if more else "")
    text = "*Serious*: what is trained or measured here is wrong. *Look*: it may be. *Note*: good to know."
    return "\n".join([text, "", *lines])


def _exclusion(exclusion):
    if not exclusion.sure and not exclusion.proposed:
        return ""
    proposed = f" and proposes {number(len(exclusion.proposed), 'other')}" if exclusion.proposed else ""
    return (
        f"[exclude.txt](exclude.txt) leaves out {number(len(exclusion.sure), 'image')}{proposed}, each with "
        "its reason: train with `--exclude=exclude.txt`."
    )


def _counts(results):
    counts = tallies.counts(results.images, results.classes, results.splits)
    known = tallies.patients(results.images, results.classes, results.splits)
    groups = tallies.patients(results.images, results.classes, results.splits, known=False)
    rows = []
    for label in results.classes:
        cells = [f"{counts[label][s]:,} ({known[label][s] + groups[label][s]:,})" for s in results.splits]
        own = results.by_label.get(label, [])
        total = f"{len(own):,} ({len({image.patient for image in own if image.patient}):,})"
        rows.append([named(label), *cells, total])
    who = (
        "known patients"
        if tallies.noun(results.images) == "patient"
        else "groups (blocks of files; patients unknown)"
    )
    return f"Images, and {who} in brackets.\n\n" + _table(["class", *results.splits, "all"], rows)


def _files(results):
    rows, known = [], False
    for label, own in results.by_label.items():
        size = tallies.sizes(own)
        cells = [" / ".join(f"{size[k][v]:,}" for v in ("min", "median", "max")) for k in size]
        files = tallies.files(own)
        known = known or bool(files)
        kinds = [", ".join(f"{n:,} {value}" for value, n in files[k].items()) for k in files] or ["?"] * 3
        rows.append([named(label), *cells, *kinds])
    head = ["class", "width", "height", "shorter side", "format", "mode", "bits per channel"]
    text = "" if known else "\n\nFormats and modes are not known: the source files are not at hand."
    return "Min / median / max, in pixels.\n\n" + _table(head, rows) + text


def _pairs(results):
    if not results.pairs:
        return "None was found."
    rows = []
    for n, pair in enumerate(results.pairs[:_MOST_PAIRS], 1):
        across = [
            name
            for name, yes in (
                ("class", pair.crosses_class),
                ("split", pair.crosses_split),
                ("patient", pair.crosses_patient),
            )
            if yes
        ]
        sides = [
            f"{_code(i.name)} ({', '.join(filter(None, (i.label, i.split)))})"
            for i in (pair.first, pair.second)
        ]
        rows.append([n, pair.kind, f"{pair.score:.2f}", ", ".join(across) or "–", *sides])
    more = len(results.pairs) - len(rows)
    table = _table(["", "kind", "likeness", "across", "one", "other"], rows)
    return table + (f"\n\nAnd {number(more, 'other')} in report.json." if more else "")


def _marks(results):
    rows = []
    for label, own in results.by_label.items():
        colour = sum(image.coloured for image in own) if any(image.facts for image in own) else "?"
        rows.append([named(label), colour, sum(image.letters > 0 for image in own), len(own)])
    return _table(["class", "with colour", "with letters", "of images"], rows)


def _shortcuts(results):
    if not results.shortcuts:
        return "There is one class only: no class to give away."
    rows = []
    for s in results.shortcuts:
        auc, interval = (f"{s.auc:.2f}", f"{s.low:.2f} to {s.high:.2f}") if s.auc is not None else ("–", "–")
        rows.append([s.family, FAMILIES[s.family].meaning, named(s.label), auc, interval, s.verdict])
    table = _table(["family", "facts", "class told", "AUC", "95 %", "verdict"], rows)
    fewest, who = results.shortcuts[0].patients, tallies.noun(results.images)
    few = "; over so few the intervals are too narrow" if fewest < shortcuts.FEW_PATIENTS else ""
    return f"{table}\n\nThe class with the fewest has {number(fewest, who)}, as far as can be told{few}."


def _grey(results):
    rows = []
    for label, own in results.by_label.items():
        mean = sum(image.mean for image in own) / len(own)
        rows.append([named(label), f"{mean:.0f}", f"{sum(i.deviation for i in own) / len(own):.0f}"])
    return _table(["class", "mean grey", "deviation within an image"], rows)
