"""What a fork of the template does before it reads a submission: spaces, files, limits and rights of its own.

Linux only, and standalone, as it runs inside of a sandbox. Each step raises OSError where the machine refuses it.
"""

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)

STUDENT = 1000
"""User and group of a submission, in its own user namespace."""

# From linux/sched.h, linux/prctl.h, sys/mount.h, linux/mount.h and linux/capability.h.
_NEW = {"user": 28, "mount": 17, "pid": 29, "ipc": 27, "net": 30, "uts": 26, "cgroup": 25}  # numbers of bits
_SET_DUMPABLE, _BOUNDING_READ, _BOUNDING_DROP, _AMBIENT, _AMBIENT_CLEAR = 4, 23, 24, 47, 4
_NO_NEW_PRIVILEGES, _HAS_NO_NEW_PRIVILEGES = 38, 39
_NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 8, 1 << 12, 1 << 14, 1 << 18
_MOUNT_SETATTR, _AT_RECURSIVE, _READ_ONLY = 442, 0x8000, 1  # the call's number is the same on every kind of processor
_CAPABILITY_VERSION, _MOST_CAPABILITIES = 0x20080522, 64
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}  # its number is not
_JOIN_SESSION_KEYRING, _SET_PERMISSIONS, _SESSION_KEYRING = 1, 5, -3


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{name} {arguments[:2]}: {os.strerror(error)}")


def _mount(source, target, kind, flags, options=""):
    names = [None if one is None else os.fsencode(one) for one in (source, target, kind)]
    _call("mount", *names, ctypes.c_ulong(flags), options.encode())


def set_readable_by_others(readable):
    """Say whether other processes of the same user may read this one's memory, trace it, and open its files."""
    _call("prctl", _SET_DUMPABLE, int(readable), 0, 0, 0)


def give_up_keys():
    """Leave the keys of whoever started all this, for an empty keyring with which nobody may do anything.

    The template does this once: a fork that needed a keyring of its own could not start beside a submission that has
    used up what its user may have of them.
    """
    keyctl = _KEYCTL[platform.machine()]
    _call("syscall", keyctl, _JOIN_SESSION_KEYRING, None)
    _call("syscall", keyctl, _SET_PERMISSIONS, _SESSION_KEYRING, 0)


def enter_namespaces():
    """Enter new namespaces of every kind, as another user; the next child becomes process 1 of its own."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", sum(1 << bit for bit in _NEW.values()))
    set_readable_by_others(True)  # or /proc/self would not be this user's
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{STUDENT} {user} 1"),
        ("gid_map", f"{STUDENT} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)
    set_readable_by_others(False)


def furnish(disk, writable, keep):
    """Make the file system a submission's: all of it read-only, but for empty places in memory of `disk` MB each.

    `writable` are the empty places. What lies in one of them and must be seen, as an environment of Python's in /tmp,
    is in `keep`. Process 1 of the new namespaces calls this.
    """
    here = os.getcwd()
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")  # from here on, nobody gets rights by a further one
    handles = {path: os.open(path, os.O_PATH) for path in keep}
    everything_read_only = (ctypes.c_uint64 * 4)(_READ_ONLY | _NOSUID, 0, 0, 0)
    _call("syscall", _MOUNT_SETATTR, -100, b"/", _AT_RECURSIVE, everything_read_only, ctypes.c_size_t(32))
    for place in writable:
        _mount("box", place, "tmpfs", _NOSUID | _NODEV, f"mode=1777,size={disk}m")
    for path, handle in handles.items():
        os.makedirs(path, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", path, None, _BIND | _RECURSIVE)
        os.close(handle)
    os.chdir(here)  # what is mounted there by now


def drop_rights():
    """Give up every capability for good; raises where one is left."""
    _call("prctl", _AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    for capability in range(_MOST_CAPABILITIES):
        _libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0)  # not all of them exist; what is left is seen below
    of_this_process, held = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    _call("capset", of_this_process, held)
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    set_readable_by_others(False)
    _call("capget", of_this_process, held)
    in_reach = [one for one in range(_MOST_CAPABILITIES) if _libc.prctl(_BOUNDING_READ, one, 0, 0, 0) == 1]
    if any(held) or in_reach or _libc.prctl(_HAS_NO_NEW_PRIVILEGES, 0, 0, 0, 0) != 1:
        raise PermissionError(f"rights are left: {list(held)}, {in_reach}")
