"""Draws docs/ebs-backup-command.svg, the command in a terminal: `make terminal`.

The command is the real one, in this process, against moto's EC2 with a fixed history: all drawings have the same bytes.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from boto3.session import Session
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from ebs_backup.names import Period
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.main import main as ebs_backup

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import TagTypeDef

PICTURE = Path("docs/ebs-backup-command.svg")
REGION, ZONE = "eu-west-1", "eu-west-1a"
NOW = datetime(2026, 11, 25, 9, 12, tzinfo=UTC)  # a Wednesday
NAME = "db-1 data"
RUNS = (  # newest first, as the default schedules fire
    *((Period.DAY, datetime(2026, 11, day, 1, 30, tzinfo=UTC)) for day in (25, 24, 23, 20)),
    *((Period.WEEK, datetime(2026, 11, day, 2, 30, tzinfo=UTC)) for day in (21, 14)),
    *((Period.MONTH, datetime(2026, month, 1, 3, 30, tzinfo=UTC)) for month in (11, 10)),
)
COLUMNS = 68  # few, so that a phone shows them large enough
MOST = 13  # lines of a restore: what follows are commands to attach and mount
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "COLUMNS": str(COLUMNS),
    "FORCE_COLOR": "1",
    "TERM": "xterm-256color",
}
# Rich's own format fetches a font from elsewhere: a picture in a README may not.
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="ebs-backup in a terminal">
<style>
.{unique_id}-matrix {{ font-family: 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#1b1d23"/>
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Write the picture anew."""
    PICTURE.write_text(picture(), encoding="utf-8")


def picture() -> str:
    """Return a terminal in which somebody looks, loses a volume and restores it."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    with _account() as client, tempfile.NamedTemporaryFile("w", suffix=".toml") as settings:
        volume = _backed_up(client)
        for words, most in (
            (["list", NAME, "--period", "day"], None),
            (["plan", "day", "--next", "--volume", NAME], None),
            (["restore", NAME, "--yes"], MOST),
        ):
            if words[0] == "restore":
                client.delete_volume(VolumeId=volume)
            _show(console, words, _printed([*words, "--settings", settings.name]), most)
    svg = console.export_svg(theme=DIMMED_MONOKAI, code_format=FORMAT, unique_id="t", font_aspect_ratio=0.602)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


@contextmanager
def _account() -> Iterator["EC2Client"]:
    """Return an empty account whose ids are always the same, and no way to a real one."""
    kept = {name: it for name, it in os.environ.items() if not name.startswith("AWS_")}
    with mock.patch.dict(os.environ, kept | ENVIRONMENT, clear=True), mock_aws():
        mock_random.seed(20261125)
        with mock.patch.object(Operator, "now", return_value=NOW):
            yield Session(region_name=REGION).client("ec2")


def _backed_up(client: "EC2Client") -> str:
    """Make a volume and what the set holds of it; return its id."""
    tags = _tags({"Name": NAME, "Backup": "true", "Team": "data"})
    made = client.create_volume(
        AvailabilityZone=ZONE,
        Size=100,
        VolumeType="gp3",
        Iops=4000,
        Throughput=250,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )
    volume = made["VolumeId"]
    for period, fired in RUNS:
        started = fired + timedelta(seconds=40)
        ours = {
            "ebs-backup:set": "default",
            "ebs-backup:period": period.value,
            "ebs-backup:run": f"{fired:%Y-%m-%dT%H:%M:%SZ}",
            "ebs-backup:source": f"volume={volume} zone={ZONE} type=gp3 size=100 iops=4000 throughput=250 device=/dev/sdf",
            "Name": f"{NAME} {period} {fired:%Y-%m-%d %H:%MZ}",
            "Team": "data",
        }
        snapshot = client.create_snapshot(
            VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": _tags(ours)}]
        )["SnapshotId"]
        ec2_backends[DEFAULT_ACCOUNT_ID][REGION].snapshots[snapshot].start_time = started
    return volume


def _tags(tags: dict[str, str]) -> "list[TagTypeDef]":
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _printed(words: list[str]) -> str:
    """Run the command as it is typed; return what a terminal gets from it."""
    out = io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["ebs-backup", *words]),
        redirect_stdout(out),
        redirect_stderr(io.StringIO()),
    ):
        try:
            ebs_backup()
        except SystemExit as ended:
            if ended.code:
                raise RuntimeError(f"ebs-backup {words} ended with {ended.code}: {out.getvalue()}") from ended
    return out.getvalue()


def _show(console: Console, words: list[str], printed: str, most: int | None) -> None:
    typed = " ".join(f'"{word}"' if " " in word else word for word in words)
    console.print(Text(f"$ ebs-backup {typed}", style="bold green"))
    lines = Text.from_ansi(printed.rstrip("\n")).split("\n")
    for line in lines[:most]:
        line.rstrip()
        console.print(line)
    if most and len(lines) > most:
        console.print(Text("...", style="dim"))
    console.print()


if __name__ == "__main__":
    main()
