"""One pixel of one row changes in the raw file: only what follows from that row is made again.

A copy of `fer2013.csv` goes to a temporary folder and into a new lake, with every table of
pictures that is derived from it (gray and degraded). Then the first pixel of the middle row is
changed and the refresh is repeated. By its own output each table has to rewrite exactly one bucket
and to compute exactly one row; otherwise the exit status is 1. Printed are the whole times of the
two commands and the sums of their tables' times. Libraries are loaded compiled, as after an
installation: a refresh of the first 300 rows, without `degraded`, goes before, uncounted.

    python benchmarks/one_row.py RAW [--rows N]

RAW holds `fer2013/fer2013.csv`; with --rows its first N rows are used. At full size this takes
minutes and 2.5 GB where TMPDIR says.
"""

import re
import shutil
import sys
import tempfile
from itertools import islice
from pathlib import Path

from ingest import (
    CLI,
    LIBRARIES,
    Run,
    arguments_parser,
    bytecode_cache,
    fresh,
    machine,
    raw_file,
    run,
)

REFRESH = [*CLI, "refresh", "degraded/*", "grayscale/*"]
WARM_ROWS = 300
TABLE = re.compile(
    r"^✓ (\S+)  ([\d.]+) s  (\d+) of \d+ buckets rewritten, ([\d,]+) of ([\d,]+) rows computed",
    re.M,
)


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("--rows", type=int, help="All of them by default.")
    arguments = parser.parse_args()
    published = raw_file(arguments.raw, "fer2013/fer2013.csv")
    n_rows = arguments.rows
    with bytecode_cache(), tempfile.TemporaryDirectory(prefix="bench-one-row-") as name:
        warm, whole = Path(name, "warm"), Path(name, "whole")
        copy_rows(published, warm, min(n_rows or WARM_ROWS, WARM_ROWS))
        run([*CLI, "refresh", "grayscale/*"], fresh(warm / "raw", warm))
        copy = copy_rows(published, whole, n_rows)
        variables = fresh(whole / "raw", whole)
        first = run(REFRESH, variables)
        row = change_a_pixel(copy)
        second = run(REFRESH, variables)
    print(f"changed: the first pixel of row {row}\n\n{second.output}")
    sys.exit(report(first, second))


def copy_rows(published: Path, folder: Path, n_rows: int | None) -> Path:
    """Copy the first rows, or all, to where a raw root below the folder has them."""
    copy = folder / "raw" / "fer2013" / "fer2013.csv"
    copy.parent.mkdir(parents=True)
    with published.open("rb") as source, copy.open("wb") as target:
        target.writelines(islice(source, None if n_rows is None else n_rows + 1))
    return copy


def change_a_pixel(path: Path) -> int:
    """Change the first pixel of the middle row; the number of the row, from 0."""
    with path.open("rb") as file:
        row = (sum(1 for _ in file) - 1) // 2
    changed = path.with_name("changed.csv")
    with path.open("rb") as source, changed.open("wb") as target:
        target.writelines(islice(source, row + 1))
        head, pixel, tail = re.split(rb"(?<=,)(\d+)(?= )", source.readline(), maxsplit=1)
        target.write(b"%s%d%s" % (head, (int(pixel) + 128) % 256, tail))
        shutil.copyfileobj(source, target)
    changed.replace(path)
    return row


def report(first: Run, second: Run) -> int:
    """Print the times, and what was made again although it need not be; 1 if anything was."""
    before, after = tables(first), tables(second)
    n_rows = next(iter(before.values()), [0.0, 0, 0, 0])[3]
    print(f"{machine(*LIBRARIES)}; {n_rows:,.0f} rows, {len(before)} tables\n")
    print("| refresh | whole process, s | the tables, s | rows computed |")
    print("|---|---|---|---|")
    for what, whole, made in (("full", first, before), ("one pixel", second, after)):
        seconds = sum(figures[0] for figures in made.values())
        n_computed = sum(figures[2] for figures in made.values())
        print(f"| {what} | {whole.seconds:.1f} | {seconds:.1f} | {n_computed:,.0f} |")
    print(f"\nfull / one pixel: {first.seconds / second.seconds:.1f}")
    wrong = [key for key in before if after.get(key, [0, 0, 0])[1:3] != [1, 1]]
    if wrong or not before:
        print(f"WRONG: not exactly one bucket and one row: {', '.join(wrong) or 'no table at all'}")
        return 1
    print(f"each of {len(after)} tables rewrote one bucket and computed one row")
    return 0


def tables(done: Run) -> dict[str, list[float]]:
    """Seconds, buckets rewritten, rows computed and rows of every table that was made."""
    found = TABLE.findall(done.output)
    return {key: [float(one.replace(",", "")) for one in figures] for key, *figures in found}


if __name__ == "__main__":
    main()
