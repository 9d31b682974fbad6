"""Whether generated scans help a classifier of two classes.

`measure_utility(positive, negative)` takes the runs that were trained on the two classes and returns a
`Utility`: numbers with intervals, and an answer in words. `to_json()` and `markdown()` are for reports.
"""

from covid_gan.utility.arms import ARMS, Arm
from covid_gan.utility.classifier import QUICK, Budget
from covid_gan.utility.measuring import measure_utility
from covid_gan.utility.results import Utility
from covid_gan.utility.words import markdown

__all__ = ["ARMS", "QUICK", "Arm", "Budget", "Utility", "markdown", "measure_utility"]
