import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence.sources import all_sources, cited, source_of, spellings


def test_every_source_is_named_by_author_and_year_and_has_a_citation():
    for key, source in all_sources().items():
        assert key == source.key
        assert source.citation.endswith(".")
        if key != "whichmin":
            assert key[:-4].isalpha()
            assert key[-4:] in source.short
            assert f"{key[-4:]}" in source.citation
    assert sorted(s.formerly for s in all_sources().values() if s.formerly) == [
        "000", "001", "002", "003", "004",
    ]  # fmt: skip


def test_a_place_is_cited_and_found():
    assert source_of("ghosh2025").short == "Ghosh et al. 2025"
    assert cited("ghosh2025") == "Ghosh et al. 2025"
    assert cited("ghosh2025, Theorem 1") == "Ghosh et al. 2025, Theorem 1"
    assert spellings("ghosh2025, abstract") == (
        "ghosh2025, abstract", "Ghosh et al. 2025, abstract", "002, abstract",
    )  # fmt: skip
    assert spellings("dinh2017") == ("dinh2017", "Dinh et al. 2017")


@pytest.mark.parametrize("place", ["000, Key Points", "ghosh2025 Theorem 1", ""])
def test_an_unknown_key_is_refused(place):
    with pytest.raises(InputError, match="must begin with one of: whichmin, ghosh2025, "):
        source_of(place)
