"""The command `ebs-backup`: all its commands, in the order of the help."""

import gc
import io
import logging
import sys

import typer

from ebs_backup.names import SERVICE
from ebs_backup_cli.command import common, register
from ebs_backup_cli.commands.adopt import adopt
from ebs_backup_cli.commands.bin import bin_
from ebs_backup_cli.commands.check import check
from ebs_backup_cli.commands.doctor import doctor
from ebs_backup_cli.commands.hold import hold, unhold
from ebs_backup_cli.commands.list_ import list_
from ebs_backup_cli.commands.page import page
from ebs_backup_cli.commands.plan import plan
from ebs_backup_cli.commands.restore import restore
from ebs_backup_cli.commands.run import run
from ebs_backup_cli.commands.simulate import simulate_
from ebs_backup_cli.commands.smoke import smoke
from ebs_backup_cli.commands.undelete import undelete
from ebs_backup_cli.commands.verify import verify

app = typer.Typer(
    name="ebs-backup",
    help="See, run, restore and check the backups of EBS volumes that the ebs-backup stack makes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(common)
register(app, "plan", plan, example="ebs-backup plan day --region eu-west-1")
register(app, "list", list_, example='ebs-backup list "db-1 data" --period day')
register(app, "simulate", simulate_, example="ebs-backup simulate --days 400 --svg keep.svg")
register(app, "page", page, example="ebs-backup page backups.html --yes")
register(app, "doctor", doctor, example="ebs-backup doctor --set default --region eu-west-1")
register(app, "run", run, example='ebs-backup run day --volume "db-1 data" --region eu-west-1')
register(app, "restore", restore, example='ebs-backup restore "db-1 data" --at 2026-11-20 --region eu-west-1')
register(app, "verify", verify, example='ebs-backup verify "db-1 data" --region eu-west-1')
register(app, "hold", hold, example="ebs-backup hold snap-0123456789abcdef0 --until 2026-12-24")
register(app, "unhold", unhold, example="ebs-backup unhold snap-0123456789abcdef0")
register(app, "bin", bin_, example='ebs-backup bin "db-1 data" --period day')
register(app, "undelete", undelete, example="ebs-backup undelete snap-0123456789abcdef0")
register(app, "check", check, example="ebs-backup check --sample 20 --region eu-west-1")
register(app, "smoke", smoke, example="ebs-backup smoke --region eu-west-1 --report smoke.md")
register(app, "adopt", adopt, example='ebs-backup adopt --period week --volume "db-1 data"')


def prepare() -> None:
    """Set up the process: keep the core's log off the terminal, and let the garbage collector run rarely.

    EC2's answers are many small objects without any cycle: to search them for cycles takes a tenth of a listing's time.
    """
    gc.set_threshold(500_000, 50, 100)
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # a terminal without the letters of a name shows a ? for each
        sys.stdout.reconfigure(errors="replace")
    logging.getLogger(SERVICE).addHandler(logging.NullHandler())


def main() -> None:
    """Run the command line."""
    prepare()
    try:
        app(prog_name="ebs-backup")
    except KeyboardInterrupt:
        sys.exit(130)
