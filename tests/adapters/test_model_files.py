"""Is a model file told by its content, and is a pickle never read?"""

import bz2
import gzip
import hashlib
import json
import lzma
import pickle
import zipfile
import zlib
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from skops import io

from lifecycle.adapters import model_files
from lifecycle.errors import InvalidInput


class Bomb:
    """Leaves a mark where it was unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


@pytest.fixture
def fitted():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2))
    return LogisticRegression().fit(rows, rows[:, 0] > 0)


def test_a_skops_file_is_kept_with_the_hash_of_its_bytes(tmp_path, fitted):
    file = tmp_path / "model.anything"
    io.dump(fitted, file)

    found = model_files.inspect(file)

    assert found.format == "skops"
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert found.size == file.stat().st_size
    assert found.untrusted == ()


def test_a_boosted_tree_of_scikit_learn_is_trusted_and_predicts_the_same_after_loading(tmp_path):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(80, 3))
    model = HistGradientBoostingRegressor(max_iter=5).fit(rows, rows[:, 0])
    file = tmp_path / "model.skops"
    io.dump(model, file)

    loaded = model_files.load(file)

    assert loaded.predict(rows) == pytest.approx(model.predict(rows))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [bytes, gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_a_pickle_of_any_protocol_and_wrapping_is_refused_without_running(tmp_path, protocol, wrap):
    mark = tmp_path / "ran"
    file = tmp_path / "model.skops"
    file.write_bytes(wrap(pickle.dumps(Bomb(mark), protocol=protocol)))

    with pytest.raises(InvalidInput, match="pickle can run any program"):
        model_files.inspect(file)
    assert not mark.exists()


@pytest.mark.parametrize("compress", [0, 3])
def test_a_joblib_file_is_refused(tmp_path, fitted, compress):
    file = tmp_path / "model.joblib"
    joblib.dump(fitted, file, compress=compress)

    with pytest.raises(InvalidInput, match="pickle"):
        model_files.inspect(file)


def test_a_pytorch_archive_is_refused_as_the_pickle_it_holds(tmp_path):
    file = tmp_path / "model.pt"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")

    with pytest.raises(InvalidInput, match="PyTorch"):
        model_files.inspect(file)


def test_an_untrusted_type_is_named_and_passes_only_when_trusted_by_name(tmp_path):
    file = tmp_path / "model.skops"
    io.dump({"path": zlib.compressobj, "rest": Bomb}, file)

    with pytest.raises(InvalidInput, match="Bomb"):
        model_files.inspect(file)

    named = io.get_untrusted_types(file=file)
    assert model_files.inspect(file, trusted=named).untrusted == tuple(sorted(named))


def test_native_files_are_told_by_content(tmp_path):
    samples = {
        "lightgbm": b"tree\nversion=v4\nnum_class=1\n",
        "xgboost": json.dumps({"learner": {"attributes": {}}, "version": [3, 2, 0]}).encode(),
        "onnx": b"\x08\x0a\x12\x04test\x3a\x03\x12\x01g\x42\x02\x10\x15",
    }
    for name, content in samples.items():
        file = tmp_path / "model.bin"
        file.write_bytes(content)
        assert model_files.inspect(file).format == name


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"hello, I am text", "none of the accepted"),
        (b"PK\x03\x04broken", "damaged archive"),
        (b"\x08\x0a\x3a\x7fcut", "none of the accepted"),
    ],
)
def test_what_is_no_model_is_refused_in_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "model.skops"
    file.write_bytes(content)

    with pytest.raises(InvalidInput, match=sentence):
        model_files.inspect(file)


def test_a_zip_without_a_schema_or_with_a_broken_one_is_refused(tmp_path):
    for name, content, sentence in (
        ("readme.txt", "hello", "no schema.json"),
        ("schema.json", "{", "not a readable skops file"),
    ):
        file = tmp_path / "model.skops"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, content)
        with pytest.raises(InvalidInput, match=sentence):
            model_files.inspect(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"gone\.skops does not exist"):
        model_files.inspect(tmp_path / "gone.skops")


def test_a_file_nothing_here_can_run_is_not_loaded(tmp_path):
    file = tmp_path / "model.txt"
    file.write_bytes(b"tree\nversion=v4\n")

    with pytest.raises(InvalidInput, match="only skops files can be run"):
        model_files.load(file)
