"""README's picture is small and shows what it says."""

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
