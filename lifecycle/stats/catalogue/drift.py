"""The statistics of drift, with their house default limits.

Limits are effect sizes above which a column counts as moved; they are this project's defaults,
taken at the size where the statistics agree on simulated shifts, and meant to be set per monitor.
"""

from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.drift import counts, discrepancy, numbers, reconstruction, separation

MINIMUM = 200
"""Below some 200 rows a side, PSI and its kin exceed their limits by chance; a house default."""

NUMERIC = frozenset({Needs.NUMERIC})
ANY = frozenset({Needs.NUMERIC, Needs.CATEGORICAL})
BINS = (
    "Numeric columns are compared on the reference's deciles, categories one by one with unseen "
    "ones together; rows without a value are a bin of their own."
)

DRIFT: tuple[Statistic, ...] = (
    Statistic(
        name="ks",
        title="Kolmogorov-Smirnov distance",
        family=Family.DRIFT,
        unit="1",
        definition="Largest difference between the two distribution functions, 0 to 1; missing "
        "and infinite values are left out.",
        formula="max over x of |F_reference(x) - F_current(x)|",
        source="Smirnov 1939; band by Massart 1990; p-value by Vrbik 2018",
        needs=NUMERIC,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=numbers.ks,
        exact=numbers.ks_exact,
    ),
    Statistic(
        name="psi",
        title="Population stability index",
        family=Family.DRIFT,
        unit="nats",
        definition=f"Symmetric divergence of the bins' shares, 0 and up. {BINS} Each bin starts "
        "at half a count.",
        formula="sum (q - p) ln(q / p), p and q the reference's and current shares",
        source="Jeffreys 1946, doi:10.1098/rspa.1946.0056",
        needs=ANY,
        better="lower",
        limit=0.2,
        minimum=MINIMUM,
        measure=counts.psi,
    ),
    Statistic(
        name="jensen_shannon",
        title="Jensen-Shannon distance",
        family=Family.DRIFT,
        unit="1",
        definition=f"Square root of the Jensen-Shannon divergence in bits, 0 to 1. {BINS}",
        formula="sqrt((KL(p || m) + KL(q || m)) / 2), m = (p + q) / 2, logarithms to base 2",
        source="Lin 1991, doi:10.1109/18.61115",
        needs=ANY,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=counts.jensen_shannon,
    ),
    Statistic(
        name="wasserstein",
        title="Wasserstein distance (reference sd)",
        family=Family.DRIFT,
        unit="sd",
        definition="Mean distance that values moved, in standard deviations of the reference "
        "(over n); biased upward in small windows. Missing and infinite values are left out.",
        formula="integral |F_reference(x) - F_current(x)| dx / sd_reference",
        source="Vallender 1974, doi:10.1137/1118101",
        needs=NUMERIC,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=numbers.wasserstein,
        exact=numbers.wasserstein_exact,
    ),
    Statistic(
        name="wasserstein_raw",
        title="Wasserstein distance",
        family=Family.DRIFT,
        unit="column",
        definition="Mean distance that values moved, in the column's own unit; biased upward in "
        "small windows. Missing and infinite values are left out.",
        formula="integral |F_reference(x) - F_current(x)| dx",
        source="Vallender 1974, doi:10.1137/1118101",
        needs=NUMERIC,
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=numbers.wasserstein_raw,
        exact=numbers.wasserstein_raw_exact,
    ),
    Statistic(
        name="hellinger",
        title="Hellinger distance",
        family=Family.DRIFT,
        unit="1",
        definition=f"Distance of the square roots of the bins' shares, 0 to 1. {BINS}",
        formula="sqrt(sum (sqrt(p) - sqrt(q))^2 / 2)",
        source="Hellinger 1909, doi:10.1515/crll.1909.136.210",
        needs=ANY,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=counts.hellinger,
    ),
    Statistic(
        name="total_variation",
        title="Total variation distance",
        family=Family.DRIFT,
        unit="1",
        definition=f"Share of rows that would have to change bin for equal shares. {BINS}",
        formula="sum |p - q| / 2",
        source="Levin, Peres and Wilmer 2009, section 4.1; interval by McDiarmid 1989",
        needs=ANY,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=counts.total_variation,
    ),
    Statistic(
        name="chi_squared",
        title="Chi-squared test",
        family=Family.DRIFT,
        unit="1",
        definition="Pearson's statistic of the table of side by bin, without continuity "
        f"correction; it grows with the rows, so its effect size is Cramér's V. {BINS}",
        formula="sum (observed - expected)^2 / expected",
        source="Pearson 1900, doi:10.1080/14786440009463897",
        needs=ANY,
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=counts.chi_squared,
    ),
    Statistic(
        name="cramers_v",
        title="Cramér's V",
        family=Family.DRIFT,
        unit="1",
        definition=f"Association of side and bin, 0 to 1: the chi-squared's effect size. {BINS}",
        formula="sqrt(chi_squared / (n_reference + n_current))",
        source="Cramér 1946, Mathematical Methods of Statistics, section 21.9",
        needs=ANY,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=counts.cramers_v,
    ),
    Statistic(
        name="kl_divergence",
        title="Kullback-Leibler divergence",
        family=Family.DRIFT,
        unit="nats",
        definition="Divergence of the reference's shares from the current ones, 0 and up; not "
        f"symmetric. {BINS} Each bin starts at half a count.",
        formula="sum p ln(p / q), p and q the reference's and current shares",
        source="Kullback and Leibler 1951, doi:10.1214/aoms/1177729694",
        needs=ANY,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=counts.kl_divergence,
    ),
)

ROWS = frozenset({Needs.ROWS})

MULTIVARIATE: tuple[Statistic, ...] = (
    Statistic(
        name="classifier_auc",
        title="Domain classifier",
        family=Family.MULTIVARIATE,
        unit="1",
        definition="How well gradient-boosted trees tell current rows from reference rows they "
        "have not seen, as area under the ROC curve in five folds: 0.5 when they cannot. Up to "
        "50,000 rows of each side are drawn.",
        formula="mean over folds of P(score of a current row > score of a reference row)",
        source="Friedman 2003; DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595",
        needs=ROWS,
        better="lower",
        limit=0.55,
        minimum=MINIMUM,
        measure=separation.classifier_auc,
    ),
    Statistic(
        name="reconstruction_error",
        title="Reconstruction error",
        family=Family.MULTIVARIATE,
        unit="1",
        definition="By which share of itself the mean distance of rows from the reference's main "
        "directions changed. Columns are standardised, categories stand for their share in the "
        "reference, missing values at the mean; the directions kept explain 65 % of the variance. "
        "The limit is three standard deviations of the reference's own tenths, at least 1 %.",
        formula="mean |z - P z| of current rows / that of reference rows - 1",
        source="Jackson and Mudholkar 1979, doi:10.1080/00401706.1979.10489779",
        needs=ROWS,
        better=None,
        limit=0.01,
        minimum=MINIMUM,
        measure=reconstruction.reconstruction_error,
    ),
    Statistic(
        name="mmd",
        title="Maximum mean discrepancy (squared)",
        family=Family.MULTIVARIATE,
        unit="1",
        definition="Squared distance between the sides' mean embeddings, unbiased, with a Gaussian "
        "kernel as wide as the median distance between the sides; 0.005 is about a sixth of a "
        "standard deviation in every column. Up to 5,000 rows of each side are drawn; the p-value "
        "comes from 100 shuffles of the sides.",
        formula="mean k(x, x') + mean k(y, y') - 2 mean k(x, y), k = exp(-|x - y|^2 / (2 s^2))",
        source="Gretton et al. 2012, Journal of Machine Learning Research 13",
        needs=ROWS,
        better="lower",
        limit=0.005,
        minimum=MINIMUM,
        measure=discrepancy.mmd,
    ),
)
