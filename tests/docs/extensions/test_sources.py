"""Sources are cited by author and year."""

import pytest
import sources

from whichmin.errors import InputError


def test_a_source_is_cited_by_author_and_year_with_a_link():
    link, place = sources.citation("keskar2017, abstract")
    assert (link.astext(), link["key"]) == ("Keskar et al. 2017", "keskar2017")
    assert place.astext() == ", abstract"


def test_an_unknown_source_is_an_error():
    with pytest.raises(InputError, match="source = 'nobody1999'"):
        sources.citation("nobody1999")


def test_results_of_this_project_cite_nothing():
    (text,) = sources.citation("whichmin")
    assert not isinstance(text, sources.Citation)
    assert text.astext() == "whichmin"
