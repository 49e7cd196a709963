"""`python -m bench [name] [options]`: one measurement, or all of them. Ends with 1 when a promise is not kept."""

from __future__ import annotations

import sys

from bench import case_page, files, reading, scale, ten_writers

BENCHES = {
    "case_page": case_page.main,
    "files": files.main,
    "reading": reading.main,
    "scale": scale.main,
    "ten_writers": ten_writers.main,
}


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in BENCHES:
        return BENCHES[arguments[0]](arguments[1:])
    if arguments:
        print(f"python -m bench [{' | '.join(BENCHES)}] [options]", file=sys.stderr)
        return 2
    return max(bench([]) for bench in BENCHES.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
