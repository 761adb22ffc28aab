"""Which volumes a backup set selects, and which ones look as if they should be selected. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ebs_backup.model import Instance, Volume
from ebs_backup.overrides import SNAPSHOTS_OWN
from ebs_backup.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A volume that looks as if it should be backed up, and why it is not."""

    volume: Volume
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selected volumes by id, the near misses, all volumes' names by id, and the volumes with a snapshot's tags."""

    volumes: Mapping[str, Volume]
    near_misses: tuple[NearMiss, ...]
    names: Mapping[str, str]
    spreading: frozenset[str]


def select(volumes: Iterable[Volume], instances: Mapping[str, Instance], settings: Settings) -> Selection:
    """Sort every volume of the region; a tag selects a volume only when its key and value match exactly."""
    selected: dict[str, Volume] = {}
    names: dict[str, str] = {}
    spreading: set[str] = set()
    near_misses: dict[str, NearMiss] = {}
    for volume in volumes:
        names[volume.id] = volume.name
        if not SNAPSHOTS_OWN.isdisjoint(volume.tags):
            spreading.add(volume.id)
        if volume.tags.get(settings.tag_name) == settings.tag_value:
            selected[volume.id] = volume
        elif why := _resembling(volume, settings) or _on_a_tagged_instance(volume, instances, settings):
            near_misses[volume.id] = NearMiss(volume=volume, why=why)
    return Selection(
        volumes=selected,
        near_misses=tuple(near_misses.values()),
        names=names,
        spreading=frozenset(spreading),
    )


def _resembling(volume: Volume, settings: Settings) -> str:
    wanted = _plain(settings.tag_name), _plain(settings.tag_value)
    found = (
        f"its tag is {key!r}={value!r}"
        for key, value in volume.tags.items()
        if (_plain(key), _plain(value)) == wanted
    )
    return next(found, "")


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _on_a_tagged_instance(volume: Volume, instances: Mapping[str, Instance], settings: Settings) -> str:
    """Return why it is a near miss if only its instance has the tag; another value on the volume is intended."""
    instance = instances.get(volume.instance)
    if instance is None or instance.tag != settings.tag_value or settings.tag_name in volume.tags:
        return ""
    name = volume.instance_name
    on = f"{name} ({volume.instance})" if name else volume.instance
    return f"the tag is on its instance {on}, not on the volume"
