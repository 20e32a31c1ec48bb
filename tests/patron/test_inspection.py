"""What lies in data files: found, grouped and profiled."""

from pathlib import Path

import duckdb
import pytest

from patron.features.errors import ConfigurationError, DataError
from patron.inspection import FileProfile, find_files, inspect


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def profiles(folder: Path, *files: Path) -> tuple[FileProfile, ...]:
    with duckdb.connect() as connection:
        return inspect(connection, files, folder)


def test_without_a_place_the_folder_and_its_data_are_searched(tmp_path: Path):
    here = write(tmp_path, "b.csv", "a\n1\n")
    below = write(tmp_path, "data/a.PARQUET", "")
    write(tmp_path, "notes.md", "")
    write(tmp_path, "other/c.csv", "a\n1\n")

    assert find_files([], tmp_path) == (here, below)


def test_places_are_files_folders_and_globs_each_file_once(tmp_path: Path):
    first, second = write(tmp_path, "a.csv", "a\n1\n"), write(tmp_path, "b.csv", "a\n1\n")

    assert find_files([second, tmp_path, tmp_path / "*.csv"], tmp_path) == (second, first)


@pytest.mark.parametrize("place", ["nowhere.csv", "*.parquet", "."])
def test_a_place_without_data_is_told(tmp_path: Path, place: str):
    with pytest.raises(ConfigurationError, match="no data files"):
        find_files([tmp_path / place], tmp_path)


def test_a_profile_says_type_spread_emptiness_and_ends(tmp_path: Path):
    (profile,) = profiles(
        tmp_path, write(tmp_path, "a.csv", "id,amount,note\n1.0,2.5,x\n2.0,,y\n,4.5,y\n3.0,0.5,z\n")
    )
    columns = {column.name: column for column in profile.columns}

    assert (profile.path, profile.rows, profile.stem) == ("a.csv", 4, "a")
    assert (columns["amount"].low, columns["amount"].high, columns["amount"].empty) == ("0.5", "4.5", 0.25)
    assert columns["note"].distinct == 3
    assert columns["id"].whole_floats
    assert not columns["amount"].whole_floats
    assert columns["amount"].is_number
    assert not columns["note"].is_number


def test_files_of_the_same_columns_are_one_source_where_a_glob_names_just_them(tmp_path: Path):
    first = write(tmp_path, "sales_2016.csv", "a,b\n1,2\n")
    second = write(tmp_path, "sales_2017.csv", "a,b\n3,4\n")
    other = write(tmp_path, "cases.csv", "a,c\n1,2\n")

    assert [(p.path, p.rows) for p in profiles(tmp_path, first, second, other)] == [
        ("sales_201*.csv", 2),
        ("cases.csv", 1),
    ]


def test_a_glob_that_would_take_in_another_file_is_not_made(tmp_path: Path):
    first = write(tmp_path, "sales_2016.csv", "a,b\n1,2\n")
    second = write(tmp_path, "sales_2017.csv", "a,b\n3,4\n")
    write(tmp_path, "sales_2018.csv", "x,y\n1,2\n")

    assert [p.path for p in profiles(tmp_path, first, second)] == ["sales_2016.csv", "sales_2017.csv"]


def test_files_outside_the_folder_keep_their_full_path(tmp_path: Path):
    data = write(tmp_path, "data/a.csv", "a\n1\n")
    (profile,) = profiles(tmp_path / "shop", data)

    assert profile.path == str(data)


def test_a_broken_file_is_told(tmp_path: Path):
    with pytest.raises(DataError, match=r"broken\.parquet"):
        profiles(tmp_path, write(tmp_path, "broken.parquet", "no parquet"))
