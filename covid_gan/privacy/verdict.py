"""From copies and shares to a word and the reason for it."""

from covid_gan.privacy.exact import Exact
from covid_gan.privacy.memorisation import Space
from covid_gan.privacy.patients import Patients

MEMORISED = "memorised"
NO_SIGN = "no sign of memorisation"
CANNOT_TELL = "cannot tell"

# Up to six tests are made (two spaces, three each), so all together raise a false alarm in less than 3 %.
# Exact copies are no test: real scans of other patients are never so near.
CONFIDENCE = 0.99
ALARM = (1 - CONFIDENCE) / 2
# With fewer patients on either side, or fewer images, silence means nothing.
LEAST_PATIENTS = 20
LEAST_GENERATED = 100
# Half the width of the widest interval that still speaks: copies in half of the images move it about so far.
WIDEST = 0.25
_CALM = (
    "No image is a copy of a training scan, nearly pixel by pixel. No more images look like a training "
    "patient, and they lie no nearer to training patients, than chance explains."
)


def judge(exact: Exact, spaces: dict[str, Space], generated: int, patients: Patients) -> tuple[str, str, str]:
    """Decides.

    Args:
        exact: the images that are a training scan nearly pixel by pixel.
        spaces: what was found, by "pixels" and perhaps "features".
        generated: the number of generated images.
        patients: with whom they were compared.

    Returns:
        (`MEMORISED`, `NO_SIGN` or `CANNOT_TELL`; the reason in one or two short sentences; all numbers
        in as many as it takes).
    """
    details = _details(exact, spaces, generated)
    signs = [*_exact(exact, generated)]
    signs += [sign for name, space in spaces.items() if space.copies for sign in _copied(name, space.copies)]
    leaning = {
        name: space.share for name, space in spaces.items() if space.share and space.share.excess_low > 0
    }
    signs += [
        f"By their {name} more images lie nearer to training patients than chance explains."
        for name, share in leaning.items()
        if _one_population(share, patients)
    ]
    if signs:
        return MEMORISED, signs[0], details
    doubt = _doubt(spaces, generated, patients) or (_other_population(patients) if leaning else "")
    if doubt:
        return CANNOT_TELL, doubt, details
    return NO_SIGN, _CALM, details


def _exact(found, generated):
    """The sentence on exact copies, if there are any."""
    if found.count:
        copies = "is a copy" if found.count == 1 else "are copies"
        yield (
            f"{found.count} of {generated} generated images {copies} of "
            f"{_counted(found.scans, 'training scan')}, nearly pixel by pixel."
        )


def _copied(space, found):
    """The sentence on copies, if there are more than look-alikes among patients explain."""
    by_chance = found.p_real >= ALARM and (found.p_held_out is None or found.p_held_out >= ALARM)
    if not by_chance:
        yield (
            f"By their {space} {found.count} of the generated images ({found.share:.1%}) are copies of "
            f"{_counted(found.patients, 'training patient')}, more than chance explains."
        )


def _counted(count, thing):
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _one_population(share, patients):
    """Whether real training scans are known to lie no nearer to each other than to held-out ones."""
    return patients.known and share.chance_low <= 0.5


def _other_population(patients):
    """Why images that lean towards training patients may yet repeat none.

    What a generator has learnt of their kind cannot be told from what it has learnt of one patient.
    """
    differ = "differ" if patients.known else "may, as patients are not known, differ"
    return (
        "More images lie nearer to training patients than chance explains. But real training scans "
        f"{differ} from held-out ones as a whole, and so do images that repeat nobody."
    )


def _doubt(spaces, generated, patients):
    """Why the absence of signs says nothing; empty if it does."""
    if not patients.held_out_count:
        return "There are no held-out scans to compare with."
    if min(patients.held_out_count, patients.training_count) < LEAST_PATIENTS:
        return (
            f"At least {LEAST_PATIENTS} training and {LEAST_PATIENTS} held-out patients are needed; "
            f"there are {patients.training_count} and {patients.held_out_count}."
        )
    if generated < LEAST_GENERATED:
        return f"At least {LEAST_GENERATED} generated images are needed; there are {generated}."
    for name, space in spaces.items():
        width = (space.share.excess_high - space.share.excess_low) / 2
        if width > WIDEST:
            return (
                f"By their {name} the share of images nearer to training patients is known only to "
                f"±{width:.2f}, ±{WIDEST} is needed. There are too few patients, or the images are near to "
                "few of them."
            )
    return ""


def _details(exact, spaces, generated):
    """All numbers, and what they are compared with."""
    nearly = f"{exact.count} of {generated} generated images are within {exact.grey_levels:g} grey levels of "
    told = [_told(name, space) for name, space in spaces.items()]
    return " ".join(filter(None, [f"{nearly}a training scan.", *told]))


def _told(name, space):
    """The numbers in pixels or in features; empty where there are none."""
    told = []
    if found := space.copies:
        told.append(
            f"By their {name} {found.count} images ({found.share:.1%}, at most {found.high:.1%}) lie as near "
            f"to {_counted(found.patients, 'training patient')} as copies do, and {found.of_held_out} to "
            f"patients that were held out; of real scans {found.real_share:.1%} do to another patient."
        )
    if share := space.share:
        told.append(
            f"By their {name} the share of images nearer to training patients than to held-out ones is "
            f"{share.share:.2f} ({share.low:.2f} to {share.high:.2f}) where {share.chance:.2f} is chance."
        )
    return " ".join(told)
