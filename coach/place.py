"""Where a folder lies: on a disk of this machine, on the network, or under a service that syncs."""

import os
from pathlib import Path

SYNCED = (
    "dropbox", "onedrive", "google drive", "googledrive", "icloud", "nextcloud",
    "mobile documents",
)  # fmt: skip
# Types of file systems on which another machine may save, of which this one's kernel hears nothing;
# 9p and drvfs are Windows' own disks as WSL shows them.
NETWORK = ("nfs", "nfs4", "cifs", "smbfs", "smb3", "fuse.sshfs", "9p", "vboxsf", "drvfs")


def service(folder: Path) -> str:
    """The service that seems to sync a folder, by its path; empty where none does."""
    text = str(folder).lower()
    return next((name for name in SYNCED if name in text), "")


def network(folder: Path) -> str:
    """The type of the network file system that holds a folder; empty where it is none."""
    if folder.drive.startswith("\\\\"):
        return "share"  # of Windows, without a letter
    kind = filesystem(folder)
    return kind if kind in NETWORK else ""


def filesystem(folder: Path) -> str:
    """The type of the file system that holds a folder, where the system tells it."""
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        _, mount, found, *_ = line.split(" ")
        mount = mount.replace("\\040", " ")  # a space, as the kernel writes it
        if os.path.commonpath([mount, str(folder)]) == mount and len(mount) >= len(best):
            best, kind = mount, found
    return kind
