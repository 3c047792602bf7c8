"""How much memory does a process of many threads keep: the C library's allocator told to share and to give back.

With the defaults of glibc each of the server's threads gets an arena of its own, and what they free stays with the
process: after some large requests it holds a fifth more than it needs (docs/performance.md, "Memory").
"""

import ctypes

# glibc, malloc.h: options of mallopt.
M_TRIM_THRESHOLD = -1
M_ARENA_MAX = -8

ARENAS = 2
TRIM_BYTES = 128 * 1024


def share_memory() -> bool:
    """Let all threads share two arenas and give freed memory back; say whether this C library can.

    Call it before the first thread starts.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_ARENA_MAX, ARENAS) and mallopt(M_TRIM_THRESHOLD, TRIM_BYTES))
