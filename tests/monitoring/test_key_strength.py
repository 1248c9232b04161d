"""How long a host key is, by the key itself."""

import base64

import paramiko
import pytest

from monitoring import key_strength


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_an_rsa_key_has_the_length_of_its_modulus(bits: int) -> None:
    key = paramiko.RSAKey.generate(bits)
    assert key_strength.bits("ssh-rsa", key.get_base64()) == bits


def test_other_algorithms_have_one_length() -> None:
    assert key_strength.bits("ssh-ed25519", "") == 256
    assert key_strength.bits("ecdsa-sha2-nistp521", "") == 521


@pytest.mark.parametrize(
    "key", ["", "!", "AAAA", base64.b64encode(b"\0\0\0\x07ssh-rsa\xff\xff\xff\xff").decode()]
)
def test_what_is_no_key_has_no_length(key: str) -> None:
    assert key_strength.bits("ssh-rsa", key) is None
    assert key_strength.bits("ssh-unheard-of", key) is None
