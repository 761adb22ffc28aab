"""The demo: deploy, let the schedules fire, show what is kept and why, the mails, the way back; stop everything."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from demo import hints, show, way_back
from demo.calendar import (
    A_WEEK_LATER,
    AFTER_A_FAILURE,
    AFTER_A_STRANGER,
    BY_HAND,
    BY_RULES,
    THE_NIGHT_AFTER,
    Occasion,
)
from demo.show import console
from demo.way_back import NotRestoredError
from ebs_backup.names import TAG_PERIOD, TAG_RUN, TAG_SET, Period
from emulator.account import DeployedFunction, EmulatedAccount, Inbox, Letter
from emulator.cdk import Cdk, CdkError
from emulator.server import Emulator, EmulatorError, running

STACK = "ebs-backup-default"
DATABASE = "db-1 data"  # the volume that is looked at, and then lost
PATIENCE = 60  # seconds for a rule to fire and its mail to come


class DemoError(RuntimeError):
    """Something that the demo shows did not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The deployed stack in its account, and the volumes by name."""

    account: EmulatedAccount
    function: DeployedFunction
    inbox: Inbox
    volumes: Mapping[str, str]


def main() -> int:
    """Run the demo; return 0 if everything that it shows happened."""
    options = _options()
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would ignore Ctrl-C
        signal.signal(stop, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="ebs-backup-demo-") as folder:
            _run(Path(folder), port=options.port, keep=options.keep)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        return 130
    except (EmulatorError, CdkError, DemoError, NotRestoredError) as error:
        print(f"demo: {error}", file=sys.stderr)  # noqa: T201 - the one line of a refusal
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the emulator's port (any free one)")
    parser.add_argument("--keep", action="store_true", help="leave the emulator up until Ctrl-C")
    return parser.parse_args()


def _run(folder: Path, *, port: int, keep: bool) -> None:
    with running(folder, port=port) as emulator:
        stage = _set_up(emulator)
        well = _months(stage)
        _show(stage)
        show.mail("The mail of the last run", well)
        show.mail(
            "The mail minutes later: EC2 could not finish one of these snapshots",
            _a_failed_snapshot(stage),
            only="MADE AGAIN",
        )
        show.mail(
            f"From the night after: somebody deleted two restore points of {DATABASE}",
            _a_stranger(stage),
            only="VANISHED",
        )
        show.mail(
            "The mail a week later: no run since, an AMI, two mistyped tags",
            _a_night_with_problems(stage),
        )
        way_back.restore(stage.account, DATABASE, stage.volumes[DATABASE])
        hints.closing()
        if keep:
            hints.stay(emulator, stage.function)
    console.print("\nThe emulator is stopped. [dim]make demo KEEP=1 leaves it up to play with.[/]")


def _set_up(emulator: Emulator) -> Stage:
    cdk, account = Cdk(emulator), EmulatedAccount(emulator)
    with show.step("cdk bootstrap"):
        cdk.bootstrap()
    with show.step('cdk deploy, with alert_email = "you@example.com" in settings.toml'):
        cdk.deploy(STACK, alert_email="you@example.com")
    with show.step("three volumes tagged Backup=true, one that is not, a snapshot made by hand"):
        volumes = {name: account.volume(name, Backup="true") for name in ("web-1 root", "web-1 data")}
        volumes[DATABASE] = account.volume(DATABASE, size=100, Backup="true", Team="data")
        account.instance("db-1", volumes[DATABASE], Team="data")
        volumes["scratch"] = account.volume("scratch")
        account.snapshot(volumes[DATABASE], Name="day_snapshot of db-1, by hand")
    outputs = cdk.outputs(STACK)
    function = DeployedFunction(client=emulator.client("lambda"), name=outputs["FunctionName"])
    inbox = Inbox.of(emulator, outputs["TopicArn"])
    return Stage(account=account, function=function, inbox=inbox, volumes=volumes)


def _months(stage: Stage) -> Letter:
    """Move the emulator's clock from occasion to occasion, where the rules fire by themselves; return the last mail."""
    fired = (*BY_RULES, THE_NIGHT_AFTER)
    what = f"{len(fired)} runs, each fired by its own rule when the emulator's clock was there"
    with show.progress(what, len(fired)) as done:
        for occasion in BY_RULES:
            _fire(stage, occasion)
            done(occasion)
        _run_by_hand(stage)
        letter = _fire(stage, THE_NIGHT_AFTER)
        done(THE_NIGHT_AFTER)
    show.done("one extra run by hand, on Monday afternoon")
    return _expected(letter, "[OK]")


def _fire(stage: Stage, occasion: Occasion) -> Letter:
    stage.account.emulator.clock.set(occasion.time - timedelta(seconds=1))
    return _one_letter(stage, occasion)


def _run_by_hand(stage: Stage) -> None:
    stage.account.emulator.clock.set(BY_HAND)
    stage.function.run(period=Period.DAY)
    _expected(_one_letter(stage, "run by hand"), "[OK]")


def _one_letter(stage: Stage, run: object) -> Letter:
    letters = stage.inbox.read(within=PATIENCE)
    if len(letters) != 1:
        raise DemoError(f"the {run} should have sent one mail, but sent {len(letters)}")
    return letters[0]


def _expected(letter: Letter, beginning: str) -> Letter:
    """Return the letter; raise DemoError if its subject begins otherwise."""
    if not letter.subject.startswith(beginning):
        raise DemoError(f"this mail should begin with {beginning}: {letter.subject}")
    return letter


def _show(stage: Stage) -> None:
    fired = (*BY_RULES, THE_NIGHT_AFTER)
    last = {occasion.period: occasion for occasion in fired}  # the last one of each period
    by_rule = {f"{occasion.time:%Y-%m-%dT%H:%M:%SZ}" for occasion in fired}
    snapshots = {snapshot["SnapshotId"]: snapshot for snapshot in stage.account.snapshots()}
    rows = [
        (
            occasion.period.value,
            snapshots[snapshot]["StartTime"],
            show.BY_RULE if snapshots[snapshot]["Tags"][TAG_RUN] in by_rule else show.BY_HAND,
            why,
        )
        for occasion in (last[period] for period in Period)
        for snapshot, why in _reasons(stage, occasion, stage.volumes[DATABASE]).items()
    ]
    show.kept(DATABASE, rows)
    show.totals([row for volume in stage.volumes for row in _counts(stage, volume)])


def _counts(stage: Stage, name: str) -> list[tuple[str, str, int]]:
    ours = [TAG_SET in snapshot["Tags"] for snapshot in stage.account.snapshots(stage.volumes[name])]
    counts = [(name, "ebs-backup", ours.count(True)), (name, "somebody, by hand", ours.count(False))]
    return [row for row in counts if row[2] or row[1] == "ebs-backup"]


def _reasons(stage: Stage, occasion: Occasion, volume: str) -> Mapping[str, str]:
    """Return the reason for each snapshot of a volume, from a dry run of a run that is already done."""
    answer = stage.function.run(period=occasion.period, time=occasion.time.isoformat(), dry_run=True)
    (plan,) = (decision for decision in answer["plan"] if decision["volume"] == volume)
    return dict(plan["snapshots"])


def _a_failed_snapshot(stage: Stage) -> Letter:
    """Make a snapshot of the last run fail after that run's mail; EC2's event reports it, and the next run is well."""
    stage.account.fail(_days(stage, "web-1 data")[-1], "An internal error has occurred", event=True)
    letter = _expected(_one_letter(stage, "failed snapshot"), "[PROBLEM]")
    _expected(_fire(stage, AFTER_A_FAILURE), "[OK]")
    return letter


def _a_stranger(stage: Stage) -> Letter:
    """Delete two restore points as somebody else does; the next run's mail reports it."""
    oldest, *_, last_but_one, _ = _days(stage, DATABASE)
    for snapshot in (oldest, last_but_one):
        stage.account.ec2.delete_snapshot(SnapshotId=snapshot)
    return _expected(_fire(stage, AFTER_A_STRANGER), "[PROBLEM]")


def _days(stage: Stage, name: str) -> list[str]:
    """Return the ids of a volume's day snapshots, oldest first."""
    return [
        snapshot["SnapshotId"]
        for snapshot in stage.account.snapshots(stage.volumes[name])
        if snapshot["Tags"].get(TAG_PERIOD) == Period.DAY
    ]


def _a_night_with_problems(stage: Stage) -> Letter:
    """Register an AMI of a snapshot, mistype two tags, and let a week pass without its run."""
    stage.account.image(_days(stage, DATABASE)[0], name="db-1 golden image")
    stage.account.volume("db-1 log", backup="True")
    tag = {"Key": "ebs-backup:keep-day", "Value": "seven"}
    stage.account.ec2.create_tags(Resources=[stage.volumes["web-1 data"]], Tags=[tag])
    return _expected(_fire(stage, A_WEEK_LATER), "[PROBLEM]")


if __name__ == "__main__":
    sys.exit(main())
