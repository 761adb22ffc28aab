"""What a mail asks a person to look at, and what it only mentions."""

import json
from dataclasses import replace

from ebs_backup.model import Failure, Fate
from ebs_backup.report.data import answer
from ebs_backup.report.render import render
from ebs_backup.volume_outcome import VolumeOutcome
from tests.unit.builders import a_failure, a_volume, altered, an_outcome
from tests.unit.outcomes import HOLDINGS
from tests.unit.report.examples import (
    GONE,
    NEAR,
    RETIRED,
    Golden,
    a_good_one,
    expired,
    one_that_an_ami_uses,
    point,
    text,
    unwrapped,
)


def test_near_misses_skipped_volumes_and_bad_tags_are_told(golden: Golden) -> None:
    bad = Failure(
        resource="vol-0a000199fe01c2d4e",
        action="read a tag of the volume",
        code="InvalidTag",
        message="'ebs-backup:keep-day' must be a whole number from 1 to 1000, got 'four'",
        advice="Correct the tag or remove it; until then the set's own keep_day=4 applies.",
    )
    skipped = VolumeOutcome(
        volume=a_volume(id="vol-0d000199fe01c2d4e", name="tmp"), skipped="until 2026-12-24"
    )
    outcome = an_outcome(
        altered(a_good_one(1, "db-1 data"), checks=(bad,)), skipped, near_misses=NEAR, holdings=HOLDINGS
    )

    mail_ = render(outcome)

    golden("near-misses.txt", text(mail_))


def test_without_the_names_of_the_instances_the_mail_says_what_it_lacks() -> None:
    lookup_failure = a_failure(resource="instances", action="list the tags of the instances")

    mail_ = render(replace(an_outcome(a_good_one(1, "db-1")), lookup_failure=lookup_failure))

    assert mail_.subject == ("[CHECK] 1 to check; 1 created, 1 expired (EBS day, eu-west-1)")
    assert "TO CHECK  1\n- instances\n  could not list the tags of the instances\n" in mail_.body


def test_what_the_limit_deferred_asks_for_a_look(golden: Golden) -> None:
    """A mistyped keep deletes slowly, so a person can notice it; but only if the mail looks different."""
    volumes = [a_good_one(1, "db-1 data"), a_good_one(2, "web-1 root"), a_good_one(3, "app")]
    later = [
        expired(point(volumes[number].volume.id, age, name=name), "beyond keep_day=1", Fate.DEFERRED)
        for number, age, name in (
            (0, 9, "db-1 data"),
            (0, 8, "db-1 data"),
            (0, 7, "db-1 data"),
            (1, 7, "web-1"),
        )
    ]
    outcome = an_outcome(
        replace(volumes[0], decisions=(*volumes[0].decisions, *later[:3])),
        replace(volumes[1], decisions=(*volumes[1].decisions, later[3])),
        volumes[2],
        retired=(expired(point("vol-0dead", 90, name="gone"), "gone for 90 days", Fate.DEFERRED),),
    )

    mail_ = render(outcome)

    golden("left.txt", text(mail_))


def test_what_is_deferred_by_a_volumes_own_tag_is_not_blamed_on_the_setting_alone() -> None:
    deferred = expired(point("vol-1", 9), "beyond its tag ebs-backup:keep-day=1", Fate.DEFERRED)

    mail_ = render(an_outcome(replace(a_good_one(1, "db"), decisions=(deferred,))))

    assert "A volume's own count is its tag ebs-backup:keep-day." in unwrapped(mail_.body)
    assert "`npx cdk deploy`" in unwrapped(mail_.body)


def test_a_volume_that_lost_its_tag_asks_for_a_look_until_it_is_old_news() -> None:
    """Somebody's deployment drops the tag, and the backups stop without a failure."""
    lost = replace(RETIRED, lately=True)

    mail_ = render(an_outcome(a_good_one(1, "db-1 data"), unselected=(lost, RETIRED, GONE)))

    assert mail_.subject == ("[CHECK] 1 volume deselected; 1 created, 1 expired (EBS day, eu-west-1)")
    assert mail_.attributes["status"] == "CHECK"
    assert "DESELECTED  1 volume" in mail_.body
    assert "NO LONGER BACKED UP  2 volumes\n" in mail_.body
    assert mail_.body.count("- old web\n") == 2  # one volume each


def test_a_snapshot_that_an_ami_uses_is_normal(golden: Golden) -> None:
    mail_ = render(an_outcome(one_that_an_ami_uses(1, "golden root"), a_good_one(2, "web-1 root")))

    golden("in-use.txt", text(mail_))


def test_thousands_of_snapshots_that_aws_keeps_stay_a_short_table_and_a_short_answer() -> None:
    held = a_good_one(1, "golden")
    many = tuple(
        expired(point("vol-1", age), f"beyond keep_day=4, but used by ami-{age % 40:04x}", Fate.UNDELETABLE)
        for age in range(15_000)
    )
    outcome = an_outcome(replace(held, decisions=many))

    mail_ = render(outcome)

    assert mail_.subject == "[OK] 1 created, 0 expired (EBS day, eu-west-1)"
    assert "KEPT BY AWS  15,000 snapshots" in mail_.body
    assert "\n- 375 snapshots used by ami-0000\n" in mail_.body
    assert "\n... and 20 more\n" in mail_.body
    assert len(mail_.body) < 4000
    assert len(json.dumps(answer(outcome))) < 6000
