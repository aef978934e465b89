"""Are signatures those of RFC 8032, and is the key kept as a secret?"""

import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.adapters import keys
from lifecycle.errors import DamagedStore, InvalidInput

# RFC 8032, section 7.1, test 3.
SECRET = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
SIGNATURE = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return keys.make(tmp_path_factory.mktemp("keys") / "deep" / "signing.pem")


def write(path, private):
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)


def test_the_published_example_is_signed_and_verified_as_published(tmp_path):
    write(tmp_path / "key.pem", Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET)))

    loaded = keys.load(tmp_path / "key.pem")

    assert loaded.public == PUBLIC
    assert keys.sign(loaded, bytes.fromhex("af82")) == SIGNATURE
    assert keys.verify(PUBLIC, bytes.fromhex("af82"), SIGNATURE)


@given(data=st.binary(max_size=200), flipped=st.integers(0, 511))
def test_no_other_bytes_and_no_other_signature_verify(key, data, flipped):
    signature = keys.sign(key, data)
    forged = bytearray.fromhex(signature)
    forged[flipped // 8] ^= 1 << flipped % 8

    assert keys.verify(key.public, data, signature)
    assert not keys.verify(key.public, data + b"x", signature)
    assert not keys.verify(key.public, data, forged.hex())
    assert not keys.verify(PUBLIC, data, signature)


@pytest.mark.parametrize(("public", "signature"), [("", ""), ("zz", SIGNATURE), (PUBLIC, "00")])
def test_what_is_no_key_or_signature_does_not_verify(public, signature):
    assert not keys.verify(public, b"", signature)


def test_the_file_is_for_its_owner_alone_and_its_key_never_printed(key, tmp_path):
    file = tmp_path / "signing.pem"
    made = keys.make(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys.make(file) == made == keys.load(file)
    assert [path.name for path in tmp_path.iterdir()] == ["signing.pem"]
    assert "private" not in repr(made)
    assert made.id != key.id


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path):
    file = tmp_path / "signing.pem"
    keys.make(file)
    file.chmod(0o644)
    with pytest.raises(DamagedStore, match="others may read"):
        keys.load(file)
    file.chmod(0o600)
    file.write_text("no key")
    with pytest.raises(DamagedStore, match="cannot be read"):
        keys.load(file)
    with pytest.raises(DamagedStore, match="cannot be read"):
        keys.load(tmp_path / "absent.pem")


def test_a_public_key_is_read_from_pem_and_from_digits(key):
    assert keys.from_text(keys.pem(key.public)) == key.public
    assert keys.from_text(f"  {key.public}\n") == key.public
    for text in ("", "12", "-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----"):
        with pytest.raises(InvalidInput, match="no public key"):
            keys.from_text(text)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not here")
def test_openssl_verifies_what_is_signed_here(key, tmp_path):
    (tmp_path / "public.pem").write_text(keys.pem(key.public))
    (tmp_path / "data").write_bytes(b"what was decided")
    (tmp_path / "signature").write_bytes(bytes.fromhex(keys.sign(key, b"what was decided")))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin"]

    done = subprocess.run(
        [*command, "-in", "data", "-sigfile", "signature"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Verified Successfully" in done.stdout, done.stderr
