"""Every real loader on a tiny made-up mirror in the published format: what CI can check without the data."""

import bz2
import dataclasses
import gzip
import hashlib
import io
import json
import lzma
import struct
import zipfile

import pandas as pd
import pytest

import recdiv as rd
from recdiv.datasets._ntriples import read_ntriples
from recdiv.datasets._rda import read_rda
from recdiv.datasets._sources import File, source, sources
from recdiv.datasets._tagging import read_conll
from recdiv.datasets.dfki_product import outermost, tag_line
from recdiv.datasets.streaming import title_key


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A function that puts made-up files where a set's real ones would lie, with their own SHA-256."""
    monkeypatch.setenv("RECDIV_DATA", str(tmp_path))

    def put(name, files):
        entry, listed = source(name), []
        for file, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            path = tmp_path / entry.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            listed.append(File(file, len(body), hashlib.sha256(body).hexdigest()))
        monkeypatch.setitem(sources(), name, dataclasses.replace(entry, files=tuple(listed)))

    return put


def steps(dataset):
    table = dataset.extras["cleaning"]
    return dict(zip(table["step"], table["rows"], strict=True))


HEAD = "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n"


@pytest.fixture
def streaming(mirror):
    mirror(
        "streaming",
        {
            "netflix_titles.csv": HEAD
            + 's1,Movie,Amélie!,x,"A, B",France,"May 1, 2021",2001,R,1 min,"Comedies, Romantic Movies",From netflix.\n'
            + "s2,TV Show,The Bank,,,,,1915,,,TV,A show.\n",
            "amazon_prime_titles.csv": HEAD + "s1,Movie,amelie,,,,,2001,,,Comedy,From prime.\n",
            "disney_plus_titles.csv": HEAD + "s1,Movie,夢,,,,,2001,,,Drama,A dream.\n",
            "hulu_titles.csv": HEAD + "s1,Movie,NA,,,,,2001,,,Drama,\ns2,Movie,The Bank,,,,,1916,,,Drama,Year off.\n",
        },
    )


def test_streaming_keeps_every_title_and_odd_names(streaming):
    data = rd.datasets.load("streaming")
    frame = data.catalog.frame.set_index("item_id")
    assert len(frame) == 6
    assert frame.loc["hulu-s1", "title"] == "NA"
    assert frame.loc["netflix-s1", "category"] == "Comedies|Romantic Movies"
    assert steps(data) == {"titles of the four services": 6, "with a description": 5, "films": 5}
    assert data.source.startswith("real data: Four streaming catalogues")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("WALL·E", "Wall-E", True),
        ("Fast & Furious", "Fast and Furious", True),
        ("Amélie", "Amelie", True),
        ("The Bank", "Bank", False),
        ("Alien", "Aliens", False),
    ],
)
def test_title_rule(one, other, same):
    assert (title_key(one) == title_key(other)) is same


def test_movietweetings(mirror, streaming):
    mirror(
        "movietweetings",
        {
            "movies.dat": "0000001::Amélie (2001)::Comedy|Romance\n0000002::The Bank (1915)::\n"
            "0000003::空 (2001)::Drama\n",
            "ratings.dat": "".join(f"1::000000{film}::8::1365029107\n" for film in (1, 2, 3)) + "2::0000001::0::5\n",
        },
    )
    data = rd.datasets.load("movietweetings", min_ratings=3)
    films = data.catalog.frame.set_index("item_id")
    assert films.loc["0000001", ["title", "year", "text", "text_source"]].tolist() == [
        "Amélie",
        2001,
        "From netflix.",
        "netflix",
    ]
    assert (films.loc[["0000002", "0000003"], "text"] == "").all(), "a show, another year, no Latin letter: no match"
    assert data.catalog.categories == [("Comedy", "Romance"), (), ("Drama",)]
    assert data.interactions.users.tolist() == [1]
    assert data.interactions.frame["timestamp"].iloc[0] == pd.Timestamp("2013-04-03 22:45:07")
    assert list(steps(data).values()) == [4, 3, 1, 3, 1, 1]
    with pytest.raises(ValueError, match="min_ratings must be at least 1, got 0"):
        rd.datasets.load("movietweetings", min_ratings=0)


def test_a_line_with_too_many_fields_is_named(mirror, streaming):
    mirror(
        "movietweetings", {"movies.dat": "1::A (2000)::Drama\n2::B::C (2001)::Drama\n", "ratings.dat": "1::1::8::5\n"}
    )
    with pytest.raises(ValueError, match=r"movies.dat: line 2 has 4 fields, expected 3"):
        rd.datasets.load("movietweetings")


def test_movielens(mirror, streaming):
    mirror(
        "movielens",
        {
            "movies.csv": 'movieId,title,genres\r\n1,"Bank, The (1915)",Comedy|Drama\r\n'
            '2,"Amelie (Fabuleux destin d\'Amélie, Le) (2001)",(no genres listed)\r\n3,Untitled,Drama\r\n',
            "ratings.csv": "userId,movieId,rating,timestamp\r\n7,1,4.5,964982703\r\n7,2,3.0,5\r\n",
            "tags.csv": "userId,movieId,tag,timestamp\r\n7,1,silent,9\r\n8,1,silent,9\r\n7,1,bank,9\r\n",
        },
    )
    data = rd.datasets.load("movielens")
    films = data.catalog.frame
    assert films["title"].tolist() == ["The Bank", "Amelie (Fabuleux destin d'Amélie, Le)", "Untitled"]
    assert films["year"].isna().tolist() == [False, False, True]
    assert films["text"].tolist() == ["silent, bank", "From netflix.", ""]
    assert films["text_source"].tolist() == ["tags", "netflix", ""]
    assert data.catalog.categories == [("Comedy", "Drama"), (), ("Drama",)]
    assert data.interactions.frame["item_id"].tolist() == [2, 1], "oldest first"
    assert len(data.extras["tags"]) == 3


def test_lastfm_reads_both_encodings_and_quotes(mirror):
    mirror(
        "lastfm",
        {
            "artists.dat": 'id\tname\turl\tpictureURL\n1\tSigur "Rós\tu\tp\n2\tNULL\tu\t\n',
            "tags.dat": "tagID\ttagValue\r\n1\tcafé\r\n2\trock|pop\r\n".encode("latin-1"),
            "user_artists.dat": "userID\tartistID\tweight\r\n2\t1\t13883\r\n2\t2\t5\r\n",
            "user_taggedartists.dat": "userID\tartistID\ttagID\tday\tmonth\tyear\n"
            "2\t1\t1\t1\t4\t2009\n3\t1\t1\t1\t4\t1956\n2\t1\t2\t1\t4\t2009\n2\t9\t2\t1\t4\t2009\n",
        },
    )
    data = rd.datasets.load("lastfm")
    assert data.catalog.frame["title"].tolist() == ['Sigur "Rós', "NULL"]
    assert data.catalog.frame["text"].tolist() == ["café, rock|pop", ""]
    assert data.catalog.categories == [("café",), ()]
    assert data.interactions.frame["plays"].tolist() == [13883, 5]
    assert steps(data)["tag assignments of artists in the catalogue"] == 3


NEWS = "http://nemig_en.org/resource/"


def triples(*rows):
    lines = [
        f"<{NEWS}{s}> <{p}> "
        + (f"<{o[1:]}>" if o.startswith("@") else json.dumps(o, ensure_ascii=False).replace("\\n", "\n"))
        for s, p, o in rows
    ]
    return bz2.compress("".join(f"{line} .\n" for line in lines).encode())


def test_nemig(mirror):
    schema, wiki = "https://schema.org/", "@https://www.wikidata.org/wiki/"
    leaning = "http://nemig_en.org/property/political_orientation"
    graph = {
        "content_literals": triples(
            ("news_title_10", schema + "headline", 'Said "no"'),
            ("news_title_9", schema + "headline", "Nine"),
            ("news_abstract_10", schema + "abstract", "Two\nlines ."),
        ),
        "metadata_literals": triples(
            *((f"news_{n}", schema + "url", f"https://x/{n}") for n in (9, 10)),
            *((f"news_{n}", schema + "datePublished", "31.01.2021") for n in (9, 10)),
        ),
        "metadata_resources": triples(
            ("news_9", schema + "publisher", wiki + "Q1"), ("news_10", schema + "publisher", f"@{NEWS}Some_Paper")
        ),
        "sentiment_mapping": triples(
            *(
                (f"news_{n}", "http://nemig_en.org/property/sentiment", f"@{NEWS}news_sentiment_neutral")
                for n in (9, 10)
            )
        ),
        "subtopic_mapping": triples(
            ("news_9", schema + "about", f"@{NEWS}news_topic_-1"), ("news_10", schema + "about", f"@{NEWS}news_topic_2")
        ),
        "political_orientation_mapping": bz2.compress(
            f"<https://www.wikidata.org/wiki/Q1> <{leaning}> <{NEWS}o_left> .\n"
            f"<{NEWS}Some_Paper> <{leaning}> <{NEWS}o_right> .\n".encode()
        ),
    }
    mirror(
        "nemig",
        {f"nemig_en_base-instances_{part}.nt.bz2": body for part, body in graph.items()}
        | {
            "behaviors.tsv": "1\tU1\tnews_10 news_9 news_10\tnews_9-0 news_10-1\n"
            "2\tU1\tnews_10 news_9 news_10\tnews_9-1\n"
            "3\tU2\t\tnews_10-0\n",
            "disambiguated_publishers.csv": "news_outlet,entity,wikidata_id\ndaily,,Q1\nsome_paper,Some Paper,\n",
            "subtopic_annotations.csv": "id,topic,topic_label\n0,-1,rest\n1,2,border\n",
        },
    )
    data = rd.datasets.load("nemig")
    frame = data.catalog.frame.set_index("item_id")
    assert frame.index.tolist() == ["news_9", "news_10"], "by number, not by spelling"
    assert frame.loc["news_10", "title"] == 'Said "no"'
    assert frame.loc["news_10", "text"] == "Two\nlines ."
    assert data.catalog.categories == [(), ("border",)]
    assert frame["outlet"].tolist() == ["daily", "some_paper"]
    assert frame["orientation"].tolist() == ["left", "right"]
    assert frame["timestamp"].iloc[0] == pd.Timestamp("2021-01-31")
    assert data.interactions.frame["item_id"].tolist() == ["news_10", "news_9"]
    shown = data.extras["impressions"]
    assert shown["clicked"].tolist() == [False, True, True, False]
    assert shown["position"].tolist() == [1, 2, 1, 1]
    assert data.extras["users"] == ["U1", "U2"]


def test_ntriples_escapes_types_and_refusal(tmp_path):
    path = tmp_path / "a.nt.bz2"
    path.write_bytes(bz2.compress(b'# note\n<s> <p> "caf\\u00e9 \\"x\\"\\n"@fr .\n<s> <p> "1"^^<int> .\n'))
    assert [triple.object for triple in read_ntriples(path)] == ['café "x"\n', "1"]
    path.write_bytes(bz2.compress(b"<s> <p> <o> .\n<s> <p> oops .\n"))
    with pytest.raises(ValueError, match=r"not an N-Triples statement: '<s> <p> oops ."):
        list(read_ntriples(path))


# R data


class R:
    """Writes R's version-3 serialisation of one data frame, from its published grammar."""

    def __init__(self):
        self.symbols = []

    def integer(self, *values):
        return struct.pack(f">{len(values)}i", *values)

    def char(self, text):
        return self.integer(9, -1) if text is None else self.integer(0x8009, len(text.encode())) + text.encode()

    def symbol(self, name):
        if name in self.symbols:
            return self.integer((self.symbols.index(name) + 1) << 8 | 255)
        self.symbols.append(name)
        return self.integer(1) + self.char(name)

    def vector(self, values, attributes=None):
        flags = 0x300 if attributes else 0  # has attributes, has a class
        if all(isinstance(value, (str, type(None))) for value in values):
            body = self.integer(16 | flags, len(values)) + b"".join(map(self.char, values))
        elif all(isinstance(value, int) for value in values):
            body = self.integer(13 | flags, len(values), *values)
        else:
            body = self.integer(14 | flags, len(values)) + struct.pack(f">{len(values)}d", *values)
        return body + (self.pairs(attributes) if attributes else b"")

    def pairs(self, named):
        return b"".join(self.integer(0x402) + self.symbol(k) + v() for k, v in named.items()) + self.integer(254)

    def rda(self, name, columns, factor=()):
        def frame():
            body = self.integer(0x313, len(columns))
            for column, values in columns.items():
                levels = {"levels": lambda: self.vector(["no", "yes"]), "class": lambda: self.vector(["factor"])}
                body += self.vector(values, levels if column in factor else None)
            return body + self.pairs(
                {
                    "names": lambda: self.vector(list(columns)),
                    "class": lambda: self.vector(["data.frame"]),
                    "row.names": lambda: self.integer(238) + self.compact(len(next(iter(columns.values())))),
                }
            )

        head = b"RDX3\nX\n" + self.integer(3, 0x40000, 0x30500, 5) + b"UTF-8"
        return head + self.pairs({name: frame})

    def compact(self, count):
        info = self.integer(2) + self.symbol("compact_intseq") + self.integer(2) + self.symbol("base")
        info += self.integer(2) + self.vector([13]) + self.integer(254)
        return info + self.vector([float(count), 1.0, 1.0]) + self.integer(254)


def retail(**changes):
    columns = {
        "InvoiceNo": ["1", "1", "C2", "3", "4", "5", "6"],
        "StockCode": ["85123A", "10002", "10002", "10002", "POST", "10002", "85123A"],
        "Description": ["RED  MUG ", None, "TEA", "TEA", "POSTAGE", "TEA", "MUG, RED"],
        "Quantity": [6.0, 1.0, -1.0, 0.0, 1.0, 2.0, 1.0],
        "InvoiceDate": [1291191960.0] * 7,
        "UnitPrice": [2.5, 1.0, 1.0, 1.0, 18.0, 3.0, 0.0],
        "CustomerID": [17850.0, 17850.0, 1.0, 1.0, 1.0, 2.0, 2.0],
        "Country": ["France", None, "France", "France", "France", "France", "France"],
    }
    return R().rda("onlineretail", columns | changes)


def test_rda_reader_agrees_with_rdata(tmp_path):
    rdata = pytest.importorskip("rdata")
    columns = {"text": ["a", None, "é"], "real": [1.5, -2.0, 3.0], "whole": [1, -(2**31), 7], "yes": [2, 1, 2]}
    path = tmp_path / "x.rda"
    for pack in (lzma.compress, gzip.compress, bz2.compress, bytes):
        path.write_bytes(pack(R().rda("frame", columns, factor=("yes",))))
        mine, theirs = read_rda(path)["frame"], rdata.read_rda(path)["frame"]
        assert mine["text"].fillna("?").tolist() == ["a", "?", "é"] == theirs["text"].fillna("?").tolist()
        assert mine["real"].tolist() == theirs["real"].tolist() == columns["real"]
        assert mine["whole"].fillna(0).tolist() == [1, 0, 7] == theirs["whole"].fillna(0).tolist()
        assert mine["yes"].tolist() == ["yes", "no", "yes"] == theirs["yes"].tolist()


def test_rda_reader_refuses_in_one_sentence(tmp_path):
    path = tmp_path / "x.rda"
    path.write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"x.rda must be an R data file"):
        read_rda(path)
    whole = retail()
    for cut in (40, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="truncated"):
            read_rda(path)


def test_online_retail_rules_are_counted(mirror):
    mirror("online_retail", {"onlineretail.rda": lzma.compress(retail())})
    data = rd.datasets.load("online_retail")
    assert list(steps(data).values()) == [7, 7, 6, 5, 4, 3, 2, 2, 2]
    assert data.catalog.frame["title"].tolist() == ["Tea", "Red mug"]
    assert data.extras["baskets"]["lines"].tolist() == [2, 1]
    events = data.interactions.frame
    assert events["timestamp"].iloc[0] == pd.Timestamp("2010-12-01 08:26:00")
    assert events["quantity"].tolist() == [6, 1, 2]


def test_online_retail_drops_unknown_customers(mirror):
    nobody = float("nan")
    mirror("online_retail", {"onlineretail.rda": retail(CustomerID=[nobody, 1.0, 1.0, 1.0, 1.0, 2.0, nobody])})
    assert list(steps(rd.datasets.load("online_retail")).values())[:3] == [7, 5, 4]


# tagged text


def test_conll_blank_lines_tabs_and_several_tags(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Pixel\tB-product,B-corporation\n6\tI-product\n\t\n\n他\tO\r\n", encoding="utf-8")
    assert read_conll(path) == [(["Pixel", "6"], ["B-corporation", "I-product"]), (["他"], ["O"])]
    path.write_text("word\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a.txt: line 1 must be a word, a tab and a tag"):
        read_conll(path)


@pytest.mark.parametrize("name", ["crossner_music", "wnut17"])
def test_conll_sets(mirror, name):
    mirror(
        name,
        {
            f"{split}.txt": "The\tO\nBeatles\tB-band\n\nHelp\tB-album\n!\tI-album\n"
            for split in ("train", "dev", "test")
        },
    )
    data = rd.datasets.load(name)
    assert len(data.catalog) == 6
    assert data.catalog.frame["text"].iloc[0] == "The Beatles"
    assert data.extras["tags"] == ["B-album", "B-band", "I-album", "O"]
    assert data.extras["splits"]["dev"][1] == (["Help", "!"], ["B-album", "I-album"])


def test_dsner_joins_characters_and_keeps_distant_tags_apart(mirror):
    tagged = "买\tO\n大\tB-cp\n米\tI-cp\n"
    mirror("dsner", {f"{s}.txt": tagged for s in ("train", "dev", "test")} | {"ds_pa.txt": "想\tUNK\n米\tB-cp\n"})
    data = rd.datasets.load("dsner")
    assert data.catalog.frame["text"].tolist() == ["买大米"] * 3 + ["想米"]
    assert data.extras["splits"]["ds_pa"] == [(["想", "米"], ["UNK", "B-cp"])]
    assert data.extras["kinds"]["cp"] == "product"


def product_document(text, *spans):
    mentions = [{"span": {"start": s, "end": e}, "type": kind} for s, e, kind in spans]
    return json.dumps({"text": {"string": text}, "conceptMentions": {"array": mentions}}, indent=2)


def test_dfki_spans_become_tags(mirror):
    text = "Roxy carry-on suitcase\n\nby Acme."
    spans = [(0, 4, "organization"), (0, 22, "product"), (27, 31, "organization"), (24, 26, "trigger")]
    documents = product_document(text, *spans) + "\n" + product_document("Plain")
    relation = json.dumps(
        {
            "id": "r",
            "tokens": ["a", "b"],
            "label": "no_relation",
            "entities": [[1, 2], [0, 1]],
            "type": ["PRODUCT", "ORGANIZATION"],
        }
    )
    files = {f"{s}.json.gz": gzip.compress(documents.encode()) for s in ("train", "dev", "test")}
    mirror(
        "dfki_product", files | {f"{s}.jsonl.gz": gzip.compress(relation.encode()) for s in ("train", "dev", "test")}
    )
    data = rd.datasets.load("dfki_product")
    train = data.extras["splits"]["train"]
    assert train[0] == (["Roxy", "carry", "-", "on", "suitcase"], ["B-Product"] + ["I-Product"] * 4)
    assert train[1] == (["by", "Acme", "."], ["O", "B-Organization", "O"])
    assert train[2] == (["Plain"], ["O"])
    assert steps(data)["train: published spans"] == 3
    assert steps(data)["train: outermost spans"] == 2
    assert data.extras["relations"]["organization"].tolist() == [(0, 1)] * 3
    names_only = rd.datasets.load("dfki_product", kinds=["organization"])
    assert names_only.extras["splits"]["train"][0][1][0] == "B-Organization"
    with pytest.raises(ValueError, match=r"kinds must be among product, organization, got \['brand'\]"):
        rd.datasets.load("dfki_product", kinds=["brand"])


def test_outermost_and_neighbours():
    assert outermost([(0, 5, "organization"), (0, 5, "product")]) == [(0, 5, "product")]
    assert outermost([(0, 5, "product"), (3, 12, "product")]) == [(3, 12, "product")], "of overlapping ones the longer"
    assert tag_line("ab cd", 10, [(10, 12, "product"), (13, 15, "product")])[1] == ["B-Product", "B-Product"]
    assert tag_line("prefixed word", 0, [(3, 13, "product")])[1] == ["B-Product", "I-Product"], "whole words"


# people's judgements


def test_human_diversity(mirror):
    head = "sample_id,context,label_value,label_name,resp_0,resp_1"
    mirror(
        "human_diversity",
        {
            "LICENSE": "MIT",
            "with_metrics/McDiv/mcdiv_all_no_hds_prompt_gen.csv": f"{head},metric_SD\nt1,Not if it,1.0,c,a,b,2.5\n",
            "with_metrics/conTest/con_test_200_with_hds_story_gen.csv": f"{head},metric_abs_hds_mean,"
            "metric_abs_hds_std,metric_SD\nt2,null,0.0,c,a,NA,4.5,0.5,1.5\n",
        },
    )
    data = rd.datasets.load("human_diversity")
    sets = data.extras["sets"]
    assert sets["responses"].tolist() == [["a", "b"], ["a", "NA"]]
    assert sets["context"].tolist() == ["Not if it", "null"]
    assert sets["item_ids"].tolist() == [["response-0", "response-1"], ["response-0", "response-2"]]
    assert sets["human_mean"].tolist()[1] == 4.5
    assert sets["human_mean"].isna().tolist() == [True, False]
    assert sets["task"].tolist() == ["prompt_gen", "story_gen"]
    assert data.extras["published_metrics"]["metric_SD"].tolist() == [2.5, 1.5]


def test_human_ils(mirror):
    pytest.importorskip("pyarrow")

    def parquet(**columns):
        buffer = io.BytesIO()
        pd.DataFrame(columns).to_parquet(buffer)
        return buffer.getvalue()

    lists = {"items": [["A", "B"]], "set_id": ["s1"], "ILS_published": [0.4]}
    mirror(
        "human_ils",
        {
            "items.parquet": parquet(
                title=["A", "B"],
                text=["About a.", None],
                tags=[None, "dark; slow"],
                text_source=["netflix", None],
                category=["Drama", None],
                source_item_id=["1", "2"],
            ),
            "lists.parquet": parquet(**lists),
            "ratings.parquet": parquet(**lists, participant=["m1"]),
        },
    )
    data = rd.datasets.load("human_ils")
    assert data.catalog.frame["text"].tolist() == ["About a.", "dark, slow"]
    assert data.catalog.frame["text_source"].tolist() == ["netflix", "tags"]
    assert data.extras["lists"]["item_ids"].tolist() == [["film-0", "film-1"]]


def test_human_music(mirror):
    def answers(prefix):
        return ",".join(f"{prefix}{n}" for n in range(1, 5)) + "\nList A,List B,I don't know,List A\n"

    people = "Country,Continent,Gender\n" + "US ,North America,Male\n" * 32
    sound = "danceable\n" + "".join(f"0.{n:02}\n" for n in range(32))
    low = "loud\n" + "1\n" * 32
    mirror(
        "human_music",
        {
            "ARTIST/ArtistDiversityAnswers.csv": answers("AD"),
            "TRACK/TrackVarietyAnswers.csv": answers("TV"),
            "BOTH/MixedAnswers.csv": answers("MIX"),
            "ARTIST/ArtistsFeatures_20201105.csv": people,
            "BOTH/ArtistsFeatures_20201202.csv": people,
            "TRACK/FeatHigh_20210113.csv": sound,
            "TRACK/FeatLow_20210113.csv": low,
            "BOTH/FeatHigh_20210113.csv": sound,
            "BOTH/FeatLow_20210113.csv": low,
        },
    )
    data = rd.datasets.load("human_music")
    assert len(data.catalog) == 96
    assert data.catalog.frame.loc[0, "text"] == "Male artist from US, North America"
    assert data.catalog.frame["list"].tolist()[:8] == ["A"] * 4 + ["B"] * 4
    assert data.extras["answers"]["answer"].tolist()[:4] == ["A", "B", "unsure", "A"]
    assert len(data.extras["sound"]) == 64
    assert data.extras["sound"].set_index("item_id").loc["TV2-0", "danceable"] == 0.08


def test_more_like_this(mirror, streaming):
    mirror(
        "more_like_this",
        {
            "ratings.tsv": "title_1\tyear_1\ttitle_2\tyear_2\trating\n"
            "amelie\t2001\tnan\t1999\tOK\nnan\t1999\tx\t2\tNOT_OK\n"
        },
    )
    data = rd.datasets.load("more_like_this")
    assert data.catalog.frame["item_id"].tolist() == ["amelie (2001)", "nan (1999)", "x (2)"]
    assert data.catalog.frame["text"].iloc[0] == "From netflix."
    assert data.extras["pairs"]["similar"].tolist() == [True, False]


def test_sts_drops_unscored_pairs_and_counts_them(mirror):
    files = (
        "2013.headlines",
        "2014.headlines",
        "2015.headlines",
        "2016.headlines",
        "2014.images",
        "2015.images",
        "2014.tweet-news",
    )
    mirror("sts", {f"{name}.tsv": f'4.5\tA "cat\tA {name}\n' + "\tx\ty\n" * (name[:4] > "2014") for name in files})
    data = rd.datasets.load("sts")
    assert steps(data)["pairs as published"] == 10
    assert steps(data)["pairs with a score"] == 7
    pairs = data.extras["pairs"]
    assert pairs["score"].tolist() == [4.5] * 7
    assert pairs["item_1"].nunique() == 1, "one sentence, one item"


# texts


def test_ag_news(mirror):
    mirror("ag_news", {"test.csv": '"3","Fears ""rise""","A\\second  #36;10 &lt;b&gt;"\n"1","null","NA"\n'})
    data = rd.datasets.load("ag_news")
    assert data.catalog.frame["title"].tolist() == ['Fears "rise"', "null"]
    assert data.catalog.frame["text"].tolist() == ["A second $10 <b>", "NA"]
    assert data.catalog.categories == [("Business",), ("World",)]


def test_wikitext2(mirror):
    page = "\ufeff \n = Tea = \n \n A drink . \n = = Kinds = = \n Green , 2 = two . \n"
    mirror("wikitext2", {"valid.txt": page, "test.txt": page})
    data = rd.datasets.load("wikitext2")
    assert data.catalog.frame["text"].tolist() == ["A drink .", "Green , 2 = two ."] * 2
    assert set(data.catalog.frame["title"]) == {"Tea"}
    assert steps(data)["test: words"] == 17


def test_xmind_reads_inside_the_zip(mirror, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xMINDsmall_dev/news.tsv", 'nid\ttitle\tabstract\nN1\t新"聞\t\nN2\tNA\t文\n')
    mirror("xmind_zh", {"xMINDsmall_dev.zip": buffer.getvalue()})
    data = rd.datasets.load("xmind_zh")
    assert data.catalog.frame["title"].tolist() == ['新"聞', "NA"]
    assert data.catalog.frame["text"].tolist() == ["", "文"]
    monkeypatch.setattr("recdiv.datasets.xmind_zh._LIMIT", 10)
    with pytest.raises(ValueError, match="unpacks to more than 10 bytes"):
        rd.datasets.load("xmind_zh")


def test_check_records_counts_and_fails_on_a_difference(mirror, streaming, monkeypatch, tmp_path, capsys):
    from recdiv.datasets import check

    monkeypatch.setattr(check, "names", lambda: ["human_ils", "streaming"])  # the first is in nobody's reach here
    monkeypatch.setitem(check.EXPECTED, "streaming", {"items": 6, "films": 5})
    output = tmp_path / "results" / "datasets.json"
    check.main(output)
    sets = json.loads(output.read_text("utf-8"))["sets"]
    assert (sets["streaming"]["items"], sets["streaming"]["events"], sets["streaming"]["problems"]) == (6, None, [])
    assert len(sets["streaming"]["sha256"]) == 4
    assert "cannot be downloaded" in sets["human_ils"]["skipped"]
    monkeypatch.setitem(check.EXPECTED, "streaming", {"items": 7})
    with pytest.raises(SystemExit, match="1"):
        check.main(output)
    assert "items is 6, expected 7" in capsys.readouterr().out


def test_every_dataset_says_what_was_done_under_which_licence(mirror, streaming):
    data = rd.datasets.load("streaming")
    assert {"cleaning", "licence", "citation"} <= set(data.extras)
    assert data.name == "streaming"
    assert data.latent is None
