"""The words of an evaluation's report."""

import shlex

from covid_gan import privacy, utility
from covid_gan.evaluation import keys, words
from covid_gan.evaluation.results import Results
from covid_gan.evaluation.text import MISSING, code, count, interval, listed, number, table

_PRIVACY_MARKS = {privacy.MEMORISED: "✗", privacy.NO_SIGN: "✓", privacy.CANNOT_TELL: "~"}

_HOW = f"""## How to read it

- **Real halves** is the floor: the same measure between random halves of the training scans. A half has fewer
  images than the whole, so a perfect generator may do a little better. **Held-out scans** is what scans get
  that the generator has never seen, in place of generated images.
- **Ratio** compares like with like: as many generated images as a half has, against such halves, beside the
  floor (`matched` in metrics.json). 1 is as good as real. {words.LEGEND}.
- Brackets are 95 % intervals. They take scans for independent, and slices of one patient are not: with
  several slices a patient the true intervals are wider.
- A generator that repeats its training scans does well in every table: read the privacy verdict with them.
- A value of features has the extractor's key in its name. Values of different keys cannot be compared.
- **KID** Bińkowski et al. 2018, **FID** Heusel et al. 2017, **precision, recall** Kynkäänniemi et al. 2019,
  **density, coverage** Naeem et al. 2020, **authenticity** Alaa et al. 2022, **SWD** Karras et al. 2018 on
  7 × 7 patches of a Laplacian pyramid, fine to coarse; **spectrum** is the mean difference of the natural
  logs of the radially averaged power spectra; **grey levels** is the Wasserstein-1 distance of histograms.
"""


def report(results: Results, found: dict, drawn: set[str]) -> str:
    """report.md: what a reader wants to know first, then pictures, then all numbers.

    Args:
        results: what was measured.
        found: the same as metrics.json holds it.
        drawn: names of the figures there are.
    """
    curves = results.curves
    parts = [
        f"# {_title(results)}",
        _subject(results),
        _headlines(results),
        _privacy(results),
        _figure("grids.png", "Training scans and generated images", drawn),
        "## Nearest neighbours" if "neighbours.png" in drawn else "",
        "Those that look most like copies of a training scan." if "neighbours.png" in drawn else "",
        _figure("neighbours.png", "Generated images, their nearest training and held-out scans", drawn),
        "## Use for a classifier\n\n" + utility.markdown(results.utility) if results.utility else "",
        "## Over the training" if curves else "",
        f"{curves.origin} Dashed, for scale: between halves of the training scans." if curves else "",
        _figure("curves.png", "Measures over the steps", drawn),
        "## Texture, grey levels and features",
        _figure("spectra.png", "Power spectra", drawn),
        _figure("histograms.png", "Grey levels", drawn),
        _figure("embedding.png", "Features of scans and generated images", drawn),
        "## All numbers",
        _all_numbers(results),
        _skipped(found),
        _HOW,
        _settings(found),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _title(results):
    generated = results.source.generated
    at = f", step {generated.step:,}" if generated.step is not None else ""
    return f"{' '.join(generated.name.split())}{at}, judged"


def _subject(results):
    source = results.source
    data, size = source.scans.fingerprint, source.images.shape[1]
    classes = listed(data["classes"]) or "all classes"
    held_out = [f"{len(part.images):,} of {split}" for split, part in source.held_out.items()]
    seen = f"{count(len(source.training), 'scan')} that it was trained on"
    if source.generated.run is None and not source.generated.fingerprint:
        seen = f"{count(len(source.training), 'scan')} that it is taken to have been trained on"
    unseen = f" and scans that it has not seen: {listed(held_out)}" if held_out else ""
    made = count(len(source.images), "generated image")
    return (
        f"{made} of {size} × {size} pixels, held against the {seen} ({data['name']} {data['version']}, "
        f"{data['split']}, {classes}){unseen}."
    )


def _headlines(results):
    rows = [
        [words.mark(m), words.question_of(m.key), *_cells(m), number(m.ratio, 2)]
        for m in words.headlines(results.measures)
    ]
    head = ["", "question", "measure", "generated", "real halves", "held-out scans", "ratio"]
    return f"{words.in_short(results.measures)}\n\n{table(head, rows)}\n\n{words.LEGEND}."


def _cells(m):
    """A measure's name, its value with the interval, the floor, and that of held-out scans."""
    floor = number(m.floor)
    if m.floor_spread is not None:
        floor += f" ± {number(m.floor_spread, 2)}"
    return [words.title_of(m.key), f"{number(m.value)} {interval(m.low, m.high)}", floor, number(m.unseen)]


def _privacy(results):
    found = results.memorisation
    if found is None:
        return f"**Privacy: not examined**: {results.skipped.get('privacy', 'it was not asked for')}."
    sign = _PRIVACY_MARKS.get(found.verdict, "")
    return f"{sign} **Privacy: {found.verdict}.** {found.reason}\n\n{found.details}"


def _figure(name, caption, drawn):
    return f"![{caption}](figures/{name})" if name in drawn else ""


def _all_numbers(results):
    rows = [
        [
            code(m.key),
            *_cells(m)[1:],
            number(m.against_held_out),
            number(m.ratio, 2),
            words.question_of(m.key),
        ]
        for m in results.measures
    ]
    head = [
        "key",
        "generated",
        "real halves",
        "held-out scans",
        "generated, against held-out",
        "ratio",
        "question",
    ]
    return table(head, rows)


def _skipped(found):
    if not found[keys.SKIPPED]:
        return ""
    lines = [f"- {what}: {why}" for what, why in found[keys.SKIPPED].items()]
    return "### Not measured\n\n" + "\n".join(lines)


def _settings(found):
    settings = {f"--{name}": value for name, value in found[keys.SETTINGS].items() if value is not None}
    extractor = found[keys.EXTRACTOR]
    rows = [
        ["command", code(shlex.join(found[keys.COMMAND]))],
        ["judged", code(found[keys.PATH])],
        ["time", found[keys.TIME]],
        ["settings", ", ".join(f"{name}={value}" for name, value in settings.items())],
        ["scans, SHA-256 of ids and pixels", code(found[keys.DATA]["sha256"])],
        ["left out of the held-out scans", _dropped(found[keys.DROPPED])],
        ["extractor", code(f"{extractor['key']}, {extractor['fingerprint']}") if extractor else "none"],
        ["versions", ", ".join(f"{name} {version}" for name, version in found[keys.VERSIONS].items())],
        ["devices", ", ".join(found[keys.DEVICES])],
        ["seconds", ", ".join(f"{part} {seconds:g}" for part, seconds in found[keys.SECONDS].items())],
    ]
    if found[keys.RUN_CONFIG]:
        rows.append(["seed of the training", found[keys.RUN_CONFIG]["training"]["seed"]])
    return "## Settings\n\n" + table(["", ""], rows)


def _dropped(dropped):
    names = [code(name) for own in dropped.values() for name in own]
    return f"{', '.join(names)}: their pictures stand in the training split too" if names else MISSING
