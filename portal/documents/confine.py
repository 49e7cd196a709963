"""Takes rights away from a process before it opens what strangers made; nothing gives them back.

Used in two ways, and it must not import anything of the portal: `reader.py` loads it beside itself and calls `lock_in`;
run as a script, it shuts itself in and then becomes another program (LibreOffice), which inherits all of it:

    python -I confine.py FOLDER USER SECONDS BYTES READABLE[:READABLE...] PROGRAM ARGUMENTS...

Three things hold a program, each by a means of the kernel that needs no right to use:

* seccomp (Linux 3.5): no socket but a local one, no look into other processes, no way round through io_uring;
* Landlock (Linux 5.13): no file but the program's own and those in FOLDER;
* a user of its own, where the portal runs as root: Landlock does not see what a kernel without it lets through.

A network namespace is put around it where the system allows one. The program is not started (exit status UNCONFINED)
when it could reach the network, or when neither Landlock nor a user of its own keeps it from the portal's files.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import secrets
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

UNCONFINED = 78
"""Exit status: this machine cannot hold the program, so it was not started (EX_CONFIG)."""

_libc = ctypes.CDLL(None, use_errno=True)


class NotPossible(Exception):
    """The kernel does not do this, or does not let us."""


# System calls, filtered (seccomp)

_ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# Name -> its number on x86_64 and on aarch64; None where there is none.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None), "creat": (85, None), "openat": (257, 56), "openat2": (437, 437),
    "open_by_handle_at": (304, 265), "stat": (4, None), "lstat": (6, None), "access": (21, None),
    "newfstatat": (262, 79), "statx": (332, 291),
    "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, None),
    "unlinkat": (263, 35), "mkdir": (83, None), "mkdirat": (258, 34), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45), "chmod": (90, None), "fchmodat": (268, 53),
    "chown": (92, None), "fchownat": (260, 54), "chdir": (80, 49), "chroot": (161, 51), "mknodat": (259, 33),
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242),
    "bind": (49, 200), "listen": (50, 201), "sendto": (44, 206), "sendmsg": (46, 211),
    "clone": (56, 220), "clone3": (435, 435), "fork": (57, None), "vfork": (58, None), "execve": (59, 221),
    "execveat": (322, 281), "kill": (62, 129), "tkill": (200, 130), "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "fsopen": (430, 430), "open_tree": (428, 428),
    "move_mount": (429, 429), "mount_setattr": (442, 442), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "memfd_create": (319, 279), "shmget": (29, 194), "shmat": (30, 196), "mq_open": (240, 180),
    "personality": (135, 92), "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
}  # fmt: skip
_OUTWARD = (
    "pidfd_getfd", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "open_tree", "move_mount",
    "mount_setattr", "bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "kexec_load",
    "init_module", "finit_module", "open_by_handle_at",
)  # fmt: skip
"""What no program needs that turns a document into a page."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST = 0, 4, 16
"""Where in what the filter is given the number stands, the architecture, and the low half of the first argument."""
_LET, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_LOCAL = 1
"""AF_UNIX."""
_THREAD = 0x00010000
"""CLONE_THREAD."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))


def forbid_calls(calls: Iterable[str], only_local_sockets: bool = False, only_threads: bool = False) -> None:
    """From now on these system calls fail, in every thread and in whatever this process becomes. Raises NotPossible."""
    arch, column = _ARCHES.get(platform.machine(), (0, 0))
    if not arch:
        raise NotPossible(f"no list of system calls for {platform.machine()}")
    lines = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if platform.machine() == "x86_64":
        lines += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]  # the same calls by other numbers (x32)
    for name in calls:
        number = _CALLS[name][column]
        if number is not None:
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | errno.EPERM)]
    if only_local_sockets:
        lines += _unless("socket", column, _EQUAL, _LOCAL, errno.EACCES)
    if only_threads:
        # Its flags lie in memory, where no filter can look: the C library then asks by `clone`.
        lines += [(_EQUAL, 0, 1, _number("clone3", column)), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
        lines += _unless("clone", column, _ANY_BIT, _THREAD, errno.EPERM)
    lines.append((_RETURN, 0, 0, _LET))
    filter_ = _Program(len(lines), b"".join(struct.pack("HBBI", *line) for line in lines))
    _no_new_rights()
    seccomp = {"x86_64": 317, "aarch64": 277}[platform.machine()]
    if _libc.syscall(seccomp, 1, 1, ctypes.byref(filter_)) != 0:  # for a filter, in all threads
        raise NotPossible(f"seccomp: {os.strerror(ctypes.get_errno())}")


def _unless(name: str, column: int, test: int, value: int, fault: int) -> list[tuple[int, int, int, int]]:
    """Lines that refuse a call unless its first argument passes a test."""
    return [
        (_EQUAL, 0, 4, _number(name, column)),
        (_LOAD, 0, 0, _FIRST),
        (test, 1, 0, value),
        (_RETURN, 0, 0, _REFUSE | fault),
        (_RETURN, 0, 0, _LET),
    ]


def _number(name: str, column: int) -> int:
    number = _CALLS[name][column]
    assert number is not None  # noqa: S101  it is in the table for every machine
    return number


def _no_new_rights() -> None:
    """No program started from here on gets more rights than this one has (a program of root's included)."""
    if _libc.prctl(38, 1, 0, 0, 0) != 0:
        raise NotPossible("no_new_privs")


# Files (Landlock)

_READ = (1 << 0) | (1 << 2) | (1 << 3)
"""Execute, read a file, list a folder."""
_SOCKETS = (1 << 9) | (1 << 5)
"""Make one, and take a file away."""
_EVERYTHING = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Interface version -> every right on files that it knows."""
_OF_A_FILE = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
"""The rights that can be given on what is no folder."""


def see_only(readable: Sequence[str], writable: Sequence[str] = (), sockets: Sequence[str] = ()) -> None:
    """From now on no other file or folder can be opened; in `sockets`, local sockets can be made and what lies
    there taken away. Paths that are not there are left out. Raises NotPossible."""
    version = _libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1:
        raise NotPossible("Landlock is not there")
    every = _EVERYTHING[min(version, max(_EVERYTHING))]
    # Version 4 knows TCP as well, 6 local sockets without a file and signals to the outside.
    tcp, outside = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    rules = struct.pack("QQQ", every, tcp, outside)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _libc.syscall(444, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        raise NotPossible(f"Landlock: {os.strerror(ctypes.get_errno())}")
    try:
        for paths, rights in ((readable, _READ), (writable, every), (sockets, _SOCKETS)):
            for path in paths:
                _allow(ruleset, path, rights & every)
        _no_new_rights()
        if _libc.syscall(446, ruleset, 0) != 0:
            raise NotPossible(f"Landlock: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        where = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & _OF_A_FILE  # noqa: PTH112  pathlib loads more than this does
        if _libc.syscall(445, ruleset, 1, struct.pack("=Qi", allowed, where), 0) != 0:
            raise NotPossible(f"Landlock: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(where)


# Network and user

_NEW_USER, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000
_BIND, _PRIVATE = 0x1000, 0x44000
TEMPORARY = "/tmp"  # noqa: S108  where programs put their sockets, whatever they are told


def stand_apart(folder: str, is_root: bool) -> None:
    """A network with nothing on it, and `folder` in the place of everybody's temporary files. Raises NotPossible."""
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_NEW_NETWORK | _NEW_MOUNTS | (0 if is_root else _NEW_USER)) != 0:
        raise NotPossible(f"unshare: {os.strerror(ctypes.get_errno())}")
    if not is_root:
        for name, said in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with suppress(OSError), open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  pathlib loads more
                file.write(said)
    place = TEMPORARY.encode()
    if _libc.mount(None, b"/", None, _PRIVATE, None) or _libc.mount(folder.encode(), place, None, _BIND, None):
        raise NotPossible(f"mount: {os.strerror(ctypes.get_errno())}")


_FIRST_USER, _USERS = 2_000_000_000, 1_000_000_000
"""Numbers that no list of users holds, and outside the ranges that containers are given (systemd's list of them)."""


def own_user() -> int | None:
    """A user that is nobody else's, for a process of root's; None for anybody but root, who cannot have another."""
    return _FIRST_USER + secrets.randbelow(_USERS) if os.geteuid() == 0 else None


def is_own_user(user: int) -> bool:
    """Whether a user is one that `own_user` gave."""
    return _FIRST_USER <= user < _FIRST_USER + _USERS


def become(user: int | None) -> None:
    """Gives up root for a user without groups. Raises NotPossible for None, and where the system lets nobody."""
    if user is None:
        raise NotPossible("only root can become somebody else")
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError as problem:
        raise NotPossible(f"user {user}: {problem.strerror}") from problem


# Both together


def lock_in(seconds: int, memory: int) -> None:
    """For a process that only has to compute: from now on it can open nothing, start nothing and speak to nobody, also
    when what it reads takes it over. It keeps the descriptors it has. `memory` is bytes of address space in all.

    What the kernel does not do is left out here: that no descriptor can be made holds everywhere, and by itself.
    """
    _limit(seconds, memory, 0)
    with suppress(NotPossible):
        become(own_user())
    with suppress(NotPossible):
        see_only(())
    # None at all: with a limit of three, whoever closes one of the three could open something in its place.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with suppress(NotPossible):
        forbid_calls([name for name in _CALLS if name not in ("clone", "clone3")], only_threads=True)


def _limit(seconds: int, memory: int, largest_file: int) -> None:
    # Ended by a signal of its own (SIGXCPU), which tells it from what the system kills for want of memory.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/libreoffice", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/passwd", "/etc/papersize", "/var/cache/fontconfig", "/var/lib/libreoffice",
    "/var/spool/libreoffice", "/proc/cpuinfo", "/proc/meminfo", "/proc/version", "/sys/devices/system/cpu",
)  # fmt: skip
"""What a program may read of the system: nothing that somebody's secrets lie in."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_LARGEST = 200_000_000


def hold(folder: str, user: int | None, seconds: int, memory: int, readable: Sequence[str]) -> None:
    """For a program that is about to be started: it sees the system's programs and `folder`, and reaches nobody.
    Raises NotPossible when it could."""
    _limit(seconds, memory, _LARGEST)
    sockets: tuple[str, ...] = ()
    try:
        stand_apart(folder, user is not None)  # around those that must hold
    except NotPossible:
        sockets = (TEMPORARY,)
    holds = False
    with suppress(NotPossible):
        become(user)
        holds = True
    with suppress(NotPossible):
        see_only((*SYSTEM, *readable), (folder, *_DEVICES), sockets)
        holds = True
    if not holds:
        raise NotPossible("neither Landlock nor another user keeps it from the portal's own files")
    forbid_calls(_OUTWARD, only_local_sockets=True)


def reached(port: int, hidden: Iterable[str]) -> list[str]:
    """What this process can reach of what it should not: a server on a port of this machine, files and folders."""
    found = []
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
        found.append("the network")
    except OSError:
        pass
    for path in hidden:
        try:
            os.close(os.open(path, os.O_RDONLY))
            found.append(path)
        except OSError:
            pass
    return found


def main() -> int:
    """`try PORT PATHS...` in the place of a program writes into FOLDER/reached what such a program would reach."""
    folder, user, seconds, memory, readable, program, *arguments = sys.argv[1:]
    try:
        hold(folder, int(user) if user else None, int(seconds), int(memory), [p for p in readable.split(":") if p])
    except NotPossible as problem:
        sys.stderr.write(f"{problem}\n")
        return UNCONFINED
    if program != "try":
        os.execv(program, [program, *arguments])  # noqa: S606  the operator's own program
    with open(f"{folder}/reached", "w") as told:  # noqa: PTH123  pathlib loads more
        told.write(", ".join(reached(int(arguments[0]), arguments[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
