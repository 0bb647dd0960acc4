"""The ledger's vectors: the Merkle tree as RFC 9162 section 2.1 defines it, word by word, and notes as C2SP's specifications say.
With hashlib, and OpenSSL (through Python's `cryptography`) for Ed25519; the keys are examples that RFC 8032 publishes."""

import base64
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

# RFC 8032 section 7.1, TEST 1 and TEST 2.
LEDGER = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
WITNESS = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
SIZES = [1, 2, 3, 4, 5, 7, 8, 13, 16, 21]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def largest_power_below(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = largest_power_below(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root(leaves[k:])]
    return path(m - k, leaves[k:]) + [root(leaves[:k])]


def subproof(m, leaves, is_whole):
    n = len(leaves)
    if m == n:
        return [] if is_whole else [root(leaves)]
    k = largest_power_below(n)
    if m <= k:
        return subproof(m, leaves[:k], is_whole) + [root(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [root(leaves[:k])]


def tree():
    leaves = [sha256(bytes([n])) for n in range(max(SIZES))]
    proofs = {
        "leaves": [leaf.hex() for leaf in leaves],
        "leaf_hashes": [leaf_hash(leaf).hex() for leaf in leaves],
        "roots": [{"size": n, "root": root(leaves[:n]).hex()} for n in [0] + SIZES],
        "inclusion": [
            {"index": i, "size": n, "path": [h.hex() for h in path(i, leaves[:n])]} for n in SIZES for i in range(n)],
        "consistency": [
            {"first": m, "second": n, "path": [h.hex() for h in subproof(m, leaves[:n], True)]}
            for n in SIZES for m in range(1, n + 1)],
    }
    checked = sum(len(proofs[name]) for name in ["leaf_hashes", "roots", "inclusion", "consistency"])
    return {"cases": checked, **proofs}


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(name, algorithm, key):
    return sha256(name.encode(), b"\n", bytes([algorithm]), public(key))[:4]


def base(data):
    return base64.b64encode(data).decode()


def verifier_key(name, key):
    return f"{name}+{key_id(name, 1, key).hex()}+{base(bytes([1]) + public(key))}"


def line(name, key, algorithm, signature):
    return f"\u2014 {name} {base(key_id(name, algorithm, key) + signature)}\n"


def notes():
    ledger, witness = (ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(k)) for k in (LEDGER, WITNESS))
    origin, other, seconds = "gb.example/ledger", "fr.example/ledger", 1780000000
    text = f"{origin}\n24\n{base(sha256(b'root'))}\n"
    cosigned = f"cosignature/v1\ntime {seconds}\n{text}"
    note = text + "\n" + line(origin, ledger, 1, ledger.sign(text.encode()))
    cosignature = line(other, witness, 4, seconds.to_bytes(8, "big") + witness.sign(cosigned.encode()))
    return {
        "cases": 2,  # the note, and the note with a cosignature
        "private_keys": {origin: LEDGER, other: WITNESS},
        "keys": {origin: verifier_key(origin, ledger), other: verifier_key(other, witness)},
        "origin": origin, "size": 24, "root": sha256(b"root").hex(),
        "note": note, "witness": other, "seconds": seconds, "cosigned_note": note + cosignature,
    }


def main():
    here = pathlib.Path(__file__).parent
    for name, value in [("tree", tree()), ("notes", notes())]:
        (here / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
