"""Record a release's answers and stored data, and compare two releases.

    python scripts/answers record FOLDER --program PATH [--data FOLDER]
    python scripts/answers compare FOLDER FOLDER

`record` hands a fixed input in to a fresh server of the release and writes down what it answered
(`intake/`), what its database then holds (`database/`), and the answers to many reads
(`answers/`). With `--data` the answers are read from a copy of another recording's `data/`, so
that two releases read the same record. `compare` prints every difference and ends with 1 if there
is one.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from compare import compare
from database import dump
from fixed_input import hand_in
from intake import FIRST_MS, READ_MS
from record import record
from server import Release


def record_release(folder: Path, program: Path, data: Path | None) -> None:
    """Record a release into an empty or new folder."""
    built = Release(program=program, data=folder / "data")
    built.data.mkdir(parents=True)
    built.set_clock(FIRST_MS)
    built.make_apps()
    with built.serving(seed="hand in") as url:
        answers = hand_in(built, url)
        built.wait_until_idle()
    (folder / "intake").mkdir()
    lines = (json.dumps(answer, ensure_ascii=True) for answer in answers)
    (folder / "intake" / "answers.txt").write_text("".join(f"{line}\n" for line in lines))
    dump(built.database, _package_of(program), folder / "database")
    with tempfile.TemporaryDirectory() as copy:
        read = Release(program=program, data=Path(copy) / "data")
        shutil.copytree(data or built.data, read.data)
        read.set_clock(READ_MS)
        with read.serving("--no-work", seed="read") as url:
            count = record(url, folder / "answers")
    print(f"{count} answers in {folder}")


def _package_of(program: Path) -> Path:
    """The folder of the package that the program runs, beside its virtual environment or in it."""
    root = program.resolve().parents[2]
    return root / "src" if (root / "src").is_dir() else program.resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="answers", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("folder", type=Path)
    recording.add_argument(
        "--program", type=Path, default=Path(sys.executable).parent / "aftercall"
    )
    recording.add_argument("--data", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("a", type=Path)
    comparing.add_argument("b", type=Path)
    given = parser.parse_args()
    if given.command == "record":
        record_release(given.folder, given.program, given.data)
        return 0
    return 1 if compare(given.a, given.b) else 0


if __name__ == "__main__":
    sys.exit(main())
