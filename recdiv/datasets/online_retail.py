"""UCI Online Retail: every line of a UK online gift shop from 1 December 2010 to 9 December 2011.

As published in the R package of the same name: one ``.rda`` data frame of 541,909 lines. Rules, each counted in
``extras["cleaning"]``: a known customer; no cancellation (an invoice number beginning with C); quantity above 0; unit
price above 0; products only (a stock code beginning with five digits: no postage, fees or manual lines). No categories:
what a product is must be read from its short title. Some customers are wholesalers.
"""

from __future__ import annotations

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, seconds
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._rda import read_rda


def load() -> Dataset:
    """One catalogue row a stock code; an event is one line of an invoice.

    ``title`` is the commonest description in sentence case and ``text`` the other descriptions it was sold under, if
    any; ``price`` the median. Events carry basket_id (the invoice), quantity, price and country; a basket may hold a
    product on several lines. ``extras["baskets"]``: basket_id, user_id, timestamp, lines.
    """
    cleaning = Cleaning()
    lines = clean(read_rda(fetch("online_retail", ["onlineretail.rda"])["onlineretail.rda"])["onlineretail"], cleaning)
    events = pd.DataFrame(
        {
            "user_id": lines["CustomerID"].astype("int64"),
            "item_id": lines["StockCode"],
            "timestamp": seconds(lines["InvoiceDate"]),
            "basket_id": lines["InvoiceNo"],
            "quantity": lines["Quantity"].astype("int64"),
            "price": lines["UnitPrice"],
            "country": lines["Country"],
        }
    )
    grouped = events.groupby("basket_id", sort=False)
    baskets = grouped.agg(user_id=("user_id", "first"), timestamp=("timestamp", "first"), lines=("item_id", "size"))
    cleaning.note("users", events["user_id"].nunique())
    cleaning.note("items", events["item_id"].nunique())
    cleaning.note("baskets", len(baskets))
    return finish("online_retail", products(lines), events, cleaning=cleaning, baskets=baskets.reset_index())


def clean(raw: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """The product lines of known customers, rule by rule."""
    lines = cleaning.keep("lines as published", raw)
    lines = cleaning.keep("known customer", lines, lines["CustomerID"].notna())
    lines = cleaning.keep("no cancellation (invoice C...)", lines, ~lines["InvoiceNo"].str.startswith("C"))
    lines = cleaning.keep("quantity above 0", lines, lines["Quantity"] > 0)
    lines = cleaning.keep("unit price above 0", lines, lines["UnitPrice"] > 0)
    return cleaning.keep("stock code begins with five digits", lines, lines["StockCode"].str.match(r"\d{5}"))


def products(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a stock code: its commonest description (ties: the first in the alphabet), the others, median price."""
    named = lines.assign(Description=lines["Description"].fillna("").map(sentence_case))
    named = named[named["Description"] != ""]
    counts = named.groupby(["StockCode", "Description"]).size().reset_index(name="n")
    counts = counts.sort_values(["StockCode", "n", "Description"], ascending=[True, False, True])
    by_code = counts.groupby("StockCode")["Description"]
    prices = lines.groupby("StockCode")["UnitPrice"].median()
    frame = pd.DataFrame({"price": prices})
    frame["title"] = by_code.first().reindex(frame.index).fillna("")
    frame["text"] = by_code.agg(lambda names: "; ".join(names.iloc[1:])).reindex(frame.index).fillna("")
    return frame.rename_axis("item_id").reset_index()[["item_id", "title", "text", "price"]]


def sentence_case(description: str) -> str:
    """Capitals throughout, as published, read badly to people and to cased models.

    >>> sentence_case("WHITE HANGING  HEART T-LIGHT HOLDER ")
    'White hanging heart t-light holder'
    """
    return " ".join(description.split()).capitalize()
