"""What `doctor` checks in the backups: runs, what is overdue, what only looks backed up, the region's quota."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ebs_backup import cron
from ebs_backup.freshness import Overdue
from ebs_backup.inventory import foreign
from ebs_backup.names import COMPLETED, Period
from ebs_backup.retention import TOLERANCE
from ebs_backup.selection import Selection, select
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.aws.stack import Stack
from ebs_backup_cli.backups.moment import RUNNING
from ebs_backup_cli.backups.overdue import overdue, selected
from ebs_backup_cli.backups.planning import next_after
from ebs_backup_cli.backups.points import Holdings
from ebs_backup_cli.doctor.findings import Finding, bad, good, look, some
from ebs_backup_cli.terminal.words import several

HEARTBEAT = timedelta(days=7)
QUOTA = {"ServiceCode": "ebs", "QuotaCode": "L-309BACF6"}  # snapshots per region
ALMOST = 0.9  # of the quota


def selection(found: Holdings, settings: Settings) -> Iterator[Finding]:
    """Check what the set backs up, and what only looks as if it were backed up."""
    chosen = _select(found, settings)
    tag = f"{settings.tag_name}={settings.tag_value}"
    if not chosen.volumes:
        yield bad(
            "volumes", f"no volume has the tag {tag}", "Tag the volumes; key and value must match exactly."
        )
    else:
        yield good("volumes", f"{several(len(chosen.volumes), 'volume')} with the tag {tag}")
    if chosen.near_misses:
        told = [f"{miss.volume.name or miss.volume.id} ({miss.why})" for miss in chosen.near_misses]
        yield look(
            "near miss", some(told), f"If it should be backed up, give the volume the tag {tag}.", told
        )
    else:
        yield good("near miss", "none")


def _select(found: Holdings, settings: Settings) -> Selection:
    return select(found.volumes.values(), found.instances, settings)


def runs(found: Holdings, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Check each period's last run by its snapshots, and report when the next one comes."""
    wanted = set(selected(found, settings))
    began = min((point.snapshot.started for point in found.points), default=now)
    for period in settings.periods:
        yield _run(found, settings, period, wanted, began, now)


def _run(
    found: Holdings, settings: Settings, period: Period, wanted: set[str], began: datetime, now: datetime
) -> Finding:
    schedule = settings.schedule(period)
    firing, coming = cron.latest(schedule, at=now - RUNNING), next_after(schedule, now)
    after = f"next {minute(coming)}" if coming else "never again"
    mine = [
        point.snapshot for point in found.points if point.snapshot.period == period and point.snapshot.run
    ]
    newest = max(mine, key=lambda snapshot: snapshot.started, default=None)
    missed = (
        firing is not None and firing >= began and (newest is None or newest.started < firing - TOLERANCE)
    )
    if missed and firing and wanted:
        text = f"{period}: nothing was made since the rule fired at {minute(firing)}; {after}"
        return bad(
            "run", text, "Read the function's log, and the last mail: it says why. Is the rule enabled?"
        )
    if newest is None:
        return good("run", f"{period}: none yet; {after}")
    of_run = {snapshot.volume_id for snapshot in mine if snapshot.run == newest.run and snapshot.usable}
    made = f"{len(of_run & wanted):,} of {several(len(wanted), 'volume')}"
    return good("run", f"{period}: last {minute(newest.started)}, {made}; {after}")


def heartbeat(of: Stack, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Count the runs that were completed, by the metric that the heartbeat alarm watches."""
    counted = of.sums(COMPLETED, since=now - HEARTBEAT, until=now, step=HEARTBEAT)
    count = int(sum(point["Sum"] for point in counted))
    text = f"{several(count, 'run')} completed in the last {HEARTBEAT.days} days"
    firings = (cron.latest(settings.schedule(period), at=now - RUNNING) for period in settings.periods)
    if count or not any(firing and firing > now - HEARTBEAT for firing in firings):
        yield good("run", text)
    else:
        yield look("run", text, "Just deployed? Then wait for the next run. If not, read the function's log.")


def too_old(found: Holdings, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look for overdue volumes."""
    late = overdue(found, settings, now)
    if not late:
        yield good("overdue", "no volume")
        return
    told = [_late(found, volume, missing) for volume, missing in late.items()]
    advice = "Run the period now (`ebs-backup run day`); the mail of the last run says why it failed."
    yield bad("overdue", f"{several(len(late), 'volume')}: {some(told)}", advice, late)


def _late(found: Holdings, volume: str, missing: tuple[Overdue, ...]) -> str:
    return (
        f"{found.volumes[volume].name} {volume}".strip() + f" ({', '.join(miss.period for miss in missing)})"
    )


def strangers(found: Holdings, settings: Settings) -> Iterator[Finding]:
    """Look for snapshots of other tools that copied our labels."""
    spreading = _select(found, settings).spreading
    names = found.names()
    told = foreign((point.snapshot for point in found.foreign), names, spreading)
    if not told:
        yield good("foreign", "no snapshot of another tool has our labels")
        return
    volumes = [f"{other.name} {other.volume_id}".strip() for other in told]
    text = f"{several(len(found.foreign), 'snapshot')} of another tool with our labels, of {some(volumes)}"
    spread = [other.volume_id for other in told if other.spreads]
    advice = "They are never counted or deleted." + (
        f" Remove the tags ebs-backup:* from {some(spread)}: tools copy them from there." if spread else ""
    )
    yield look("foreign", text, advice, (id_ for other in told for id_ in other.snapshots))


def quota(of: Stack, found: Holdings, settings: Settings) -> Iterator[Finding]:
    """Compare the region's snapshots with what AWS allows."""
    pages = of.client("ec2").get_paginator("describe_snapshots")
    count = sum(
        len(page["Snapshots"])
        for page in pages.paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 1000})
    )
    limit = int(of.client("service-quotas").get_service_quota(**QUOTA)["Quota"]["Value"])
    text = f"{count:,} of {limit:,} snapshots in {of.session.region_name}"
    if count >= ALMOST * limit or count + len(selected(found, settings)) > limit:
        yield bad(
            "quota", text, "Ask AWS to raise the quota of snapshots per region (L-309BACF6), or keep fewer."
        )
    else:
        yield good("quota", text)
