"""junit.xml read back, valid and with counts that are true."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lxml import etree

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "data" / "junit.xsd"))


def read(text: Iterable[str]) -> etree._Element:
    """The document, of its text or pieces of it, valid, with counts that are true."""
    root = etree.fromstring("".join(text).encode())
    SCHEMA.assertValid(root)
    for suite in [root, *root]:
        for count, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(suite.get(count)) == len(suite.findall(f".//{tag}"))
    return root


def outcomes(root: etree._Element) -> dict[str, list[str]]:
    return {
        f"{test.get('classname')}/{test.get('name')}": [child.tag for child in test]
        for test in root.iter("testcase")
    }
