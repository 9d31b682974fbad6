"""Has a patient been memorised? Generated images against training and held-out scans: arrays in, results out.

Two questions are asked, in pixels and, where given, in features:
`share`: do the images as a whole lie nearer to training patients than to patients never seen?
`copies`: is any image a copy of a training scan, be it one in a hundred?
"""

from covid_gan.privacy.examination import Features, examine
from covid_gan.privacy.memorisation import Memorisation, Neighbour, Pair, Space
from covid_gan.privacy.verdict import CANNOT_TELL, MEMORISED, NO_SIGN

__all__ = [
    "CANNOT_TELL",
    "MEMORISED",
    "NO_SIGN",
    "Features",
    "Memorisation",
    "Neighbour",
    "Pair",
    "Space",
    "examine",
]
