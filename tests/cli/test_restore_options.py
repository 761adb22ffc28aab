"""What `ebs-backup restore` can be asked to do otherwise, and what it refuses before anything is made."""

import pytest

from tests.cli.backups import KINDS, Backups, backups
from tests.cli.conftest import REGION, Command
from tests.cli.restored import restored

__all__ = ["backups"]  # a fixture


@pytest.mark.parametrize(
    ("flags", "tag", "said"),
    [
        (("--backed-up",), "true", "Backed up by set 'default': with the tag Backup=true."),
        (("--not-backed-up",), None, "Not backed up: without the tag Backup=true."),
        ((), "true", "Backed up by set 'default': with the tag Backup=true, which is the default"),
    ],
)
def test_whether_it_is_backed_up_is_as_the_operator_says(
    command: Command, backups: Backups, flags: tuple[str, ...], tag: str | None, said: str
) -> None:
    backups.make("web")
    backups.run()

    done = command("restore", "web", "--yes", "--json", *flags)

    assert backups.tags(restored(done)).get("Backup") == tag
    assert done.json["notes"][0].startswith(said)
    assert done.json["backed_up"] is (tag == "true")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--zone", f"{REGION}c"), {"zone": f"{REGION}c"}),
        (("--size", "200"), {"size_gib": 200, "iops": 4000}),
        (("--type", "gp2"), {"type": "gp2", "iops": None, "throughput": None}),
        (("--type", "st1", "--size", "125"), {"type": "st1", "iops": None, "size_gib": 125}),
        (("--type", "io2"), {"type": "io2", "iops": 4000, "throughput": None}),
        (("--iops", "5000", "--throughput", "300"), {"iops": 5000, "throughput": 300}),
    ],
)
def test_options_change_what_is_made(
    command: Command, backups: Backups, arguments: tuple[str, ...], expected: dict[str, object]
) -> None:
    backups.make("web", **KINDS["gp3"])
    backups.run()

    (volume,) = command("restore", "web", "--yes", "--json", *arguments).json["volumes"]

    assert {key: volume[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--zone", f"{REGION}z"), f"There is no zone '{REGION}z' here."),
        (("--size", "99"), "has at least 100 GiB, got --size 99."),
        (("--type", "gp5"), "There is no volume type 'gp5'."),
        (("--type", "st1"), "A volume of type st1 has at least 125 GiB, this one would have 100."),
        (("--type", "gp2", "--iops", "5000"), "A volume of type gp2 takes no IOPS."),
        (("--type", "io2", "--throughput", "300"), "A volume of type io2 takes no throughput."),
        (
            ("--type", "st1", "--size", "125", "--throughput", "300"),
            "A volume of type st1 takes no throughput.",
        ),
        (("--at", "yesterday"), "--at must be a day such as 2026-11-20"),
        (("--at", "2026-11-31"), "--at must be a day such as 2026-11-20"),
        (("--at", "2026-11-20"), "has no completed restore point that began before 2026-11-21 00:00Z"),
        (("--period", "month"), "has no completed restore point of period month."),
        (("--snapshot", "snap-1", "--period", "day"), "--snapshot names one restore point"),
        (("--mix",), "--mix is for --instance"),
        (("--instance", "i-1"), "Both a volume and --instance are named."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    command: Command, backups: Backups, arguments: tuple[str, ...], said: str
) -> None:
    old = backups.make("web", **KINDS["gp3"])
    backups.run()

    done = command("restore", "web", "--yes", *arguments)

    assert done.status == 2
    assert said in done.err
    assert backups.ids() == {old}


def test_a_zone_that_is_gone_is_asked_for_with_those_that_there_are(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.tag(made[old], **{"ebs-backup:source": f"volume={old} zone={REGION}z type=gp3 size=8"})

    done = command("restore", "web", "--yes")

    assert done.err.splitlines() == [
        f"ebs-backup: There is no zone '{REGION}z' here.",
        f"Add --zone with one of {REGION}a, {REGION}b, {REGION}c: that of the instance that it will be on.",
    ]
