"""Lets Python sleep under faketime.

With the monotonic clock left alone, Debian's libfaketime 0.9.10 still shifts the absolute end that Python hands to
clock_nanosleep, and the kernel refuses it. Waiting on nothing in select sleeps as long and is not touched.
"""

import select
import time


def sleep(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = sleep
