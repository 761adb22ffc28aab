"""What the first block of a disk says that it is: a partition table, a file system, or something else. Pure.

Offsets and words: UEFI specification 5.2 and 5.3 (MBR, GPT), ext4's and XFS's disk layout, btrfs's on-disk format, LVM2's
label header, the kernel's swap header, LUKS's on-disk formats, NTFS's boot sector.
"""

import struct

MBR_SIGNATURE = b"\x55\xaa"
EXT_MAGIC = b"\x53\xef"
EXT4_FEATURES, EXT_JOURNAL = 0x0040 | 0x0080 | 0x0200, 0x0004  # extents, 64bit, flex_bg; has_journal
SECTORS = (512, 4096)  # a GPT's header stands in the second sector
# Offsets and bytes, in the order of the search. A file system can leave an older boot sector, so that comes last.
SIGNATURES = (
    (0, b"XFSB", "XFS file system"),
    (65536 + 64, b"_BHRfS_M", "btrfs file system"),
    (0, b"LUKS\xba\xbe", "LUKS encrypted disk"),
    *((sector * 512, b"LABELONE", "LVM physical volume") for sector in range(4)),
    (4096 - 10, b"SWAPSPACE2", "swap space"),
    (4096, b"\xfc\x4e\x2b\xa9", "software RAID member"),
    (3, b"NTFS    ", "NTFS file system"),
    (82, b"FAT32   ", "FAT file system"),
    (54, b"FAT1", "FAT file system"),
)


def recognize(block: bytes) -> str:
    """Return what a disk that begins with these bytes holds, or an empty text."""
    for sector in SECTORS:
        if block[sector : sector + 8] == b"EFI PART":
            return "GPT partition table"
    if ext := _ext(block):
        return ext
    for offset, magic, name in SIGNATURES:
        if block[offset : offset + len(magic)] == magic:
            return name
    return "MBR partition table" if _mbr(block) else ""


def _ext(block: bytes) -> str:
    """Return ext2, ext3 or ext4, by the features; the superblock begins at byte 1024."""
    if block[1080:1082] != EXT_MAGIC or len(block) < 1124:
        return ""
    compatible, incompatible = struct.unpack_from("<II", block, 1024 + 92)
    if incompatible & EXT4_FEATURES:
        return "ext4 file system"
    return "ext3 file system" if compatible & EXT_JOURNAL else "ext2 file system"


def _mbr(block: bytes) -> bool:
    """Return whether there is a table with a partition in it: each entry has its type in its fifth byte."""
    types = [block[446 + 16 * number + 4 : 446 + 16 * number + 5] for number in range(4)]
    return block[510:512] == MBR_SIGNATURE and any(kind not in (b"", b"\0") for kind in types)
