"""Selection: a tag selects only when it matches exactly; the mail names volumes whose tag is only similar."""

import pytest

from ebs_backup.model import Instance, Volume
from ebs_backup.selection import Selection, select
from tests.unit.builders import a_volume, settings


def chosen(*volumes: Volume, **instances: Instance) -> Selection:
    """Select among volumes of the instance `i-07aa`, known as `i07aa` here."""
    return select(volumes, {"i-07aa": instances.get("i07aa", Instance())}, settings())


def test_only_the_exact_tag_selects() -> None:
    found = chosen(a_volume(id="vol-1"), a_volume(id="vol-2", name="log", tags={"Backup": "no"}))

    assert list(found.volumes) == ["vol-1"]
    assert found.names == {"vol-1": "web-1 data", "vol-2": "log"}


@pytest.mark.parametrize(
    "tags",
    [
        {"backup": "true"},
        {"BACKUP": "True"},
        {" Backup": "true "},
        {"Backup": "tr ue"},
        {"Back up": "TRUE\t"},
    ],
)
def test_a_tag_that_differs_by_case_or_white_space_is_a_near_miss(tags: dict[str, str]) -> None:
    found = chosen(a_volume(tags=tags))

    (miss,) = found.near_misses
    ((key, value),) = tags.items()
    assert miss.why == f"its tag is {key!r}={value!r}"
    assert not found.volumes


@pytest.mark.parametrize("tags", [{"Backup": "false"}, {"Backup": ""}, {"Backups": "true"}, {}])
def test_a_tag_that_says_something_else_is_none(tags: dict[str, str]) -> None:
    assert chosen(a_volume(tags=tags)).near_misses == ()


def test_a_volume_of_an_instance_that_carries_the_tag_is_a_near_miss_unless_left_out_on_purpose() -> None:
    forgotten = a_volume(id="vol-1", tags={}, instance_name="db-1")
    on_purpose = a_volume(id="vol-2", tags={"Backup": "no"})

    found = chosen(forgotten, on_purpose, i07aa=Instance(name="db-1", tag="true"))

    assert {miss.volume.id: miss.why for miss in found.near_misses} == {
        "vol-1": "the tag is on its instance db-1 (i-07aa), not on the volume"
    }


@pytest.mark.parametrize("tag", [None, "True", "no"])
def test_an_instance_with_another_tag_says_nothing_of_its_volumes(tag: str | None) -> None:
    assert chosen(a_volume(tags={}), i07aa=Instance(tag=tag)).near_misses == ()


def test_a_volume_that_ec2_has_lost_is_still_selected_so_that_the_run_tells_it() -> None:
    assert "vol-1" in chosen(a_volume(id="vol-1", state="error")).volumes


def test_volumes_that_carry_tags_of_a_snapshot_are_known() -> None:
    spreads = a_volume(id="vol-1", tags={"ebs-backup:run": "x"})

    assert chosen(spreads, a_volume(id="vol-2")).spreading == {"vol-1"}


def test_a_volume_that_is_listed_twice_is_selected_once() -> None:
    """Pages shift when a volume is made or deleted between two of them."""
    found = chosen(
        a_volume(id="vol-1"), a_volume(id="vol-1"), *[a_volume(id="vol-2", tags={"backup": "true"})] * 2
    )

    assert (len(found.volumes), len(found.near_misses)) == (1, 1)
