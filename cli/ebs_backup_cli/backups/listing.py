"""The core's EC2 for commands that only look: each listing is made once, however many plans are made of it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.model import Instance, Snapshot, Volume
from ebs_backup_cli.backups.beside import Beside

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


class Listing(Ec2):
    """An `Ec2` that remembers what it has listed. It is for dry runs alone: a real run has to look again."""

    def __init__(
        self, client: "EC2Client", *, deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(client, deadline=deadline, clock=clock)
        self._instances: dict[str, Instance] | None = None
        self._volumes: list[Volume] | None = None
        self._known: dict[tuple[str, ...], frozenset[str]] = {}
        self._snapshots_of: tuple[str, Beside[list[Snapshot]]] | None = None

    def instances(self, tag_name: str) -> dict[str, Instance]:
        """List the instances, once; raises an AwsError."""
        if self._instances is None:
            self._instances = super().instances(tag_name)
        return self._instances

    def volumes(self, instances: Mapping[str, Instance]) -> Iterator[Volume]:
        """List the volumes, once; raises an AwsError."""
        if self._volumes is None:
            self._volumes = list(super().volumes(instances))
        return iter(self._volumes)

    def known(self, volume_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these volumes EC2 knows, asked once; raises an AwsError."""
        asked = tuple(volume_ids)
        if asked not in self._known:
            self._known[asked] = super().known(asked)
        return self._known[asked]

    def snapshots(self, backup_set: str, *, volume_id: str = "") -> list[Snapshot]:
        """List the set's snapshots, once; those of one volume are picked from that list."""
        listed = self.begin(backup_set).result()
        return [snapshot for snapshot in listed if not volume_id or snapshot.volume_id == volume_id]

    def begin(self, backup_set: str) -> Beside[list[Snapshot]]:
        """Begin to list the set's snapshots in another thread, while other things are listed here."""
        if self._snapshots_of is None or self._snapshots_of[0] != backup_set:
            list_all = super().snapshots
            self._snapshots_of = backup_set, Beside(lambda: list_all(backup_set))
        return self._snapshots_of[1]
