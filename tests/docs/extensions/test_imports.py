"""The drawing of the architecture comes from the imports."""

import xml.etree.ElementTree as ET

import imports
import pytest

from whichmin.verification.topics import TOPICS


def test_rooms_that_must_not_know_each_other_have_no_arrow():
    found = imports.arrows()
    for here, there in found:
        assert not (here.startswith("core") and there.startswith("symbolic"))
        assert not (here.startswith("symbolic") and there.startswith("core"))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("verification topics", "symbolic topics"),
        ("verification topics", "core topics"),
        ("verification topics", "verification/evidence"),
        ("core/training", "core/engines"),
        ("front door", "core/training"),
    ],
)
def test_arrows_that_must_be_there(here, there):
    assert imports.arrows()[here, there] > 0


def test_the_drawing_names_every_topic_and_every_box():
    root = ET.fromstring(imports.drawing())
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert set(TOPICS) <= set(texts)
    assert {"evidence", "provers", "oracle", "training", "engines", "instruments"} <= set(texts)


def test_a_module_belongs_to_a_box():
    assert imports._part("whichmin.core.hessian") == "core topics"
    assert imports._part("whichmin.core.training.run") == "core/training"
    assert imports._part("whichmin.verification.topics.noise.limits") == "verification topics"
    assert imports._part("whichmin.symbolic.derivation") == "symbolic workshop"
    assert imports._part("whichmin.errors") is None
    assert imports._part("whichmin.cli.train") == "front door"
