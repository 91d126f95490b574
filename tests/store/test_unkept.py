"""A killed process leaves its world behind, and the next one takes it away; a living one's stays."""

import os
from pathlib import Path

from hypersim.store.locks import FileLock
from hypersim.store.unkept import DATABASE, make_folder


def left(parent: Path, *, age_s: int) -> Path:
    folder = make_folder(parent)
    lock = folder / f"{DATABASE}.lock"
    lock.touch()
    then_s = folder.stat().st_mtime - age_s
    os.utime(folder, (then_s, then_s))
    return folder


def test_only_what_nobody_has_any_more_is_taken_away(tmp_path: Path) -> None:
    dead, young, alive = left(tmp_path, age_s=3600), left(tmp_path, age_s=0), left(tmp_path, age_s=3600)
    lock = FileLock(alive / f"{DATABASE}.lock")
    foreign = tmp_path / "hypersim-notes"
    foreign.mkdir()
    os.utime(foreign, (0, 0))
    made = make_folder(tmp_path)
    lock.release()
    assert {young, alive, foreign, made} == set(tmp_path.iterdir())
    assert not dead.exists()


def test_a_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert 0o700 == make_folder(tmp_path).stat().st_mode & 0o777
