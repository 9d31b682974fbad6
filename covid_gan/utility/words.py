"""What a measurement of use says, in words and as a table."""

from covid_gan.utility.results import ArmScores, Utility
from covid_gan.utility.scores import Estimate


def answer(found: Utility) -> str:
    """Whether generated images help, made from the intervals of the AUC alone."""
    sentences = []
    if found.arms[0].auc.low <= 0.5:
        sentences.append(
            "The classifier of real scans itself tells nothing that can be shown, so all this says little: "
            f"AUC {_shown(found.arms[0].auc)}."
        )
    adding = [arm for arm in found.arms if arm.adds]
    if adding:
        sentences.append(_of_adding(adding, found))
    for arm in found.arms[1:]:
        if not arm.adds:
            sentences.append(_of_replacing(arm, found))
    return " ".join(sentences)


def markdown(found: Utility) -> str:
    """The answer, the table of arms, and how it was measured; headings are left to the report."""
    gain = f"gain in AUC ({_percent(found.gain_level)})"
    level = _percent(found.level)
    head = [
        "trained on",
        "real",
        "generated",
        f"AUC ({level})",
        gain,
        f"F1 of {found.positive} ({level})",
        "gain in F1",
    ]
    rows = [
        [
            arm.name,
            arm.real,
            arm.generated,
            _shown(arm.auc),
            _gain(arm.auc_gain),
            _shown(arm.f1),
            _gain(arm.f1_gain),
        ]
        for arm in found.arms
    ]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join([found.answer, "", *lines, "", _how(found)]) + "\n"


def _of_adding(arms: list[ArmScores], found: Utility) -> str:
    better = [arm for arm in arms if arm.auc_gain.low > 0]
    worse = [arm for arm in arms if arm.auc_gain.high < 0]
    said = [
        f"{verb} the classifier: {'; '.join(_change(arm) for arm in some)}."
        for verb, some in (("helps", better), ("harms", worse))
        if some
    ]
    if said:
        return " ".join(f"Adding generated images {sentence}" for sentence in said)
    tested = f"{sum(found.test)} test scans and {found.seeds} seeds"
    changes = "; ".join(_change(arm) for arm in arms)
    return f"Whether adding generated images helps cannot be shown with {tested}: {changes}."


def _of_replacing(arm: ArmScores, found: Utility) -> str:
    real = found.arms[0]
    told = "tells the classes apart" if arm.auc.low > 0.5 else "tells nothing that can be shown"
    return (
        f"A classifier that saw generated images alone {told}: AUC {_shown(arm.auc)}, beside "
        f"{_shown(real.auc)} with real ones."
    )


def _change(arm):
    return f"{arm.name} changes the AUC by {_gain(arm.auc_gain)}"


def _how(found: Utility) -> str:
    scans = f"{found.test[0]} scans of {found.positive} and {found.test[1]} of {found.negative}"
    labels = (found.positive, found.negative)
    runs = " and ".join(
        f"{run} of {label} (step {step})" for run, label, step in zip(found.runs, labels, found.checkpoints)
    )
    changes = "mirrored and shifted" if found.flip else "shifted"
    sentences = [
        f"{found.dataset} {found.version}, {found.size} pixels; generators: {runs}.",
        f"Tested on {scans}, of {found.patients[0]} and {found.patients[1]} patients, which neither the "
        "generators nor the classifiers have seen.",
        f"{len(found.dropped)} scans are left out, as their picture or patient was trained on."
        if found.dropped
        else "",
        f"Each number is the mean of {found.seeds} classifiers, trained from nothing for "
        f"{found.budget.steps} steps of {found.budget.batch_size} images, {changes} alike in every arm.",
        "Generated images are new for each seed, and keep the balance of the classes.",
        "Intervals are for other patients and other seeds; those of the gains hold all together at "
        f"{_percent(found.level)}.",
        f"F1 is taken at the threshold {_threshold(found)}; always saying {found.positive} would have "
        f"F1 {found.f1_always:.2f}.",
        "A classifier may go by what has nothing to do with the lungs, such as borders and the shape of the "
        "picture: `python -m covid_gan.audit` tells how far that goes.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _threshold(found):
    if found.threshold == "validation":
        return f"of largest F1 on {sum(found.validation)} real validation scans"
    return "where either class is as likely, as there is no validation split"


def _percent(level: float) -> str:
    return f"{100 * level:.4g} %"


def _shown(found: Estimate) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _gain(found: Estimate | None) -> str:
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]" if found else "–"
