"""The command in this process, and files to give it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import Command


@pytest.fixture
def command(capsys):
    return Command(capsys)


@pytest.fixture
def write(tmp_path):
    def file(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return file


@pytest.fixture
def table(tmp_path):
    def file(name="rows.parquet", **columns):
        path = tmp_path / name
        pq.write_table(pa.table(columns), path)
        return path

    return file
