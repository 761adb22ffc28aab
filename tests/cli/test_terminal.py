"""The picture of the command: drawn anew it is the same, small, and fetches nothing."""

import re
import xml.etree.ElementTree as ET

from tests.infra.conftest import ROOT
from tools.terminal import PICTURE, picture


def test_what_the_picture_shows_is_what_the_command_prints() -> None:
    assert picture() == (ROOT / PICTURE).read_text(encoding="utf-8"), "make terminal"


def test_the_picture_is_small_and_fetches_nothing() -> None:
    drawn = (ROOT / PICTURE).read_bytes()

    assert len(drawn) < 60_000
    assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
    assert re.findall(rb"url\((?!#)|href|http:(?!//www\.w3\.org/2000/svg)|https:", drawn) == []
