"""The demo: deploy, let the schedules fire, show what is kept and why, and the mails; then stop everything."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from demo import show
from demo.calendar import A_WEEK_LATER, OCCASIONS, Occasion
from demo.show import console
from ebs_backup.settings import TAG_SET, Period
from emulator.account import Account, Function, Inbox, Letter
from emulator.cdk import Cdk, CdkError
from emulator.server import Emulator, EmulatorError, running

STACK = "ebs-backup-default"
PATIENCE = 60  # seconds for a rule to fire and its mail to come


class DemoError(RuntimeError):
    """Something that the demo shows did not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The deployed stack in its account, and the volumes by name."""

    account: Account
    function: Function
    inbox: Inbox
    volumes: Mapping[str, str]


def main() -> int:
    """Run the demo; 0 if everything that it shows came true."""
    options = _options()
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would ignore Ctrl-C
        signal.signal(stop, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="ebs-backup-demo-") as folder:
            _run(Path(folder), port=options.port, keep=options.keep)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        return 130
    except (EmulatorError, CdkError, DemoError) as error:
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
            "The mail eight days later: no run since, and some tags and an AMI are wrong",
            _a_night_with_problems(stage),
        )
        if keep:
            _stay(emulator, stage)
    console.print("The emulator is stopped. [dim]make demo KEEP=1 leaves it up to play with.[/]")


def _set_up(emulator: Emulator) -> Stage:
    cdk, account = Cdk(emulator), Account(emulator)
    with show.step("cdk bootstrap"):
        cdk.bootstrap()
    with show.step("cdk deploy -c alert_email=you@example.com"):
        cdk.deploy(STACK, alert_email="you@example.com")
    with show.step("three volumes tagged Backup=true, one that is not, a snapshot made by hand"):
        volumes = {name: account.volume(name, Backup="true") for name in ("web-1 root", "web-1 data")}
        volumes["db-1 data"] = account.volume("db-1 data", size=100, Backup="true")
        account.instance("db-1", volumes["db-1 data"], Team="data")
        volumes["scratch"] = account.volume("scratch")
        account.snapshot(volumes["db-1 data"], Name="day_snapshot of db-1, by hand")
    outputs = cdk.outputs(STACK)
    function = Function(client=emulator.client("lambda"), name=outputs["FunctionName"])
    inbox = Inbox.of(emulator, outputs["TopicArn"])
    return Stage(account=account, function=function, inbox=inbox, volumes=volumes)


def _months(stage: Stage) -> Letter:
    """Move the emulator's clock from occasion to occasion; the rules fire by themselves. Give the last mail."""
    what = f"{len(OCCASIONS)} runs, each fired by its own rule when the emulator's clock was there"
    letters: list[Letter] = []
    with show.progress(what, len(OCCASIONS)) as done:
        for occasion in OCCASIONS:
            letters.append(_fire(stage, occasion))
            done(occasion)
    if not letters[-1].subject.startswith("[OK]"):
        raise DemoError(f"the last mail is not all well: {letters[-1].subject}")
    return letters[-1]


def _fire(stage: Stage, occasion: Occasion) -> Letter:
    stage.account.emulator.clock.set(occasion.time - timedelta(seconds=1))
    letters = stage.inbox.read(within=PATIENCE)
    if len(letters) != 1:
        raise DemoError(f"the {occasion} should have sent one mail, but sent {len(letters)}")
    return letters[0]


def _show(stage: Stage) -> None:
    last = {each.period: each for each in OCCASIONS}  # the last one of each period
    name = "db-1 data"
    started = {each["SnapshotId"]: each["StartTime"] for each in stage.account.snapshots()}
    rows = [
        (occasion.period.value, started[snapshot], snapshot, why)
        for occasion in (last[period] for period in Period)
        for snapshot, why in _reasons(stage, occasion, stage.volumes[name]).items()
    ]
    show.kept(name, rows)
    show.totals([row for volume in stage.volumes for row in _counts(stage, volume)])


def _counts(stage: Stage, name: str) -> list[tuple[str, str, int]]:
    ours = [TAG_SET in each["Tags"] for each in stage.account.snapshots(stage.volumes[name])]
    counts = [(name, "ebs-backup", ours.count(True)), (name, "somebody, by hand", ours.count(False))]
    return [row for row in counts if row[2] or row[1] == "ebs-backup"]


def _reasons(stage: Stage, occasion: Occasion, volume: str) -> Mapping[str, str]:
    """Ask the function itself, by a dry run of a run that is done: it would change nothing, and says why."""
    answer = stage.function.run(period=occasion.period, time=occasion.time.isoformat(), dry_run=True)
    (plan,) = (each for each in answer["plan"] if each["volume"] == volume)
    return dict(plan["snapshots"])


def _a_night_with_problems(stage: Stage) -> Letter:
    """Put an AMI on a snapshot, forget a volume's tag, mistype another's, and let a week pass without its run."""
    days = [
        each["SnapshotId"]
        for each in stage.account.snapshots(stage.volumes["db-1 data"])
        if each["Tags"].get("ebs-backup:period") == Period.DAY
    ]
    stage.account.image(days[0], name="db-1 golden image")
    stage.account.volume("db-1 log", backup="True")
    tag = {"Key": "ebs-backup:keep-day", "Value": "seven"}
    stage.account.ec2.create_tags(Resources=[stage.volumes["web-1 data"]], Tags=[tag])
    letter = _fire(stage, A_WEEK_LATER)
    if not letter.subject.startswith("[PROBLEM]"):
        raise DemoError(f"the mail of the night with problems says: {letter.subject}")
    return letter


def _stay(emulator: Emulator, stage: Stage) -> None:
    console.print(
        f"\n[bold]The emulator stays up at {emulator.endpoint} until Ctrl-C.[/] In another shell:\n"
    )
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        console.print(f"  export {name}={emulator.environment()[name]}", soft_wrap=True)
    console.print("  aws ec2 describe-snapshots --owner-ids self --output table", soft_wrap=True)
    console.print(
        f"  aws lambda invoke --function-name {stage.function.name} --cli-binary-format raw-in-base64-out"
        """ --payload '{"period": "day", "dry_run": true}' /dev/stdout""",
        soft_wrap=True,
        markup=False,
    )
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
