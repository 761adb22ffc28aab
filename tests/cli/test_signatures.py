"""What a first block says that a disk holds."""

import pytest

from ebs_backup_cli.restore.signatures import recognize
from tests.cli.disks import DISKS, MBR, block, ext


@pytest.mark.parametrize("name", DISKS)
def test_a_disk_is_recognized_by_its_first_block(name: str) -> None:
    assert recognize(DISKS[name]) == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        block({}),
        block({510: b"\x55\xaa"}),
        bytes(range(256)) * 2048,
        b"XFS",
        block(MBR)[:500],
    ],
)
def test_nothing_is_guessed(data: bytes) -> None:
    assert recognize(data) == ""


def test_a_disk_with_sectors_of_4096_bytes_has_its_table_in_the_second_of_them() -> None:
    assert recognize(block({4096: b"EFI PART"})) == "GPT partition table"


def test_a_superblock_that_is_cut_is_none() -> None:
    assert recognize(ext(4, 2)[:1100]) == ""


def test_a_boot_sector_that_an_old_table_left_does_not_hide_the_file_system() -> None:
    both = bytearray(DISKS["ext4 file system"])
    both[446:512] = block(MBR)[446:512]

    assert recognize(bytes(both)) == "ext4 file system"
