"""From shares and copies to a word and the reason for it."""

from covid_gan.privacy.memorisation import Space
from covid_gan.privacy.patients import Patients

MEMORISED = "memorised"
NO_SIGN = "no sign of memorisation"
CANNOT_TELL = "cannot tell"

# Up to six tests are made (two spaces, three each), so all together raise a false alarm in less than 3 %.
CONFIDENCE = 0.99
ALARM = (1 - CONFIDENCE) / 2
# With fewer patients on either side, or fewer images, silence means nothing.
LEAST_PATIENTS = 20
LEAST_GENERATED = 100
# Half the width of the widest interval that still speaks: copies in half of the images move it about so far.
WIDEST = 0.25


def judge(spaces: dict[str, Space], generated: int, patients: Patients) -> tuple[str, str]:
    """Decides.

    Args:
        spaces: what was found, by "pixels" and perhaps "features".
        generated: the number of generated images.
        patients: with whom they were compared.

    Returns:
        (`MEMORISED`, `NO_SIGN` or `CANNOT_TELL`, the reason in a sentence or more).
    """
    signs = [sign for name, space in spaces.items() if space.copies for sign in _copied(name, space.copies)]
    shares = {name: space.share for name, space in spaces.items() if space.share}
    leaning = {name: share for name, share in shares.items() if share.excess_low > 0}
    signs += [f"{_told(name, share)}." for name, share in leaning.items() if _one_population(share, patients)]
    if signs:
        return MEMORISED, " ".join(signs)
    doubt = _doubt(spaces, generated, patients) or _other_population(leaning, patients)
    return (CANNOT_TELL, doubt) if doubt else (NO_SIGN, _calm(spaces))


def _copied(space, found):
    """The sentence on copies, if there are more than look-alikes among patients explain."""
    seen = (
        f"{found.count} of the generated images ({found.share:.1%}) are copies of {found.patients} training "
    )
    seen += f"{'patient' if found.patients == 1 else 'patients'} by their {space}"
    if found.p_real < ALARM:
        yield f"{seen}; of real scans {found.real_share:.1%} lie as near to another patient."
    elif found.p_held_out is not None and found.p_held_out < ALARM:
        yield f"{seen}, and {found.of_held_out} lie as near to patients that were held out."


def _told(name, share):
    return (
        f"By their {name} the share of images nearer to training patients than to held-out ones is "
        f"{share.share:.2f} ({share.low:.2f} to {share.high:.2f}) where {share.chance:.2f} is chance"
    )


def _one_population(share, patients):
    """Whether real training scans are known to lie no nearer to each other than to held-out ones."""
    return patients.known and share.chance_low <= 0.5


def _other_population(leaning, patients):
    """Why images that lean towards training patients may yet repeat none; empty if there are none."""
    differ = "differ" if patients.known else "may, as patients are not known, differ"
    return " ".join(
        f"{_told(name, share)}; but real training scans {differ} from held-out ones as a whole, and what a "
        "generator has learnt of their kind cannot be told from what it has learnt of one patient."
        for name, share in leaning.items()
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
                f"±{width:.2f}, and copies in half of the images would move it by {WIDEST}: too few "
                "patients, or images that are near to few of them."
            )
    return ""


def _calm(spaces):
    """The sentences on what was looked at without a sign."""
    return " ".join(
        f"{_told(name, space.share)}, and {space.copies.count} images are copies: "
        f"at most {space.copies.high:.1%}."
        for name, space in spaces.items()
    )
