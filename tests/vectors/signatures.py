"""Signatures by OpenSSL (through Python's `cryptography`) with keys that RFCs publish as examples, so they keep nothing secret."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

# RFC 8032 section 7.1, TEST 1; RFC 6979 appendices A.2.5 and A.2.6.
RFC_8032 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RFC_6979_P256 = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_6979_P384 = 0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5


def raw(key):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    point = serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(serialization.Encoding.X962, point)


def vectors(good, payload_type, pae):
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032))
    p256 = ec.derive_private_key(RFC_6979_P256, ec.SECP256R1())
    p384 = ec.derive_private_key(RFC_6979_P384, ec.SECP384R1())
    suites = [
        ("ed25519", edwards, edwards.sign),
        ("ecdsa-p256-sha256", p256, lambda m: p256.sign(m, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))),
        ("ecdsa-p384-sha384", p384, lambda m: p384.sign(m, ec.ECDSA(hashes.SHA384(), deterministic_signing=True))),
    ]
    for kind in ["manifest", "agreement", "release", "void", "receipt", "invitation", "introduction", "bundle", "approval", "endorsement", "request", "answer",
                 "exception", "recall", "notice", "ledger-key", "logged"]:
        for suite, key, sign in suites:
            type_ = payload_type(kind)
            yield {"suite": suite, "public_key": raw(key).hex(), "payload_type": type_, "payload": good[kind].hex(),
                   "signature": sign(pae(type_, good[kind])).hex()}
