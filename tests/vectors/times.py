"""When a signature counts: cases, each with the verdict by the rule of `docs/protocol.md`, section 12, written once more in Python.

All certificates are of one organisation. What the next outer statement states about the time, a node of that organisation
itself states (`own`), or another organisation (`hub`); nothing is stated of the outermost signature.
"""

import datetime
import hashlib

ABOUT = ("When a signature counts. `chain` holds the signer's certificate, and behind it the one of its CA where that is no "
         "root. A certificate holds from `from` until `until`, both included, and may be revoked `at` a time, as invalid "
         "`since` an earlier one (null: none). The statement `arrived`, and is judged `now`; the next outer "
         "statement tells that it was `logged` then, `by` the signer's `own` organisation or a `hub`.")

DAY = 86_400
START = datetime.datetime(2026, 5, 1, tzinfo=datetime.timezone.utc)
FROM, UNTIL = 0, 60 * DAY
MONTH = 30 * DAY


def verdict(now, arrived, chain, stated):
    """The rule, as the protocol's text has it. A certificate of the chain: (first second, last second, None or (revoked at,
    invalid since)). `stated`: None or (time, whose word)."""
    begins = max(first for first, _, _ in chain)
    ends = min(last for _, last, _ in chain)
    # The outermost signature: as of when it came. Another: no later than the reader's own time. None before its certificate.
    signed = max(arrived if stated is None else min(stated[0], now), begins)
    if signed > ends:
        return "expired"
    if now < begins:
        return "not-yet-valid"
    for at, since in (revoked for _, _, revoked in chain if revoked is not None):
        lost = at if since is None else since
        is_known = at <= now
        is_saved = stated is not None and stated[1] == "own" and signed < lost
        if is_known and not is_saved:
            return "revoked"
    if stated is not None and stated[1] == "hub" and arrived - ends > MONTH:
        return "on-word-of-hub"
    return "counts"


def certificate(first, last, revoked):
    assert revoked is None or revoked[1] is None or revoked[1] <= revoked[0]
    at, since = revoked or (None, None)
    revoked = revoked and {"at": text(at), "since": None if since is None else text(since)}
    return {"from": text(first), "until": text(last), "revoked": revoked}


def case(name, now, arrived=None, revoked=None, stated=None, ca=None):
    arrived = now if arrived is None else arrived
    assert arrived <= now, name
    chain = [(FROM, UNTIL, revoked), *([ca] if ca else [])]
    return {
        "name": name,
        "chain": [certificate(*one) for one in chain],
        "now": text(now),
        "arrived": text(arrived),
        "stated": stated and {"logged": text(stated[0]), "by": stated[1]},
        "verdict": verdict(now, arrived, chain, stated),
    }


def text(seconds):
    return (START + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def edges():
    """One second on each side of each bound, with the verdict written by hand as well."""
    own, hub = lambda at: (at, "own"), lambda at: (at, "hub")
    late = UNTIL + 100 * DAY
    yield "counts", case("outermost, on the first second", FROM)
    yield "not-yet-valid", case("outermost, a second before the first", FROM - 1)
    yield "counts", case("outermost, on the last second", UNTIL)
    yield "expired", case("outermost, a second after the last", UNTIL + 1)
    yield "counts", case("outermost, waited past the end", UNTIL + 1, arrived=UNTIL)
    yield "expired", case("outermost, came a second after the end and waited", late, arrived=UNTIL + 1)
    yield "counts", case("outermost, came a second before the first and waited", FROM, arrived=FROM - 1)
    yield "revoked", case("outermost, waited past its revocation", 10 * DAY, arrived=DAY, revoked=(10 * DAY, 5 * DAY))
    yield "counts", case("own word of the last second", late, stated=own(UNTIL))
    yield "expired", case("own word of a second after the last", late, stated=own(UNTIL + 1))
    yield "expired", case("a hub's word of a second after the last", late, stated=hub(UNTIL + 1))
    yield "counts", case("own word of a time before the certificate: signed anew since", DAY, stated=own(FROM - DAY))
    yield "counts", case("a hub's word of a time before the certificate", DAY, stated=hub(FROM - DAY))
    yield "counts", case("own word of a time before the certificate, long after its end", late, stated=own(FROM - DAY))
    yield "not-yet-valid", case("own word of a time before a certificate that begins later", FROM - 1, stated=own(FROM - DAY))
    yield "not-yet-valid", case("own word of the time when a certificate will hold", FROM - 1, stated=own(DAY))
    yield "counts", case("own word of a time to come", UNTIL, stated=own(UNTIL + DAY))
    yield "expired", case("own word of a time to come, after the end", UNTIL + 1, stated=own(UNTIL + DAY))
    yield "counts", case("a hub's word, arrived 30 days after the end", UNTIL + MONTH, stated=hub(DAY))
    yield "on-word-of-hub", case("a hub's word, arrived 30 days and a second after the end", UNTIL + MONTH + 1, stated=hub(DAY))
    yield "counts", case("a hub's word, arrived in time and judged later", late, arrived=UNTIL + MONTH, stated=hub(DAY))
    yield "counts", case("own word, arrived 100 days after the end", late, stated=own(DAY))
    yield "counts", case("a second before the revocation", 10 * DAY - 1, revoked=(10 * DAY, None))
    yield "revoked", case("on the second of the revocation", 10 * DAY, revoked=(10 * DAY, None))
    yield "counts", case("a second before a revocation that says it was lost before", 10 * DAY - 1, revoked=(10 * DAY, 5 * DAY))
    yield "counts", case("own word of a second before the revocation", 20 * DAY, revoked=(10 * DAY, None), stated=own(10 * DAY - 1))
    yield "revoked", case("own word of the second of the revocation", 20 * DAY, revoked=(10 * DAY, None), stated=own(10 * DAY))
    yield "counts", case("own word of a second before the key was lost", 20 * DAY, revoked=(10 * DAY, 5 * DAY), stated=own(5 * DAY - 1))
    yield "revoked", case("own word of the second when the key was lost", 20 * DAY, revoked=(10 * DAY, 5 * DAY), stated=own(5 * DAY))
    yield "revoked", case("own word between loss and revocation", 20 * DAY, revoked=(10 * DAY, 5 * DAY), stated=own(7 * DAY))
    yield "revoked", case("a hub's word of a time before the key was lost", 20 * DAY, revoked=(10 * DAY, 5 * DAY), stated=hub(DAY))
    yield "revoked", case("a hub's word, of a revoked key that ended long ago", late, revoked=(10 * DAY, None), stated=hub(DAY))
    yield "counts", case("own word, of a revoked key that ended long ago", late, revoked=(10 * DAY, None), stated=own(DAY))
    yield "counts", case("own word, revoked after its end", late, revoked=(UNTIL + DAY, None), stated=own(UNTIL))
    yield "revoked", case("a hub's word, revoked after its end", late, revoked=(UNTIL + DAY, None), stated=hub(UNTIL))
    yield "revoked", case("arrived before the revocation, judged after", 11 * DAY, arrived=9 * DAY, revoked=(10 * DAY, None))
    yield "revoked", case(
        "lost on its first second, own word of a time before", 20 * DAY,
        revoked=(10 * DAY, FROM), stated=own(FROM - DAY))
    yield "revoked", case(
        "lost before its first second, own word of a time before that", 20 * DAY, revoked=(10 * DAY, FROM - DAY),
        stated=own(FROM - 2 * DAY))
    yield "counts", case(
        "lost a second after its first, own word of a time before", 20 * DAY, revoked=(10 * DAY, FROM + 1), stated=own(FROM - DAY))
    yield "expired", case("expired, and revoked", UNTIL + 1, revoked=(10 * DAY, None))
    yield from chains_of_two()


def chains_of_two():
    """A CA below the root that begins 5 days later than the signer's certificate (it was renewed under its key), or ends 5 days earlier."""
    own, hub = lambda at: (at, "own"), lambda at: (at, "hub")
    late, begins, ends = UNTIL + 100 * DAY, FROM + 5 * DAY, UNTIL - 5 * DAY
    younger, shorter = (begins, UNTIL + 300 * DAY, None), (FROM, ends, None)

    def revoked(at, since=None):
        return FROM, UNTIL + 300 * DAY, (at, since)

    yield "counts", case("with its CA, on the last second of the chain", ends, ca=shorter)
    yield "expired", case("with its CA, a second after the CA's last", ends + 1, ca=shorter)
    yield "expired", case("with its CA, own word of a second after the CA's last", late, ca=shorter, stated=own(ends + 1))
    yield "counts", case("with its CA, own word of the CA's last second", late, ca=shorter, stated=own(ends))
    yield "counts", case("with its CA, a hub's word, 30 days after the CA's end", ends + MONTH, ca=shorter, stated=hub(DAY))
    yield "on-word-of-hub", case("with its CA, a hub's word, 30 days and a second after the CA's end", ends + MONTH + 1, ca=shorter, stated=hub(DAY))
    yield "not-yet-valid", case("with its CA, a second before the CA's first", begins - 1, ca=younger)
    yield "counts", case("with its CA, own word of a time before the CA's first", late, ca=younger, stated=own(begins - DAY))
    yield "not-yet-valid", case("with its CA that begins later, own word of a time before", begins - 1, ca=younger, stated=own(FROM))
    yield "revoked", case("its CA is revoked", 10 * DAY, ca=revoked(10 * DAY))
    yield "counts", case("its CA is revoked, own word of a second before", 20 * DAY, ca=revoked(10 * DAY), stated=own(10 * DAY - 1))
    yield "revoked", case("its CA is revoked, a hub's word of a time before", 20 * DAY, ca=revoked(10 * DAY), stated=hub(DAY))
    yield "revoked", case(
        "revoked, and its CA a day later as lost earlier: own word of a time between", 20 * DAY, revoked=(10 * DAY, None),
        ca=revoked(11 * DAY, 5 * DAY), stated=own(7 * DAY))
    yield "revoked", case(
        "its CA is revoked, and it a day later as lost earlier: own word of a time between", 20 * DAY,
        revoked=(11 * DAY, 5 * DAY), ca=revoked(10 * DAY), stated=own(7 * DAY))
    yield "counts", case(
        "both revoked, own word of a time before either was lost", 20 * DAY, revoked=(11 * DAY, 5 * DAY), ca=revoked(10 * DAY),
        stated=own(5 * DAY - 1))


def generated(count):
    """Times on and around the bounds, chosen by a hash, so that they are the same every time."""
    bounds = [FROM, 20 * DAY, 40 * DAY, UNTIL, UNTIL + MONTH, UNTIL + 2 * MONTH]
    times = sorted({b + offset for b in bounds for offset in [-DAY, -1, 0, 1, DAY]})
    for i in range(count):
        digest = hashlib.sha256(f"times {i}".encode()).digest()
        pick = lambda n, of: of[int.from_bytes(digest[2 * n:2 * n + 2], "big") % len(of)]  # noqa: E731
        now = pick(0, times + times[18:] * 3)
        arrived = now if digest[31] % 2 else pick(1, [t for t in times if t <= now])
        at = pick(2, times)
        since = pick(3, [None, *(t for t in times if t <= at)])
        revoked = (at, since) if digest[30] % 5 < 2 else None
        by = pick(4, [None, "own", "own", "hub", "hub"])
        stated = by and (pick(5, times[:25] if digest[29] % 4 else times), by)
        yield case(f"generated {i}", now, arrived, revoked=revoked, stated=stated)


def vectors():
    for expected, one in edges():
        assert one["verdict"] == expected, one
        yield one
    yield from generated(360)
