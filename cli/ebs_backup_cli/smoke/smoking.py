"""The steps of a smoke: a volume, one run, the same run again, a restore; between them, AWS's answer to each belief."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.model import COMPLETED, Older, Run
from ebs_backup.names import TAG_OLDER, TAG_RUN, Period
from ebs_backup.settings import Settings
from ebs_backup.tags import tagging
from ebs_backup_cli.backups.points import holdings
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore import creating
from ebs_backup_cli.restore.restoring import Changes, new_volume
from ebs_backup_cli.smoke import trials
from ebs_backup_cli.smoke.beliefs import BELIEFS
from ebs_backup_cli.smoke.lab import NOTE, TAG, Lab
from ebs_backup_cli.smoke.trials import NOT_TRIED, Saw, tried

APART = 16.0  # seconds between two snapshots of one volume: EC2 takes one every 15
Backup = Callable[[Run], Mapping[str, Any]]  # does the run, and returns its answer


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it was to show, whether it did, and what was seen."""

    what: str
    well: bool
    saw: str


@dataclass(slots=True, kw_only=True)
class Smoke:
    """One smoke; `back_up` does a run, by the core here or by the deployed function."""

    lab: Lab
    settings: Settings
    run: Run
    back_up: Backup
    listing: Callable[[], Ec2]
    may_invoke: Callable[[], None] | None = None
    say: Callable[[str], None] = lambda _: None
    steps: list[Step] = field(default_factory=list)
    saw: dict[str, Saw] = field(default_factory=dict)

    def whole(self) -> None:
        """Do every step; raises a CommandError if the next steps would prove nothing."""
        volume = self._volume()
        self._try("dry-run-create", lambda: trials.dry_run_create(self.lab, volume))
        snapshot = self._first_run(volume)
        self._try("rate-per-volume", lambda: trials.rate_per_volume(self.lab, volume))
        self._try("listing-lag", lambda: trials.listing_lag(self.lab, snapshot))
        self._labels(volume, snapshot)
        self._same_again(volume)
        self.say("Trying what EC2 refuses")
        for id_, trial in (("description-ascii", trials.description_ascii), ("tags-50", trials.tags_50)):
            self.lab.sleep(APART)
            self._try(id_, lambda trial=trial: trial(self.lab, volume))  # type: ignore[misc]
        self._completed(snapshot)
        self._restored(volume, snapshot)
        self._deletes(snapshot)
        if self.may_invoke:
            self._try("dry-run-invoke", self._invoke)

    def _try(self, id_: str, trial: Callable[[], Saw]) -> None:
        self.saw[id_] = tried(trial)

    def _step(self, what: str, saw: str, *, well: bool) -> None:
        self.steps.append(Step(what, well, saw))

    def _volume(self) -> str:
        """Make the volume, with the same create sent twice, and wait for it."""
        self.say("Making a volume of 1 GiB")
        client, token = self.lab.client, str(uuid4())
        zones = client.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
        selector = {self.settings.tag_name: self.settings.tag_value}
        wanted = {
            "AvailabilityZone": zones["AvailabilityZones"][0]["ZoneName"],
            "Size": 1,
            "VolumeType": "gp3",
            "TagSpecifications": self.lab.tags("volume", Note=NOTE, **selector),
        }
        volume = self.lab.volume(token, **wanted)
        again = tried(lambda: Saw(second := self.lab.volume(token, **wanted), second == volume))
        self.saw["client-token"] = replace(again, words=f"{volume}, then {again.words}")
        for second in self.lab.volumes[1:]:  # it would be backed up, too
            client.delete_volume(VolumeId=second)
            self.lab.volumes.remove(second)
        self.lab.until(volume, lambda: self.lab.raw_volume(volume).get("State") == "available")
        self._step("a volume is made", volume, well=True)
        return volume

    def _first_run(self, volume: str) -> str:
        self.say("Backing it up")
        told = self.back_up(self.run)
        made = self._of_the_run(volume)
        well = told["created"] == 1 and len(made) == 1 and not told["failures"]
        failed = "; ".join(f"{failure['code']}: {failure['message']}" for failure in told["failures"])
        self._step(
            "one run makes one snapshot of it", failed or f"{told['status']}, {', '.join(made)}", well=well
        )
        if not made:
            raise CommandError(f"The run made no snapshot: {failed or told['status']}.")
        return made[0]

    def _of_the_run(self, volume: str) -> list[str]:
        """Return the run's snapshots of the volume, as soon as there is one, or none after the listing's lag."""
        found: list[str] = []

        def there() -> bool:
            tagged = {"Key": TAG_RUN, "Value": self.run.id}
            listed = self.lab.of_volume(volume)
            found[:] = [raw["SnapshotId"] for raw in listed if tagged in raw.get("Tags", [])]
            return bool(found)

        try:
            self.lab.until("The run's snapshot", there)
        except CommandError:
            return []
        return found

    def _labels(self, volume: str, snapshot: str) -> None:
        """Compare the snapshot with what the core promises."""
        raw = self.lab.raw_snapshot(snapshot)
        (known,) = [one for one in self.listing().volumes({}) if one.id == volume]
        promised = tagging(known, self.run, self.settings, at=raw["StartTime"], older=Older(stay=0))
        tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", []) if not tag["Key"].startswith("aws:")}
        wrong = [key for key in promised.tags.keys() | tags.keys() if tags.get(key) != promised.tags.get(key)]
        wrong = [
            key for key in wrong if key not in ("Name", TAG_OLDER)
        ]  # these depend on the minute of the create, and on older restore points
        self._step(
            "the snapshot has the labels",
            f"different: {', '.join(wrong)}" if wrong else "all",
            well=not wrong,
        )
        self.saw["tags-kept"] = trials.tags_kept(raw)
        self.saw["description-kept"] = trials.description_kept(raw, promised.description)
        self._try("filter-wildcards", lambda: trials.filter_wildcards(self.lab, snapshot))

    def _same_again(self, volume: str) -> None:
        self.say("The same run again")
        told = self.back_up(self.run)
        there = self._of_the_run(volume)
        well = told["created"] == 0 and told["already_made"] == 1 and len(there) == 1
        words = f"{told['created']} created, {told['already_made']} already made, {len(there)} there"
        self._step("the same run again makes nothing", words, well=well)

    def _completed(self, snapshot: str) -> None:
        self.say("Waiting until the snapshot is completed")
        seconds = self.lab.until(snapshot, lambda: self.lab.raw_snapshot(snapshot).get("State") == COMPLETED)
        self._step("the snapshot is completed", f"after {seconds:.0f} s more", well=True)
        self.saw["full-size"] = trials.full_size(self.lab.raw_snapshot(snapshot))
        self._try("dry-run-delete", lambda: trials.dry_run_delete(self.lab, snapshot))

    def _restored(self, volume: str, snapshot: str) -> None:
        """Make a volume of the snapshot, as `ebs-backup restore` does when the old one is gone, and compare it."""
        self.say("Restoring it")
        client = self.lab.client
        found = holdings(client, self.listing(), self.settings.backup_set)
        (point,) = [one for one in found.points if one.snapshot.id == snapshot]
        tags = {TAG: self.lab.name, "Name": self.lab.name}
        wanted = new_volume(point, None, Changes(), zones=creating.zones(client), tags=tags)
        made = creating.create(client, wanted, str(uuid4()))
        self.lab.volumes.append(made)
        self.lab.until(made, lambda: self.lab.raw_volume(made).get("State") == "available")
        old, new = self.lab.raw_volume(volume), self.lab.raw_volume(made)
        alike = ("Size", "VolumeType", "AvailabilityZone", "Iops", "Throughput", "Encrypted")
        wrong = [name for name in alike if old.get(name) != new.get(name)]
        self._step(
            "it is restored as it was", f"different: {', '.join(wrong)}" if wrong else made, well=not wrong
        )

    def _deletes(self, snapshot: str) -> None:
        self.say("Trying deletes")
        self._try("in-use", lambda: trials.in_use(self.lab, snapshot))
        self._try("locked", lambda: trials.locked(self.lab, snapshot))
        self._try("gone", lambda: trials.gone(self.lab, snapshot))

    def _invoke(self) -> Saw:
        assert self.may_invoke  # noqa: S101 - `whole` has looked
        self.may_invoke()
        return Saw("204", as_believed=True)

    def beliefs(self) -> list[dict[str, Any]]:
        """Return every belief with what was seen."""
        told = []
        for belief in BELIEFS:
            saw = self.saw.get(belief.id, Saw(f"{NOT_TRIED}it was not reached", None))
            told.append(
                {
                    "id": belief.id,
                    "what": belief.what,
                    "believed": belief.believed,
                    "saw": saw.words,
                    "as_believed": saw.as_believed,
                }
            )
        return told


def a_run(settings: Settings, *, account: str, region: str, function: str = "") -> Run:
    """Return the run of a smoke: one with a time, so that it can be asked for twice."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Run(
        id=now.isoformat().replace("+00:00", "Z"),
        time=now,
        period=Period.DAY,
        backup_set=settings.backup_set,
        dry_run=False,
        account=account,
        region=region,
        selector=f"{settings.tag_name}={settings.tag_value}",
        function=function,
        log_group="",
    )
