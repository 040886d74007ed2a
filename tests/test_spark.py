"""Lists in Spark, in local mode, have the numbers of the same lists in memory."""

import os
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

import recdiv as rd

pytest.importorskip("pyspark")
if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
    pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from recdiv import spark

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(0)
N, USERS = 30, 120
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": ["a", "b", "c"] * 10}))
LENGTHS = RNG.integers(1, 7, USERS)
ROWS = pd.DataFrame(
    {
        "userID": np.repeat(np.arange(USERS), LENGTHS),
        "itemID": np.concatenate([RNG.permutation(N)[:n] for n in LENGTHS]),
        "prediction": np.concatenate([RNG.permutation(n) / n for n in LENGTHS]),
    }
).sample(frac=1, random_state=0)
EVENTS = pd.DataFrame({"user_id": np.arange(USERS), "item_id": RNG.integers(0, N, USERS)})
GIVEN = {
    "kernel": rd.EmbeddingKernel(RNG.normal(size=(N, 4))),
    "train": rd.Interactions(EVENTS, CATALOG),
    "test": rd.Interactions(EVENTS.assign(item_id=EVENTS["item_id"].to_numpy()[::-1]), CATALOG),
}


@pytest.fixture(scope="module")
def session():
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    built = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "50")  # lists lie across the borders of batches
        .getOrCreate()
    )
    built.sparkContext.setLogLevel("OFF")
    yield built
    built.stop()


def test_numbers_are_those_of_the_lists_in_memory(session):
    recs = rd.read_recommendations(ROWS, CATALOG)
    expected = rd.evaluate(recs, CATALOG, null=0, resamples=0, **GIVEN)
    found = spark.evaluate(session.createDataFrame(ROWS), CATALOG, **GIVEN)
    assert found.frame["metric"].tolist() == expected.frame["metric"].tolist()
    assert {"gini", "chi", "gamma", "ndcg@6", "category_information"} <= set(found.frame["metric"])
    np.testing.assert_allclose(found.frame["value"], expected.frame["value"], rtol=1e-10)
    assert found.frame["n"].tolist() == expected.frame["n"].tolist()
    assert found.heading() == expected.heading()
    streamed = rd.evaluation.stream([recs], CATALOG, **GIVEN)  # the same groups of users, hence the same intervals
    np.testing.assert_allclose(found.frame[["low", "high"]], streamed.frame[["low", "high"]], rtol=1e-6)


def test_what_is_wrong_is_said(session):
    frame = session.createDataFrame(ROWS)
    with pytest.raises(ValueError, match="frame needs a 'query_id' column, got 'userID'"):
        spark.evaluate(frame, CATALOG, format="replay")
    with pytest.raises(ValueError, match="frame must have a rank or a score"):
        spark.evaluate(frame.drop("prediction"), CATALOG)
    with pytest.raises(TypeError, match=r"frame must be a pyspark\.sql\.DataFrame, got DataFrame"):
        spark.evaluate(ROWS, CATALOG)
    twice = session.createDataFrame(pd.concat([ROWS, ROWS[:1].assign(prediction=9.0)]))
    with pytest.raises(PythonException, match="must hold an item once a list"):
        spark.evaluate(twice, CATALOG, metrics=["gini"])
