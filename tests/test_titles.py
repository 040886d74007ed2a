"""What a title says of other films: constructed titles with known answers."""

import pytest

from recdiv._titles import edition_key, remakes, series, without_edition


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Canvas - Extended Edition", "Canvas"),
        ("An Asset for Mateo (Director's Cut)", "An Asset for Mateo"),
        ("Human Resources: Restored Edition", "Human Resources"),
        ("Nest at Aldersund 4K", "Nest at Aldersund"),
        ("The Bellhaven Otter (Remastered)", "The Bellhaven Otter"),
        ("Table: A Year at Bellhaven: The Second Season", "Table: A Year at Bellhaven"),
        ("House of Okafor: Season Two", "House of Okafor"),
        ("The Season", "The Season"),
        ("Season Two", "Season Two"),  # nothing would be left
        ("Saw II", "Saw II"),  # a sequel is no edition
    ],
)
def test_words_of_an_edition_are_left_out(title, plain):
    assert without_edition(title) == plain
    assert edition_key(title) == edition_key(plain)


def test_a_remake_has_the_same_title_whatever_stands_in_brackets():
    assert remakes(["Shame (Skammen)", "Shame", "Shameless"]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    "titles",
    [
        ["Saw", "Saw IV"],
        ["Kill Bill: Vol. 1", "Kill Bill: Vol. 2"],
        ["Friday the 13th", "Friday the 13th Part VII: The New Blood"],
        ["Thor", "Thor: The Dark World"],
        ["Star Wars: Episode IV - A New Hope", "Star Wars: The Clone Wars"],
        ["Harry Potter and the Goblet of Fire", "Harry Potter and the Chamber of Secrets"],
        ["The Godfather", "The Godfather: Part II"],
        ["Spy Kids 2: Island of Lost Dreams", "Spy Kids"],
        ["toy story 4", "toy story"],
        ["psycho iii", "psycho"],
        ["Mission: Impossible II", "Mission: Impossible"],
    ],
)
def test_these_are_of_a_series(titles):
    assert len(set(series(titles).tolist())) == 1


@pytest.mark.parametrize(
    "titles",
    [
        ["Alien", "Prometheus"],  # told by no rule of titles
        ["Malcolm X", "Project X"],
        ["Bunny", "Bunny and the Bull"],
        ["Thor: The Dark World", "Thor Heyerdahl"],
        ["Paris: A Song", "Paris: The End"],  # one word before a mark that is no number, and no film of that name
        ["Super 8", "District 9"],
    ],
)
def test_these_are_not(titles):
    assert len(set(series(titles).tolist())) == len(titles)


def test_a_series_is_joined_through_its_first_film():
    found = series(["Star Trek", "Star Trek: The Motion Picture", "Star Trek III: The Search for Spock", "Up"])
    assert found.tolist() == [0, 0, 0, 1]
