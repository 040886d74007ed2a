"""rexmex, on lists of lists."""

from _clock import main
from rexmex.metrics import coverage, ranking


def prepare(data):
    seen, users = data.popularity(), len(set(data.user.tolist()))

    def row(call):
        def of(n):
            lists = data.lists[:n].tolist()
            return lambda: call(lists)

        return of

    def pairs(n):
        shown = [(user, item) for user, items in enumerate(data.lists[:n].tolist()) for item in items]
        return lambda: coverage.item_coverage((list(range(n)), list(range(data.n_items))), shown)

    return {
        "item_coverage": pairs,
        "novelty": row(lambda lists: ranking.novelty(lists, seen, users, data.k)),
        "personalization": row(ranking.personalization),
        "ild": row(lambda lists: ranking.intra_list_similarity(lists, data.vectors)),
    }


main(prepare)
