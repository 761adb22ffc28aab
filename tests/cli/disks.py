"""First blocks of disks, as the programs that make file systems write them: only the bytes that tell them apart."""

import struct
from collections.abc import Mapping

SIZE = 512 * 1024


def block(parts: Mapping[int, bytes]) -> bytes:
    """Return a block of zeros with these bytes at these offsets."""
    data = bytearray(SIZE)
    for offset, part in parts.items():
        data[offset : offset + len(part)] = part
    return bytes(data)


def ext(compatible: int, incompatible: int) -> bytes:
    """Return the superblock of an ext2, ext3 or ext4."""
    return block({1080: b"\x53\xef", 1116: struct.pack("<II", compatible, incompatible)})


MBR = {510: b"\x55\xaa", 446: b"\x80\0\0\0\x83"}
DISKS = {
    "GPT partition table": block({**MBR, 512: b"EFI PART"}),
    "MBR partition table": block(MBR),
    "ext4 file system": ext(0x0004, 0x0040 | 0x0002),
    "ext3 file system": ext(0x0004, 0x0002),
    "ext2 file system": ext(0x0000, 0x0002),
    "XFS file system": block({0: b"XFSB"}),
    "btrfs file system": block({65600: b"_BHRfS_M"}),
    "LVM physical volume": block({512: b"LABELONE"}),
    "swap space": block({4086: b"SWAPSPACE2"}),
    "LUKS encrypted disk": block({0: b"LUKS\xba\xbe\0\x02"}),
    "software RAID member": block({4096: b"\xfc\x4e\x2b\xa9"}),
    "NTFS file system": block({3: b"NTFS    ", 510: b"\x55\xaa"}),
    "FAT file system": block({82: b"FAT32   ", 510: b"\x55\xaa"}),
}
