"""Computes the golden values of golden_test.go from the format's description in
doc.go alone. Needs Python's cryptography package; the Go tests do not run it."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STORE = b"abcdefghijklmnopqrstuvwxyz"


def part(b):
    return struct.pack(">Q", len(b)) + b


def derive(key, *parts):
    prk = hmac.digest(bytes(32), key, hashlib.sha256)  # RFC 5869 §2.2
    info = b"".join(map(part, parts))
    return hmac.digest(prk, info + b"\x01", hashlib.sha256)  # RFC 5869 §2.3


def seal(key_id, key, purpose, owner, nonce, ad, plain):
    sub = derive(key, b"nidan seal 1", STORE, purpose, owner)
    return b"\x01" + key_id + nonce + AESGCM(sub).encrypt(nonce, plain, ad)


def mac(key, purpose, *parts):
    sub = derive(key, b"nidan mac 1", STORE, purpose)
    return hmac.digest(sub, b"".join(map(part, parts)), hashlib.sha256)


first, second = bytes(range(32)), bytes(range(32, 64))
nonce = bytes(range(0xA0, 0xAC))
for name, key_id, key in (("goldenFirst ", "00c0ffee", first), ("goldenSecond", "5eedcafe", second)):
    sealed = seal(bytes.fromhex(key_id), key, b"document", b"alice", nonce, b"account 1", b"a sealed document")
    print(f'\t{name} = "{sealed.hex()}"')
print(f'\tgoldenMAC    = "{mac(first, b"gate", b"name", b"alice@example.test").hex()}"')
