"""The result of a check, frozen: what was tried, and what would not work. Also as plain JSON values. Pure."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from ebs_backup.model import Failure, Run
from ebs_backup.outcome import Status
from ebs_backup.report.data import MAX_ROWS

LIST, CREATE, DELETE, GO_ON, LISTENERS, MAIL, WHOLE = (
    "list volumes and snapshots",
    "create a snapshot",
    "delete a snapshot",
    "go on in a further invocation",
    "count who gets the mails",
    "send the mail",
    "check",
)
KINDS = (LIST, CREATE, DELETE, GO_ON, LISTENERS, MAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that was tried: `fault` says why it would not work, and `hinders` whether that would cost a backup.

    `tried` is False if the time was over first.
    """

    what: str
    fault: Failure | None = None
    hinders: bool = True
    tried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found. `selected` counts the volumes that the set selects; the first `sample` of them were tried."""

    run: Run
    probes: tuple[Probe, ...]
    selected: int = 0
    sample: int | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return what would cost a backup, or its report."""
        return tuple(probe.fault for probe in self.probes if probe.fault and probe.hinders)

    @property
    def checks(self) -> tuple[Failure, ...]:
        """Return what a person should look at, although everything would be backed up."""
        return tuple(probe.fault for probe in self.probes if probe.fault and not probe.hinders)

    @property
    def not_tried(self) -> int:
        """Count what was not tried because the time was over."""
        return sum(not probe.tried for probe in self.probes)

    def allowed(self, what: str) -> tuple[int, int]:
        """Return how many tries of one kind were allowed, and how many there were."""
        tried = [probe for probe in self.probes if probe.what == what and probe.tried]
        return sum(not (probe.fault and probe.hinders) for probe in tried), len(tried)

    @property
    def status(self) -> Status:
        """Return FAILED if a run would make no snapshot at all, else PROBLEM, CHECK or OK, as for a run."""
        if self.failures:
            return Status.PROBLEM if self.allowed(CREATE)[0] else Status.FAILED
        return Status.CHECK if self.checks or self.not_tried else Status.OK

    @property
    def passed(self) -> bool:
        """Return whether nothing would stop a run."""
        return self.status in (Status.OK, Status.CHECK)

    def and_(self, probe: Probe) -> "Checked":
        """Return the same with one more probe."""
        return replace(self, probes=(*self.probes, probe))


def answer(checked: Checked) -> dict[str, Any]:
    """Return the result as plain JSON values; the lists have at most MAX_ROWS rows."""
    run = checked.run
    counts = {what: checked.allowed(what) for what in KINDS}
    lists = {"failures": checked.failures, "checks": checked.checks}
    return {
        "check": True,
        "status": checked.status.value,
        "set": run.backup_set,
        "period": run.period.value,
        "run": run.id,
        "account": run.account,
        "region": run.region,
        "volumes": checked.selected,
        "sample": checked.sample,
        "tried": [{"what": what, "allowed": well, "tried": tried} for what, (well, tried) in counts.items()],
        "not_tried": checked.not_tried,
        **{name: [asdict(row) for row in rows[:MAX_ROWS]] for name, rows in lists.items()},
        "not_shown": {name: len(rows) - MAX_ROWS for name, rows in lists.items() if len(rows) > MAX_ROWS},
    }
