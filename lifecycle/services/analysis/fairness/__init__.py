"""Whether people of different groups are treated and served alike."""

from lifecycle.services.analysis.fairness.measures import FOUR_FIFTHS, SCREEN, fitting
from lifecycle.services.analysis.fairness.options import JOINT, FairnessOptions
from lifecycle.services.analysis.fairness.run import measure_fairness

__all__ = ["FOUR_FIFTHS", "JOINT", "SCREEN", "FairnessOptions", "fitting", "measure_fairness"]
