"""README's picture: small, and compared by its numbers."""

import re

import picture


def test_it_is_small_and_its_coordinates_are_rounded():
    text = picture.picture()
    assert text.count("\n") < 100
    assert not re.search(r"\d\.\d\d", text.partition("</style>")[2])


def test_it_shows_a_mixture_and_a_single_point():
    paths = re.findall(r'<polyline(?: class="(.)")? points="([^"]+)"', picture.picture())
    assert [kind for kind, _ in paths].count("g") == 4
    assert [kind for kind, _ in paths].count("o") == 1
    assert len(paths) == 16


def test_pictures_are_compared_by_their_numbers():
    one = '<path d="M1.0 2.0L3.5 4.0"/>'
    assert picture.same_picture(one, one.replace("3.5", "3.6"))
    assert not picture.same_picture(one, one.replace("3.5", "4.5"))
    assert not picture.same_picture(one, one.replace("path", "line"))
    assert not picture.same_picture(one, one.replace("L3.5 4.0", ""))
