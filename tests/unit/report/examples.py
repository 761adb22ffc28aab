"""Volumes as a run leaves them, for the tests of the report; and a mail as the golden files hold it."""

from collections.abc import Callable
from dataclasses import replace

from ebs_backup.aws.errors import AwsError, Kind, advice
from ebs_backup.inventory import Unselected
from ebs_backup.model import Decision, Failure, Fate, Snapshot
from ebs_backup.names import Period
from ebs_backup.report.text import Mail
from ebs_backup.selection import NearMiss
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import a_decision, a_failure, a_snapshot, a_volume, altered, an_outcome_of

Golden = Callable[[str, str], None]


def real_advice(code: str) -> str:
    return advice(AwsError(kind=Kind.REJECTED, code=code, message=""))


UNAUTHORIZED = a_failure(
    resource="vol-0b1c22d3e4f5a6b70",
    message="You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/ebs-backup/f"
    " is not authorized to perform: ec2:CreateSnapshot with an explicit deny in a service control policy. Encoded"
    " authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmnopqrstuvwxyz",
    advice=real_advice("UnauthorizedOperation"),
)


def point(
    volume: str, days_ago: float, *, period: Period = Period.DAY, state: str = "completed", name: str = ""
) -> Snapshot:
    """Make the snapshot of a volume's run of so many days ago, under an id as EC2 gives them."""
    return a_snapshot(
        id=f"snap-0{int(days_ago * 10):04x}{volume[-12:]}",
        volume_id=volume,
        period=period,
        days_ago=days_ago,
        state=state,
        name=name,
    )


def kept(*snapshots: Snapshot) -> tuple[Decision, ...]:
    return tuple(a_decision(snapshot, f"{rank} of 4") for rank, snapshot in enumerate(snapshots, start=1))


def expired(snapshot: Snapshot, reason: str = "beyond keep_day=4", fate: Fate = Fate.EXPIRED) -> Decision:
    return a_decision(snapshot, reason, fate)


def a_good_one(
    number: int,
    name: str,
    *,
    size: int = 100,
    days_ago: int = 6,
    when: Made = Made.NOW,
    fate: Fate = Fate.EXPIRED,
) -> VolumeOutcome:
    """Make a volume that got its snapshot, keeps four and lets its oldest go."""
    id_ = f"vol-0a{number:04x}99fe01c2d4e"
    made, *older = [point(id_, age, name=name) for age in (0, 1, 2, 3)]
    oldest = expired(point(id_, days_ago, name=name), fate=fate)
    return VolumeOutcome(
        volume=a_volume(id=id_, name=name, size=size),
        made=made,
        when=when,
        decisions=(*kept(made, *older), *([oldest] if when is Made.NOW else [])),
    )


def a_failed_one(
    number: int, name: str, failure: Failure = UNAUTHORIZED, *, newest_days_ago: float | None = 3
) -> VolumeOutcome:
    """Make a volume whose create was refused."""
    id_ = f"vol-0b{number:04x}22d3e4f5a6b"
    newest = None if newest_days_ago is None else point(id_, newest_days_ago)
    return an_outcome_of(
        volume=a_volume(id=id_, name=name, instance="i-07aa11bb22cc33dd4"),
        decisions=kept(newest) if newest else (),
        newest_completed=newest,
        failures=(replace(failure, resource=id_),),
    )


def one_that_an_ami_uses(number: int, name: str) -> VolumeOutcome:
    """Make a volume that got its snapshot, and whose oldest one an AMI holds."""
    good = a_good_one(number, name, fate=Fate.UNDELETABLE)
    *others, stuck = good.decisions
    reason = f"{stuck.reason}, but used by ami-0c0ffee0{number:04x}"
    return replace(good, decisions=(*others, replace(stuck, reason=reason)))


def one_that_could_not_be_deleted(number: int, name: str) -> VolumeOutcome:
    """Make a volume that got its snapshot, and whose oldest one EC2 refused to delete."""
    good = a_good_one(number, name, fate=Fate.NOT_DELETED)
    refused = a_failure(
        resource=good.decisions[-1].snapshot.id,
        action="delete a snapshot",
        code="OperationNotPermitted",
        message="Not now.",
        advice=real_advice("OperationNotPermitted"),
    )
    return altered(good, checks=(refused,))


GONE = Unselected(
    volume_id="vol-0dead1dead1dead1d",
    name="db-9 data",
    there=False,
    lately=True,
    snapshots=3,
    at_most_gib=300,
)

RETIRED = Unselected(
    volume_id="vol-0dead2dead2dead2d", name="old web", there=True, lately=False, snapshots=11, at_most_gib=88
)

NEAR = (
    NearMiss(volume=a_volume(id="vol-0c000199fe01c2d4e", name="mail"), why="its tag is 'backup'='True'"),
    NearMiss(
        volume=a_volume(id="vol-0c000299fe01c2d4e", name="log", instance_name="db-1"),
        why="the tag is on its instance db-1 (i-07aa), not on the volume",
    ),
)


def unwrapped(body: str) -> str:
    """Return the text of a mail with its lines joined."""
    return " ".join(body.split())


def text(mail_: Mail) -> str:
    return f"Subject: {mail_.subject}\n\n{mail_.body}\n"
