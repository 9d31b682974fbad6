"""Has a patient been memorised? Generated images against training and held-out scans: arrays in, results out.

Three questions are asked, the first in pixels, the others in pixels and, where given, in features:
`exact`: is any image a training scan nearly pixel by pixel? A single one is enough.
`copies`: do more images resemble one patient far more than the others than real scans do? A share of
    1 in 100 may pass unseen; on COVID-CT 1 in 50 is seen if many patients are copied.
`share`: do the images as a whole lie nearer to training patients than to patients never seen?
"""

from covid_gan.privacy.exact import Exact
from covid_gan.privacy.examination import Features, examine
from covid_gan.privacy.memorisation import Memorisation, Neighbour, Pair, Space
from covid_gan.privacy.verdict import CANNOT_TELL, MEMORISED, NO_SIGN

__all__ = [
    "CANNOT_TELL",
    "MEMORISED",
    "NO_SIGN",
    "Exact",
    "Features",
    "Memorisation",
    "Neighbour",
    "Pair",
    "Space",
    "examine",
]
