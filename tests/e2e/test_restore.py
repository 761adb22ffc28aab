"""The way back: backed up by the deployed function, lost, restored by the command with an operator's policies only."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from ebs_backup_cli import main
from emulator.account import DeployedFunction, EmulatedAccount
from emulator.server import REGION, Emulator
from tests.cli.conftest import Done
from tests.e2e import nights
from tests.e2e.week import MONDAY, night
from tests.infra.conftest import ROOT
from tests.infra.test_printed_policies import blocks

ZONE = f"{REGION}b"
KINDS: Mapping[str, Mapping[str, Any]] = {
    "gp3": {"VolumeType": "gp3", "Size": 100, "Iops": 4000, "Throughput": 250},
    "gp2": {"VolumeType": "gp2", "Size": 50},
    "io2": {"VolumeType": "io2", "Size": 40, "Iops": 2000},
    "st1": {"VolumeType": "st1", "Size": 500},
    "encrypted": {"VolumeType": "gp3", "Size": 20, "Encrypted": True},
    "encrypted with a key of one's own": {
        "VolumeType": "gp3",
        "Size": 20,
        "Encrypted": True,
        "KmsKeyId": f"arn:aws:kms:{REGION}:111122223333:key/00000000-0000-0000-0000-00000000000a",
    },
}
PROPERTIES = {"Size", "AvailabilityZone", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
Run = Callable[..., Done]


@pytest.fixture(scope="module")
def keys(emulator: Emulator, outputs: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Return the credentials of a role that has the policies to see and to restore, and nothing else."""
    assert outputs
    iam, sts = emulator.client("iam"), emulator.client("sts")
    to_see, to_restore, *_ = blocks((ROOT / "docs/permissions.md").read_text(encoding="utf-8"))
    role = iam.create_role(RoleName="operator", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    policies = {"see": to_see, "restore": to_restore}
    for name, policy in policies.items():
        iam.put_role_policy(RoleName="operator", PolicyName=name, PolicyDocument=json.dumps(policy))
    given = sts.assume_role(RoleArn=role, RoleSessionName="operator")["Credentials"]
    yield {
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        "COLUMNS": "120",
    }
    for name in policies:
        iam.delete_role_policy(RoleName="operator", PolicyName=name)
    iam.delete_role(RoleName="operator")


@pytest.fixture
def run(keys: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the command line, with the operator's credentials."""
    for name, value in keys.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> Done:
        capsys.readouterr()
        with patch("sys.argv", ["ebs-backup", *arguments]), pytest.raises(SystemExit) as ended:
            main.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Done(status=code if isinstance(code, int) else 1, out=out, err=err)

    return command


def make(account: EmulatedAccount, name: str, properties: Mapping[str, Any]) -> str:
    """Make a selected volume; return its id."""
    tags = {"Name": name, "Backup": "true", "Team": "blue", "Note": "it's [a], 'b'=c"}
    made = account.ec2.create_volume(
        **{"AvailabilityZone": ZONE, **properties},
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
        ],
    )
    return str(made["VolumeId"])


def shown(account: EmulatedAccount, volume: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a volume's properties and tags."""
    (found,) = account.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    return (
        {key: value for key, value in found.items() if key in PROPERTIES},
        {tag["Key"]: tag["Value"] for tag in found["Tags"]},
    )


def back_up(account: EmulatedAccount, function: DeployedFunction) -> None:
    """Do the first night's run, and let its snapshots be completed."""
    account.emulator.clock.set(MONDAY)
    answer = function.run(period="day", time=night(0))
    assert answer["status"] == "OK", answer
    account.emulator.clock.set(nights.night(MONDAY, 0) + timedelta(hours=3))


def lose(account: EmulatedAccount, *volumes: str) -> None:
    """Delete volumes, detached first."""
    for volume in volumes:
        (found,) = account.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        for attachment in found["Attachments"]:
            account.ec2.detach_volume(VolumeId=volume, InstanceId=attachment["InstanceId"])
        account.ec2.delete_volume(VolumeId=volume)


def test_every_kind_of_volume_comes_back_with_every_property_and_tag(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    old = {kind: make(account, f"web {kind}", properties) for kind, properties in KINDS.items()}
    was = {kind: shown(account, volume) for kind, volume in old.items()}
    back_up(account, function)
    snapshots = {kind: account.snapshots(volume)[0]["SnapshotId"] for kind, volume in old.items()}
    lose(account, *old.values())

    for kind, volume in old.items():
        done = run("restore", volume, "--yes", "--json")

        assert done.status == 0, done.err
        properties, tags = shown(account, done.json["volumes"][0]["volume"])
        assert properties == was[kind][0]
        assert tags == {
            **was[kind][1],
            "Name": f"web {kind} (restored)",
            "ebs-backup:restored-from": snapshots[kind],
        }


def test_a_servers_root_and_data_come_back_when_all_of_it_is_gone(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    root, data = (
        make(account, "db root", {"VolumeType": "gp3", "Size": 8}),
        make(account, "db data", KINDS["io2"]),
    )
    instance = account.instance("db", data)
    account.ec2.attach_volume(VolumeId=root, InstanceId=instance, Device="/dev/xvda")
    was = {volume: shown(account, volume) for volume in (root, data)}
    back_up(account, function)
    lose(account, root, data)
    account.ec2.terminate_instances(InstanceIds=[instance])

    done = run("restore", "--instance", instance, "--yes", "--json")
    snapshots = {restored["of"]: restored["snapshot"] for restored in done.json["volumes"]}
    by_hand = run("restore", "db root", "--snapshot", snapshots[root], "--yes", "--not-backed-up")

    assert done.status == 0, done.err
    for restored in done.json["volumes"]:
        properties, tags = shown(account, restored["volume"])
        assert properties == was[restored["of"]][0]
        assert tags["Name"] == f"{was[restored['of']][1]['Name']} (restored)"
    assert {restored["of"] for restored in done.json["volumes"]} == {root, data}
    assert f"create-replace-root-volume-task --region {REGION} --instance-id {instance}" in by_hand.out


def test_a_restored_volume_is_backed_up_without_a_word_about_its_tags(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    old = make(account, "web", KINDS["gp3"])
    back_up(account, function)
    lose(account, old)
    new = run("restore", "web", "--yes", "--json").json["volumes"][0]["volume"]

    account.emulator.clock.set(nights.night(MONDAY, 1))
    answer = function.run(period="day", time=night(1))

    assert (answer["status"], answer["created"]) == ("OK", 1)
    (snapshot,) = account.snapshots(new)
    assert "ebs-backup:restored-from" not in snapshot["Tags"]
    assert snapshot["Tags"]["Name"].startswith("web (restored) day ")


def test_verify_reads_every_restore_point_and_leaves_nothing_behind(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    volumes = {make(account, "web", KINDS["gp3"]), make(account, "db", KINDS["encrypted"])}
    back_up(account, function)

    done = run("verify", "--yes", "--json")

    assert done.status == 0, done.err
    assert {one["volume"] for one in done.json["verified"]} == volumes
    assert all(one["restored"] and one["blocks_read"] == 9 for one in done.json["verified"]), done.json
    assert {one["found"] for one in done.json["verified"]} == {"ext4 file system"}
    assert {volume["VolumeId"] for volume in account.ec2.describe_volumes()["Volumes"]} == volumes


def test_a_hold_outlives_rotation_until_it_is_ended(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    volume = make(account, "web", KINDS["gp3"])
    back_up(account, function)
    first = account.snapshots(volume)[0]["SnapshotId"]

    held = run("hold", first)
    for number in range(1, 6):
        account.emulator.clock.set(nights.night(MONDAY, number))
        function.run(period="day", time=night(number))
    kept = {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}
    freed = run("unhold", first)
    account.emulator.clock.set(nights.night(MONDAY, 6))
    function.run(period="day", time=night(6))

    assert (held.status, freed.status) == (0, 0), held.err + freed.err
    assert first in kept
    assert first not in {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}


def test_what_the_policies_do_not_allow_is_one_line_with_advice(
    account: EmulatedAccount, function: DeployedFunction, run: Run
) -> None:
    volume = make(account, "web", KINDS["gp3"])
    back_up(account, function)
    foreign = account.snapshot(volume)

    done = run("hold", foreign)

    assert done.status == 2
    assert done.err.splitlines()[0].startswith(f"ebs-backup: {foreign} is not a backup of this tool")
