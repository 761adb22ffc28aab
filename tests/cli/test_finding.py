"""Which volume or instance is meant by a word: its id, or else its name; and the nearest where there is none."""

import pytest

from ebs_backup_cli.backups.finding import find, find_one
from ebs_backup_cli.errors import CommandError

NAMES = {
    "vol-0db1": "db-1 data",
    "vol-0db2": "web",
    "vol-0db3": "web",
    "vol-0db4": "",
}


def nearest(word: str) -> str:
    with pytest.raises(CommandError) as caught:
        find(word, NAMES)
    return caught.value.advice


def test_an_id_is_meant_before_a_name_that_is_the_same() -> None:
    assert find("vol-0db1", NAMES | {"vol-0db4": "vol-0db1"}) == ["vol-0db1"]


def test_several_volumes_of_one_name_are_named_where_one_is_wanted() -> None:
    assert find("web", NAMES) == ["vol-0db2", "vol-0db3"]
    with pytest.raises(CommandError) as caught:
        find_one("web", NAMES)
    assert caught.value.message == "2 volumes have the name 'web': vol-0db2, vol-0db3."


def test_an_id_is_near_only_to_what_looks_like_one() -> None:
    assert nearest("db") == "Did you mean 'db-1 data'?"
    assert nearest("vol-0db").startswith("Did you mean 'vol-0db1', ")
    assert nearest("zzz") == "`ebs-backup list` shows all."
