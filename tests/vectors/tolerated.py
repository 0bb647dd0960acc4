"""Entries of a feed in other bytes than a sender writes, as any protobuf library reads them. What is signed in them is untouched."""

from refusals import field, inside, parts, put, varint

FIELDS = {"release": 1, "manifest": 2, "provenance": 4, "beside": 5}
SIGNATURES, PAYLOAD_TYPE = 3, 1


def later(*path):
    """A field that this version does not know."""
    return lambda entry: inside(entry, path, lambda inner: inner + field(99, b"later"))


def out_of_order(message):
    fields = [whole for _, whole, _ in parts(message)]
    return b"".join(fields[1:] + fields[:1])


def in_two_parts(entry):
    release = next(value for number, _, value in parts(entry) if number == FIELDS["release"])
    kind = field(PAYLOAD_TYPE, next(value for number, _, value in parts(release) if number == PAYLOAD_TYPE))
    rest = b"".join(whole for number, whole, _ in parts(release) if number != PAYLOAD_TYPE)
    return put(entry, FIELDS["release"], field(1, kind), field(1, rest))


def changes():
    yield "a field of a later version in the entry", later()
    for name, number in FIELDS.items():
        yield f"a field of a later version in the envelope of the {name}", later(number)
        yield f"a field of a later version in a signature of the {name}", later(number, SIGNATURES)
    yield "fields out of order in an envelope", lambda entry: inside(entry, [FIELDS["release"]], out_of_order)
    yield "an envelope in two parts", in_two_parts
    yield "a length in more bytes than needed", lambda entry: inside(
        entry, [FIELDS["release"]], lambda e: put(e, PAYLOAD_TYPE, long_form(e)))


def long_form(envelope):
    kind = next(value for number, _, value in parts(envelope) if number == PAYLOAD_TYPE)
    return varint(PAYLOAD_TYPE << 3 | 2) + varint(len(kind), 4) + kind


def vectors(entry, read_again):
    """`read_again`: what the library of another language reads and writes again, without the fields that it does not know."""
    for name, change in changes():
        payload = change(entry)
        assert payload != entry and read_again(payload) == entry, name
        yield {"name": name, "payload": payload.hex(), "means": entry.hex()}
