"""Jurity, exact: all users at once instead of its ten samples.

Its intra-list diversity needs all pairs of items of the catalogue: not run.
"""

import numpy as np
import pandas as pd
from _clock import main
from jurity.recommenders import DiversityRecoMetrics


def prepare(data):
    def personalization(n):
        users, clicks = np.repeat(np.arange(n), data.k), np.tile(np.arange(data.k, 0, -1.0), n)
        shown = pd.DataFrame({"user_id": users, "item_id": data.lists[:n].ravel(), "clicks": clicks})
        metric = DiversityRecoMetrics.InterListDiversity("clicks", k=data.k, user_sample_size=None, num_runs=1)
        return lambda: metric.get_score(None, shown)

    return {"personalization": personalization}


main(prepare)
