"""A stand-in for the EBS direct API, which ministack lacks: every snapshot holds an ext4's first block and some others.

Its answers have the shape and the checksums of AWS's. The bytes are made up, and are the same at each call. A block has
512 KiB, as on AWS. A listing gives a block for each 32 MiB of the volume.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import ec2

from emulator.ebs import Params, one
from emulator.patching import replace, require

BLOCK, STEP, GIB = 512 * 1024, 64, 1024**3
PATH = re.compile(r"/snapshots/(snap-[0-9a-f]+)/blocks(?:/([0-9]+))?")
Answer = tuple[int, dict[str, str], bytes]


def patch() -> None:
    """Add the service; IAM judges its calls on the snapshot."""
    require(app, "SERVICE_HANDLERS")
    require(iam_actions, "SERVICE_TO_IAM_NAMESPACE", "_BOTOCORE_SERVICE_MAP")
    app.SERVICE_HANDLERS["ebs"] = _handle
    iam_actions.SERVICE_TO_IAM_NAMESPACE["ebs"] = "ebs"
    iam_actions._BOTOCORE_SERVICE_MAP["ebs"] = ["ebs"]
    replace(iam_actions, "extract_resource_arn", _on_the_snapshot)


def _on_the_snapshot(original: Any) -> Any:  # noqa: ANN401 - ministack's own
    def extract(service: str, method: str, path: str, *rest: Any) -> Any:  # noqa: ANN401 - ministack's own
        asked = PATH.fullmatch(path) if service == "ebs" else None
        if asked is None:
            return original(service, method, path, *rest)
        region = rest[3]
        return f"arn:aws:ec2:{region}::snapshot/{asked[1]}"

    return extract


async def _handle(method: str, path: str, headers: Mapping[str, str], body: bytes, params: Params) -> Answer:  # noqa: ARG001 - as ministack calls it
    asked = PATH.fullmatch(path)
    snapshot = ec2._snapshots.get(asked[1]) if asked and method == "GET" else None
    if asked is None or snapshot is None:
        return _error("ResourceNotFoundException", "The snapshot does not exist.", 404)
    if snapshot["State"] != "completed":
        return _error("ValidationException", "The snapshot is not completed.", 400)
    return _list(snapshot, params) if asked[2] is None else _get(snapshot, int(asked[2]), params)


def _list(snapshot: Mapping[str, Any], params: Params) -> Answer:
    most = int(one(params, "maxResults") or 10_000)
    start = int(one(params, "pageToken") or one(params, "startingBlockIndex") or 0)
    everything = range(0, snapshot["VolumeSize"] * GIB // BLOCK, STEP)
    page = [index for index in everything if index >= start][: most + 1]
    told = {
        "Blocks": [{"BlockIndex": index, "BlockToken": _token(snapshot, index)} for index in page[:most]],
        "ExpiryTime": 4102444800,
        "VolumeSize": snapshot["VolumeSize"],
        "BlockSize": BLOCK,
        **({"NextToken": str(page[most])} if len(page) > most else {}),
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()


def _get(snapshot: Mapping[str, Any], index: int, params: Params) -> Answer:
    if one(params, "blockToken") != _token(snapshot, index):
        return _error("ValidationException", "The block token is not valid.", 400)
    data = bytearray(hashlib.sha256(f"{snapshot['VolumeId']} {index}".encode()).digest() * (BLOCK // 32))
    if index == 0:
        data[:2048] = bytes(2048)
        data[1080:1082], data[1120:1124] = b"\x53\xef", b"\x42\x00\x00\x00"  # ext4's magic and features
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    headers = {
        "Content-Type": "application/octet-stream",
        "x-amz-Data-Length": str(len(data)),
        "x-amz-Checksum": checksum,
        "x-amz-Checksum-Algorithm": "SHA256",
    }
    return 200, headers, bytes(data)


def _token(snapshot: Mapping[str, Any], index: int) -> str:
    digest = hashlib.sha256(f"{snapshot['SnapshotId']} {index}".encode()).digest()
    return base64.b64encode(digest).decode()


def _error(code: str, message: str, status: int) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"Message": message}).encode()
