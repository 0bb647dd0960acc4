"""Payloads that must be refused, made from good ones by changing single fields on the wire."""

import struct

UNKNOWN = "UNKNOWN_OR_NON_CANONICAL"
TOO_LARGE = "STATEMENT_TOO_LARGE"
NOT_YET = "NOT_YET"

# Numbers of fields, so that the table below can be read.
EDITION, MARKING, HEADLINE, SUBJECT, JUDGEMENT, FORECAST = 3, 4, 5, 6, 7, 8
EVIDENCE, NARRATIVE, ATTACHMENT = 10, 16, 17
TLP, RELEASABLE_TO, ONWARD, TOPICS, CAVEATS, NATIONAL, GROUPS = 1, 2, 3, 4, 5, 6, 7


def varint(value, width=0):
    """With `width`, in more bytes than are needed."""
    out = []
    while value >= 0x80 or len(out) + 1 < width:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number, value):
    """A varint for an int, a double for a float, else bytes with their length."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def parts(data):
    """(number, all bytes of the field, value without key and length) of each field."""
    at = 0
    while at < len(data):
        start = at
        key, at = read_varint(data, at)
        if key & 7 == 2:
            length, at = read_varint(data, at)
            value = data[at:at + length]
            at += length
        elif key & 7 == 1:
            value = data[at:at + 8]
            at += 8
        else:
            value, at = read_varint(data, at)
        yield key >> 3, data[start:at], value


def put(data, number, *new):
    """In place of a field (or at its place, where there is none) these: bytes as they are, any other value as a field."""
    new = b"".join(n if isinstance(n, bytes) else field(number, n) for n in new)
    rest = [(n, whole) for n, whole, _ in parts(data)]
    before = b"".join(whole for n, whole in rest if n < number)
    return before + new + b"".join(whole for n, whole in rest if n > number)


def drop(data, number):
    return put(data, number)


def inside(data, path, change):
    """Changes the message at that path of field numbers; the first one where it is repeated."""
    if not path:
        return change(data)
    number, *deeper = path
    done, out = False, b""
    for n, whole, value in parts(data):
        if n == number and not done:
            out, done = out + field(n, inside(value, deeper, change)), True
        else:
            out += whole
    assert done, f"no field {number}"
    return out


def at(path, number, *new):
    return lambda data: inside(data, path, lambda inner: put(inner, number, *new))


def unknown(*path):
    return lambda data: inside(data, path, lambda inner: put(inner, 99, 1))


def listed(number, values):
    """A list of strings or bytes in place of the one that is there."""
    return b"".join(field(number, v) for v in values)


def named_group(name):
    """A group of a marking."""
    return field(GROUPS, field(1, name) + field(2, "2026-01-01") + field(3, "FR"))


def packed(number, *values):
    return field(number, b"".join(varint(v) for v in values))


def encodings():
    """The same meaning in other bytes, and bytes that mean nothing. On the manifest, where nothing else says otherwise."""
    yield "manifest", "an unknown field", unknown(), "99"
    yield "manifest", "an unknown field in a nested message", unknown(5), "issued.99"
    yield "headline", "an unknown field in the body", unknown(HEADLINE), "headline.99"
    yield "subject", "an unknown field in the marking", unknown(MARKING), "marking.99"
    yield "subject", "an unknown field in the national label", unknown(MARKING, NATIONAL), "marking.national.99"
    yield "subject", "an unknown field in an actor", unknown(SUBJECT, 4), "subject.actors[0].99"
    yield "envelope", "an unknown field in a signature", unknown(3), "signatures[0].99"
    yield "manifest", "fields out of order", lambda d: field(2, 2) + drop(d, 2), "assessment_id"
    yield "manifest", "a list in two places", lambda d: d + field(7, bytes(32)), "digests[32]"
    yield "manifest", "a field twice", at([], 2, 2, 2), "version"
    yield "manifest", "a message in two parts", lambda d: put(d, 5, field(5, field(1, 9)), field(5, field(2, 9))), "issued"
    yield "manifest", "a number in more bytes than needed", at([], 2, b"\x10" + varint(2, 2)), "version"
    yield "manifest", "a length in more bytes than needed", at([], 4, b"\x22" + varint(10, 3) + b"gb.example"), "originator"
    yield "manifest", "a key in more bytes than needed", lambda d: varint(1 << 3 | 2, 2) + d[1:], None
    yield "manifest", "a number of eleven bytes", at([], 2, b"\x10" + b"\x80" * 10 + b"\x01"), "version"
    yield "manifest", "a number of more than 64 bits", at([], 2, b"\x10" + b"\xff" * 9 + b"\x02"), "version"
    yield "manifest", "a number that its field can't hold", at([], 2, (1 << 32) + 2), "version"
    yield "manifest", "a truth value of 2", at([], 8, 2), "exercise"
    yield "manifest", "a negative number of 32 bits", at([5], 2, (1 << 32) - 1), "issued.nanos"
    yield "manifest", "false written out", at([], 8, 0), "exercise"
    yield "manifest", "empty bytes written out", at([], 3, b"\x1a\x00"), "previous_manifest_id"
    yield "headline", "zero written out", at([], EDITION, 0), "edition"
    yield "forecast", "a zero double written out", at([FORECAST], 7, 0.0), "forecast.probability"
    yield "evidence", "an empty text written out", at([EVIDENCE], 6, b"\x32\x00"), "evidence.custody"
    half = struct.pack("<d", 0.5)
    yield "forecast of options", "an empty list written out", at([FORECAST], 15, field(15, b"")), "forecast.option_probabilities"
    yield "forecast of options", "an unpacked list", at([FORECAST], 15, field(15, 0.5) * 2), "forecast.option_probabilities"
    yield "forecast of options", "a packed list in two pieces", at([FORECAST], 15, field(15, half) * 2), "forecast.option_probabilities"
    yield "forecast of options", "a packed list that is cut off", at([FORECAST], 15, field(15, half[:-1])), "forecast.option_probabilities[0]"
    yield "manifest", "a number where text belongs", at([], 4, 7), "originator"
    yield "manifest", "text where a number belongs", at([], 2, field(2, "2")), "version"
    yield "manifest", "32 fixed bits where a number belongs", at([], 2, b"\x15\x02\x00\x00\x00"), "version"
    yield "forecast", "a number where a double belongs", at([FORECAST], 7, 1), "forecast.probability"
    yield "manifest", "a number where a message belongs", at([], 5, 7), "issued"
    yield "manifest", "a group where a message belongs", at([], 5, b"\x2b\x2c"), "issued"
    yield "manifest", "an unknown group", lambda d: d + varint(99 << 3 | 3) + varint(99 << 3 | 4), "99"
    yield "manifest", "a group that only ends", lambda d: d + varint(99 << 3 | 4), "99"
    yield "manifest", "wire type 7", at([], 2, b"\x17\x02"), "version"
    yield "manifest", "a field numbered 0", lambda d: b"\x00\x01" + d, "0"
    yield "manifest", "cut off in the last digest", lambda d: drop(drop(drop(d, 100), 9), 8)[:-1], "digests[31]"
    yield "manifest", "cut off after a key", lambda d: d + b"\x9a", None
    yield "manifest", "a length of 2^63", lambda d: d + b"\x9a\x06" + varint(1 << 63), "99"
    yield "forecast", "a double that is cut off", at([], FORECAST, field(FORECAST, b"\x39\x00\x00")), "forecast.probability"
    yield "headline", "two bodies", lambda d: d + field(NARRATIVE, field(1, "x")), "narrative"
    yield "headline", "the same body twice", lambda d: d + field(HEADLINE, field(1, "x")), "headline"
    yield "headline", "text that is not UTF-8", at([HEADLINE], 1, field(1, b"\xff\xfe")), "headline.text"
    yield "headline", "text with a surrogate", at([HEADLINE], 1, field(1, b"\xed\xa0\x80")), "headline.text"
    yield "agreement", "empty duties written out", at([], 11, field(11, b"")), "duties"


def texts():
    def text(value):
        return at([HEADLINE], 1, value)

    yield "headline", "text that is not in form C", text("Civilia\u0301ns"), "headline.text"
    yield "headline", "a tab", text("a\tb"), "headline.text"
    yield "headline", "a null", text("a\0b"), "headline.text"
    yield "headline", "a control character of C1", text("a\u009fb"), "headline.text"
    yield "headline", "an escape", text("\x1b[31mred"), "headline.text"
    yield "headline", "two lines", text("a\nb"), "headline.text"
    yield "headline", "nothing", lambda d: put(d, HEADLINE, field(HEADLINE, b"")), "headline.text"
    yield "narrative", "a carriage return", at([NARRATIVE], 1, "a\r\nb"), "narrative.text"
    yield "subject", "a control character in a name", at([SUBJECT, 4], 1, "a\x07"), "subject.actors[0].name"
    yield "subject", "a control character in a label", at([MARKING, NATIONAL], 2, "a\x7f"), "marking.national.classification"
    yield "receipt", "two lines in a receipt's reason", at([], 5, "A\nB"), "reason"


def values():
    nan, inf = float("nan"), float("inf")

    def likelihood(number, value):
        return at([JUDGEMENT, 2], number, value)

    yield "judgement", "negative zero", likelihood(1, -0.0), "judgement.likelihood.low"
    yield "judgement", "not a number", likelihood(1, nan), "judgement.likelihood.low"
    yield "judgement", "infinity", likelihood(2, inf), "judgement.likelihood.high"
    yield "judgement", "more than 100 per cent", likelihood(2, 100.5), "judgement.likelihood.high"
    yield "judgement", "less than 0 per cent", likelihood(1, -1.0), "judgement.likelihood.low"
    yield "judgement", "an interval that runs backwards", likelihood(1, 80.0), "judgement.likelihood.high"
    yield "judgement", "numbers outside the term's band", likelihood(1, 20.0), "judgement.likelihood.term"
    yield "judgement", "a term without its lexicon", lambda d: inside(d, [JUDGEMENT, 2], lambda m: drop(m, 3)), "judgement.likelihood.term"
    yield "judgement", "a word in place of the term's id", likelihood(4, "Probable"), "judgement.likelihood.term"
    yield "judgement", "an unknown lexicon", likelihood(3, "us-icd-1999"), "judgement.likelihood.term"
    yield "judgement", "a handle of 7 bytes", at([JUDGEMENT], 5, field(5, bytes(7))), "judgement.rests_on[0]"
    yield "judgement", "seven handles", at([JUDGEMENT], 5, listed(5, [bytes([i]) * 8 for i in range(7)])), "judgement.rests_on"
    yield "judgement", "handles out of order", at([JUDGEMENT], 5, listed(5, [bytes([8 - i]) * 8 for i in range(8)])), "judgement.rests_on[1]"
    yield "judgement", "no confidence", lambda d: inside(d, [JUDGEMENT], lambda m: drop(m, 3)), "judgement.confidence"
    yield "forecast", "a probability that is not a number", at([FORECAST], 7, nan), "forecast.probability"
    yield "forecast", "a probability above 1", at([FORECAST], 7, 1.5), "forecast.probability"
    yield "forecast", "a negative base rate", at([FORECAST, 8], 1, -0.5), "forecast.base_rate.value"
    yield "forecast", "options beside a probability", at([FORECAST], 13, *["yes", "no"]), "forecast.options"
    options = "forecast of options"
    yield options, "a probability beside them", at([FORECAST], 7, 0.5), "forecast.probability"
    yield options, "one option", at([FORECAST], 13, "x"), "forecast.options"
    yield options, "17 options", at([FORECAST], 13, *[str(i) for i in range(17)]), "forecast.options"
    yield options, "an option twice", at([FORECAST], 13, "x", "y", "x"), "forecast.options"
    yield options, "an option of two lines", at([FORECAST], 13, "x", "y\nz", "v"), "forecast.options[1]"
    yield options, "a probability of 0", at([FORECAST], 15, field(15, struct.pack("<3d", 0.5, 0.5, 0))), "forecast.option_probabilities[2]"
    yield options, "that add up to more than 1", at([FORECAST], 15, field(15, struct.pack("<3d", 0.5, 0.5, 0.1))), "forecast.option_probabilities"
    yield options, "places out of order", at([FORECAST], 11, "ML", "BF"), "forecast.places[1]"
    yield "a translation", "a language in capitals", at([], 19, "FR"), "language"
    yield "a translation", "what is no language", at([], 19, "french!"), "language"
    yield "a translation", "a handle of 7 bytes", at([], 20, field(20, bytes(7))), "translates"
    yield "headline", "a later edition", at([], EDITION, 2), "edition", NOT_YET
    yield "headline", "a later edition with a body that is not known", lambda d: drop(put(d, EDITION, 2), HEADLINE) + field(
        30, field(1, "x")), "edition", NOT_YET
    yield "subject", "a later edition with an unknown caveat", lambda d: inside(
        put(d, EDITION, 2), [MARKING], lambda m: put(m, CAVEATS, "tell-nobody")), "edition", NOT_YET
    yield "headline", "no edition", lambda d: drop(d, EDITION), "edition"
    yield "forecast", "a day in another spelling", at([FORECAST], 4, "2027-1-1"), "forecast.resolution_by"
    yield "forecast", "a day that is not in the calendar", at([FORECAST], 4, "2027-02-30"), "forecast.resolution_by"
    yield "forecast", "a window that runs backwards", at([FORECAST, 6], 2, "2025-12-31"), "forecast.window"
    yield "forecast", "no window", lambda d: inside(d, [FORECAST], lambda m: drop(m, 6)), "forecast.window"
    yield "subject", "an unknown level of TLP", at([MARKING], TLP, 9), "marking.tlp"
    yield "subject", "no level of TLP", lambda d: inside(d, [MARKING], lambda m: drop(m, TLP)), "marking.tlp"
    yield "subject", "an unknown caveat", at([MARKING], CAVEATS, "no-attribution", "tell-nobody"), "marking.caveats[1]"
    yield "subject", "an empty caveat", at([MARKING], CAVEATS, "", "no-attribution"), "marking.caveats[0]"
    yield "subject", "caveats out of order", at([MARKING], CAVEATS, "protect-life", "no-attribution"), "marking.caveats[1]"
    yield "subject", "crimes out of order", at([SUBJECT], 5, "war-crimes", "genocide"), "subject.risk_of[1]"
    yield "subject", "an unknown crime", at([SUBJECT], 5, "genocide", "piracy"), "subject.risk_of[1]"
    yield "subject", "topics out of order", at([MARKING], TOPICS, listed(TOPICS, ["sahel", "gulf"])), "marking.topics[1]"
    yield "subject", "a topic twice", at([MARKING], TOPICS, listed(TOPICS, ["sahel", "sahel"])), "marking.topics[1]"
    yield "subject", "recipients out of order", at([MARKING], RELEASABLE_TO, listed(2, ["group:au", "fr.example"])), "marking.releasable_to[1]"
    yield "subject", "a group that nobody spells out", lambda d: inside(d, [MARKING], lambda m: drop(m, GROUPS)), "marking.groups"
    yield "subject", "a group spelled out that nobody names", lambda d: inside(d, [MARKING], lambda m: m + named_group("eu")), "marking.groups"
    yield "subject", "a group spelled out twice", lambda d: inside(d, [MARKING], lambda m: m + named_group("au")), "marking.groups[1]"
    yield "subject", "groups out of order", at([MARKING], GROUPS, named_group("eu"), named_group("au")), "marking.groups[1]"
    yield "subject", "a group whose list has no day", at([MARKING, GROUPS], 2, field(2, "2026-02-30")), "marking.groups[0].as_of"
    yield "subject", "65 groups", at([MARKING], GROUPS, *(named_group(f"g{i:02}") for i in range(65))), "marking.groups", TOO_LARGE
    yield "subject", "a group of 513 members", at([MARKING], GROUPS, field(GROUPS, field(1, "au") + field(2, "2026-01-01") + b"".join(field(4, f"o{i:03}.example") for i in range(513)))), "marking.groups[0]", TOO_LARGE
    yield "subject", "513 recipients", at([MARKING], RELEASABLE_TO, listed(2, [f"o{i:03}.example" for i in range(512)] + ["group:au"])), "marking.releasable_to", TOO_LARGE
    yield "subject", "513 members in two groups", lambda d: inside(d, [MARKING], lambda m: put(put(m, RELEASABLE_TO, listed(2, ["group:a", "group:au"])), GROUPS, *(
        field(GROUPS, field(1, name) + field(2, "2026-01-01") + b"".join(field(4, f"o{i:03}.example") for i in range(number))) for name, number in [("a", 500), ("au", 13)]))), "marking.groups", TOO_LARGE
    yield "subject", "a group's members out of order", at([MARKING, GROUPS], 3, listed(3, ["GH", "BF"])), "marking.groups[0].countries[1]"
    yield "subject", "an unknown reach", at([MARKING, ONWARD], 1, 9), "marking.onward.reach"
    yield "subject", "names without the reach for names", at([MARKING, ONWARD], 1, 1), "marking.onward.to"
    yield "subject", "the reach for names without names", lambda d: inside(d, [MARKING, ONWARD], lambda m: drop(m, 2)), "marking.onward.to"
    yield "subject", "no onward terms", lambda d: inside(d, [MARKING], lambda m: drop(m, ONWARD)), "marking.onward"
    yield "subject", "an unknown level of warning", at([SUBJECT], 6, 6), "subject.level"
    yield "subject", "no place", lambda d: inside(d, [SUBJECT], lambda m: drop(m, 1)), "subject.places"
    yield "subject", "a place in lower case", at([SUBJECT], 1, listed(1, ["bf"])), "subject.places[0]"
    yield "subject", "a country by three letters", at([SUBJECT], 1, listed(1, ["BF", "BFA"])), "subject.places[1]"
    yield "subject", "places out of order", at([SUBJECT], 1, listed(1, ["ML", "BF"])), "subject.places[1]"
    yield "subject", "a region where a state belongs", at([SUBJECT, 4], 2, "M49:011"), "subject.actors[0].state"
    yield "subject", "a mandate without an organisation", at([SUBJECT], 10, "council"), "subject.addressed_to[0]"
    yield "headline", "no marking", lambda d: drop(d, MARKING), "marking"
    yield "headline", "no body", lambda d: drop(d, HEADLINE), "body"
    yield "headline", "a salt of 31 bytes", at([], 1, field(1, bytes(31))), "salt"
    yield "headline", "no handle", lambda d: drop(d, 2), "handle"
    yield "evidence", "a grade in lower case", at([EVIDENCE], 4, "b2"), "evidence.grade"
    yield "evidence", "a digest of 31 bytes", at([EVIDENCE], 5, field(5, bytes(31))), "evidence.original_sha256"
    yield "attachment", "a name with a path", at([ATTACHMENT], 1, "../market.jpg"), "attachment.name"
    yield "attachment", "a name with a drive's path", at([ATTACHMENT], 1, "C:\\market.jpg"), "attachment.name"
    yield "attachment", "more than 1 GiB", at([ATTACHMENT], 3, (1 << 30) + 1), "attachment.size"


def statements():
    def digests(*values, number=7):
        return at([], number, listed(number, values))

    row = [bytes([i]) * 32 for i in range(16)]
    yield "manifest", "a digest twice", digests(*row[:1], *row[:-1]), "digests[1]", "DIGEST_REPEATED"
    yield "manifest", "digests out of order", digests(*reversed(row)), "digests[1]"
    yield "manifest", "15 digests", digests(*row[1:]), "digests"
    yield "manifest", "no digests", digests(), "digests"
    yield "manifest", "a digest of 31 bytes", digests(bytes(31), *row[1:]), "digests[0]"
    yield "manifest", "version 0", lambda d: drop(d, 2), "version"
    yield "manifest", "version 1 with one before", at([], 2, 1), "version"
    yield "manifest", "version 2 without one before", lambda d: drop(d, 3), "version"
    yield "manifest", "it expires when it is issued", lambda d: put(d, 6, field(6, [v for n, _, v in parts(d) if n == 5][0])), "expires"
    yield "manifest", "no time of issue", lambda d: drop(d, 5), "issued"
    yield "manifest", "a second of 10^9 nanoseconds", at([5], 2, 10**9), "issued"
    yield "manifest", "nanoseconds before the second", at([5], 2, (1 << 64) - 1), "issued"
    yield "manifest", "a time beyond the calendar", at([5], 1, 1 << 60), "issued"
    yield "manifest", "a trust domain in capitals", at([], 4, "GB.example"), "originator"
    yield "manifest", "an assessment id of 15 bytes", at([], 1, field(1, bytes(15))), "assessment_id"
    yield "manifest", "nothing at all", lambda d: b"", "digests"

    yield "agreement", "one party", at([], 4, "gb.example"), "parties"
    yield "agreement", "one party twice", at([], 4, "gb.example", "gb.example"), "parties[1]"
    yield "agreement", "parties out of order", at([], 4, "gb.example", "ecowas.example"), "parties[1]"
    yield "agreement", "it ends before it begins", at([], 6, "2025-12-31"), "valid_until"
    yield "agreement", "version 2 without one before", lambda d: drop(d, 3), "version"
    yield "agreement", "no grants", lambda d: drop(d, 10), "grants"
    yield "agreement", "a grant to a third party", at([10], 3, "fr.example"), "grants[0].to"
    yield "agreement", "a group that is not spelled out", lambda d: drop(d, 9), "grants[0].places[1]"
    yield "agreement", "a group twice", lambda d: put(d, 9, *[field(9, v) for n, _, v in parts(d) if n == 9] * 2), "groups[1].name"
    yield "agreement", "a grant twice", lambda d: put(d, 10, *[field(10, [v for n, _, v in parts(d) if n == 10][0])] * 2), "grants[1].id"
    yield "agreement", "a grant of no kinds", at([10], 6), "grants[0].kinds"
    yield "agreement", "a kind that is no name", at([10], 6, "Gap", "headline"), "grants[0].kinds[0]"
    yield "agreement", "kinds out of order", at([10], 6, "subject", "headline"), "grants[0].kinds[1]"
    yield "agreement", "a suite of an unknown sort", at([], 13, "classical", "post-quantum"), "suites"
    yield "agreement", "no suites", lambda d: drop(d, 13), "suites"
    yield "agreement", "a trigger that a party tells itself", at([12], 3, "desk@gb.example"), "triggers[0].tell"
    yield "agreement", "a trigger without a place", lambda d: inside(d, [12], lambda m: drop(m, 5)), "triggers[0].places"
    yield "agreement", "a trigger about a group that is not spelled out", at([12], 5, "group:au"), "triggers[0].places[0]"
    yield "agreement", "a trigger by nobody", lambda d: inside(d, [12], lambda m: drop(m, 7)), "triggers[0].organisations"
    yield "agreement", "a trigger of both measures", at([12], 9, 3.5), "triggers[0].probability"
    yield "agreement", "a trigger of neither measure", lambda d: inside(d, [12], lambda m: drop(m, 8)), "triggers[0].probability"
    yield "agreement", "a trigger of a certainty", at([12], 8, 1.0), "triggers[0].probability"
    yield "agreement", "a trigger twice", lambda d: put(d, 12, *[field(12, [v for n, _, v in parts(d) if n == 12][0])] * 2), "triggers[1].id"
    yield "agreement", "triggers of others about a group that is not spelled out", at([11], 6, "group:au"), "duties.counts_for[0]"
    yield "agreement", "countries out of order", at([9], 3, listed(3, ["GH", "BJ"])), "groups[0].countries[1]"
    yield "agreement", "onward kinds out of order", at([10, 11], 2, "subject", "headline"), "grants[0].onward.kinds[1]"
    yield "agreement", "a trigger's places out of order", at([12], 5, "ML", "BF"), "triggers[0].places[1]"
    yield "agreement", "onward terms without a level", lambda d: inside(d, [10, 11], lambda m: drop(m, 3)), "grants[0].onward.max_tlp"

    yield "release", "no digests", digests(number=4), "digests", TOO_LARGE
    yield "release", "a digest twice", digests(row[2], row[1], row[2], number=4), "digests[2]", "DIGEST_REPEATED"
    yield "release", "a resolution with digests", at([], 2, 3), "digests", TOO_LARGE
    yield "release", "no grants", lambda d: drop(d, 7), "grants"
    yield "release", "grants out of order", at([], 7, "west-africa", "urgent"), "grants[1]"
    yield "release", "number 0", lambda d: drop(d, 9), "sequence"
    yield "release", "number 1 with one before", at([], 9, 1), "sequence"
    yield "release", "number 300 without one before", lambda d: drop(d, 10), "sequence"
    yield "release", "no terms", lambda d: drop(d, 8), "terms"
    yield "release", "onward without a depth", lambda d: inside(d, [8], lambda m: drop(m, 3)), "terms.onward_to"
    yield "release", "onward without a level", lambda d: inside(d, [8], lambda m: drop(m, 2)), "terms.onward_to"
    yield "release", "a depth without recipients", lambda d: inside(d, [8], lambda m: drop(m, 1)), "terms.onward_to"
    yield "release", "onward without kinds", lambda d: inside(d, [8], lambda m: drop(m, 6)), "terms.onward_to"
    yield "release", "onward kinds out of order", at([8], 6, "subject", "headline"), "terms.onward_kinds[1]"
    yield "release", "an onward kind that is no name", at([8], 6, "gap", "head line"), "terms.onward_kinds[1]"
    yield "release", "a group of the terms that is not spelled out", lambda d: inside(d, [8], lambda m: drop(m, 7)), "terms.onward_groups"
    yield "release", "a group spelled out that the terms do not name", lambda d: inside(d, [8], lambda m: m + field(7, field(1, b"eu") + field(2, b"2026-01-01") + field(3, b"FR"))), "terms.onward_groups"
    yield "release", "barred states out of order", at([8], 4, listed(4, ["ML", "BF"])), "terms.barred_states[1]"
    yield "release", "an unknown kind of entry", at([], 2, 4), "kind"
    yield from times_of_a_release()
    yield from listed_statements(row)
    yield "void", "number 1 with one before", at([], 2, 1), "sequence"
    yield "void", "nothing replaced", lambda d: drop(d, 3), "replaced_release_id"
    yield "receipt", "of nothing", lambda d: drop(d, 3), "release_ids", TOO_LARGE
    yield "receipt", "an unknown kind of receipt", at([], 2, 11), "kind"
    yield "receipt", "kept from users, for a role with a mandate", at([], 9, "desk@ecowas.example"), "mandate"
    yield "receipt", "wanted, of nothing", lambda d: drop(put(d, 2, 8), 3), "release_ids", TOO_LARGE
    yield "receipt", "wanted, in a role", lambda d: put(put(drop(d, 5), 2, 8), 6, "analyst"), "role"
    yield "receipt", "wanted, after a recall", lambda d: put(put(drop(d, 5), 2, 8), 7, field(7, bytes(32))), "recall_id"
    yield "receipt", "read, in no role", lambda d: put(drop(d, 5), 2, 3), "role"
    yield "receipt", "read by a node", lambda d: put(put(drop(d, 5), 2, 3), 6, "node"), "role"
    yield "receipt", "stored, in a role", lambda d: put(put(drop(d, 5), 2, 1), 6, "analyst"), "role"
    yield "receipt", "purged, after no recall", lambda d: put(drop(d, 5), 2, 7), "recall_id"
    yield "receipt", "kept from users, after a recall", at([], 7, listed(7, [bytes(32)])), "recall_id"
    yield "receipt", "a path of two releases", lambda d: put(put(d, 8, field(8, bytes(32))), 3, listed(3, [bytes(32), b"x" * 32])), "path_hash"
    yield "receipt", "a path's hash of 31 bytes", lambda d: put(put(d, 8, field(8, bytes(31))), 3, listed(3, [bytes(32)])), "path_hash"
    yield "receipt", "declined in 201 bytes", lambda d: put(put(put(d, 2, 5), 5, "x" * 201), 6, "officer"), "reason", TOO_LARGE
    yield "recall", "no reason", lambda d: drop(d, 4), "reason"
    yield "recall", "a reason of two lines", at([], 4, "A\nB"), "reason"
    yield "recall", "a reason of 501 bytes", at([], 4, "x" * 501), "reason", TOO_LARGE
    yield "recall", "no kind", lambda d: drop(d, 3), "kind"
    yield "recall", "an unknown kind of recall", at([], 3, 3), "kind"
    yield "recall", "of no assessment", lambda d: drop(d, 2), "assessment_id"
    yield "logged", "no statement", lambda d: drop(d, 1), "statement_id"
    yield "logged", "an id of 31 bytes", at([], 1, field(1, bytes(31))), "statement_id"
    yield "logged", "no time", lambda d: drop(d, 2), "logged_at"
    yield "logged", "half a second", at([2], 2, 500_000_000), "logged_at"
    yield "logged", "a nanosecond", at([2], 2, 1), "logged_at"
    yield "logged", "a time beyond the calendar", at([2], 1, 1 << 60), "logged_at"
    yield "logged", "an unknown field", unknown(), "99"
    yield "notice", "an unknown step", at([], 2, 4), "step"
    yield "notice", "no step", lambda d: drop(d, 2), "step"
    yield "notice", "about no agreement", lambda d: drop(d, 1), "agreement_id"
    yield "notice", "a reason of two lines", at([], 4, "A\nB"), "reason"
    yield "invitation", "without a number", lambda d: drop(d, 7), "sequence"
    yield "invitation", "with a statement of another kind for a ledger's key", lambda d: inside(
        d, [8], lambda m: m.replace(b"ledger-key.v1", b"invitation.v1")), "ledger_key"
    yield "invitation", "with a head and no key", lambda d: drop(d, 8), "ledger_note"
    yield "invitation", "with 25 lists", at([], 10, listed(10, [field(1, bytes([i])) for i in range(25)])), "revocation_lists"
    yield "introduction", "of nobody", lambda d: drop(d, 2), "invitation"
    yield "introduction", "without a date", lambda d: drop(d, 3), "issued"
    yield "introduction", "with another statement in it", lambda d: inside(
        d, [2], lambda m: m.replace(b"invitation.v1", b"ledger-key.v1")), "invitation"
    yield "introduction", "by no organisation", at([], 1, field(1, "GB")), "introducer"
    yield "approval", "of nothing", lambda d: drop(d, 2), "matter"
    yield "approval", "of an unknown matter", at([], 2, 9), "matter"
    yield "approval", "of no subject", lambda d: drop(d, 3), "subject"
    yield "approval", "a subject of 31 bytes", at([], 3, field(3, bytes(31))), "subject"
    yield "approval", "without a date", lambda d: drop(d, 4), "issued"
    yield "approval", "an unknown field", unknown(), "99"
    yield "bundle", "the first one", at([], 2, 1), "sequence"
    yield "bundle", "no roots", lambda d: drop(d, 3), "roots"
    yield "bundle", "nine roots", at([], 3, listed(3, [bytes([i]) for i in range(9)])), "roots"
    yield "bundle", "without a date", lambda d: drop(d, 4), "issued"
    yield "bundle", "without the one before", lambda d: drop(d, 5), "previous"
    yield "bundle", "a compromised root twice", at([], 6, listed(6, 2 * [field(1, bytes(32)) + field(2, "2026-05-01")])), "compromised[1]"
    yield "bundle", "a compromised root without a day", at([], 6, listed(6, [field(1, bytes(32))])), "compromised[0].since"
    yield "invitation", "no roots", lambda d: drop(d, 5), "roots"
    yield "invitation", "nine roots", at([], 5, listed(5, [bytes([i]) for i in range(9)])), "roots"
    yield "invitation", "a state without a country", lambda d: drop(d, 3), "country"
    yield "invitation", "an endpoint without a port", at([], 4, "node.gb.example"), "endpoint"

    yield "endorsement", "of version 0", lambda d: drop(d, 3), "version"
    yield "endorsement", "by nobody", lambda d: drop(d, 5), "endorser"
    yield "endorsement", "without a text", lambda d: inside(d, [7], lambda m: drop(m, 18)), "portion.body"
    yield "endorsement", "that holds another kind of portion", lambda d: inside(d, [7], lambda m: drop(m, 18) + field(14, field(1, "x"))), "portion"
    yield "endorsement", "with an unknown field in its portion", lambda d: inside(d, [7], lambda m: m + field(99, 1)), "portion.99"
    yield "endorsement", "without a mark", lambda d: drop(d, 8), "seen"
    yield "endorsement", "15 marks", at([], 8, listed(8, row[1:])), "seen"
    yield "endorsement", "a mark of 15 bytes", at([], 8, listed(8, [bytes(15)] * 16)), "seen[0]"
    yield "endorsement", "marks out of order", at([], 8, listed(8, [mark[:16] for mark in reversed(row)])), "seen[1]"
    yield "request", "for nothing", lambda d: drop(d, 5), "question"
    yield "request", "kinds out of order", at([], 5, "source", "evidence"), "kinds[1]"
    yield "request", "for a kind of no edition", at([], 5, "evidence", "rumour"), "kinds[1]"
    yield "request", "a question of 2,001 bytes", at([], 6, field(6, "x" * 2001)), "question"
    yield "request", "by an unknown role", at([], 7, 4), "role"
    yield "request", "by no role", lambda d: drop(d, 7), "role"
    yield "request", "without a nonce", lambda d: drop(d, 8), "nonce"
    yield "answer", "released without an exception", lambda d: drop(d, 5), "exception_id"
    yield "answer", "a text with an exception", at([], 2, 1), "exception_id"
    yield "answer", "an unknown kind of answer", at([], 2, 4), "kind"
    yield "exception", "for nothing", lambda d: drop(d, 4), "digests", TOO_LARGE
    yield "exception", "digests out of order", digests(row[2], row[1], number=4), "digests[1]"
    yield "exception", "that ends when it begins", lambda d: put(d, 8, field(8, [v for n, _, v in parts(d) if n == 7][0])), "valid_until"
    yield "exception", "for more than 90 days", at([8], 1, 1777627800 + 91 * 86400), "valid_until"
    yield "exception", "without a reason", lambda d: drop(d, 6), "reason"
    yield "exception", "without a request", lambda d: drop(d, 5), "request_id"

    yield from speakers()
    yield from envelopes()


def speakers():
    yield "manifest", "nobody speaks", lambda d: drop(d, 100), "speaker"
    yield "manifest", "a speaker without a name", lambda d: inside(d, [100], lambda m: drop(m, 1)), "speaker.id"
    yield "manifest", "a node speaks, and not its organisation", at([100], 1, "spiffe://gb.example/node/n1"), "speaker.id"
    yield "manifest", "a speaker in capitals", at([100], 1, "GB.example"), "speaker.id"
    yield "manifest", "four cosigners", at([100], 2, 4), "speaker.cosigners"
    yield "manifest", "no suites", lambda d: inside(d, [100], lambda m: drop(m, 3)), "speaker.suites"
    yield "manifest", "a suite of an unknown sort", at([100], 3, "classical", "post-quantum"), "speaker.suites"
    yield "manifest", "an unknown field in the speaker", unknown(100), "speaker.99"
    yield "release", "nobody speaks", lambda d: drop(d, 100), "speaker"


def times_of_a_release():
    """The good one is a hub's: number 15 is when it received the release before. Number 14 is the originator's."""
    def by_the_originator(*times):
        return lambda d: put(drop(drop(d, 12), 15), 14, *times)

    whole, received = field(14, field(1, 1777627801)), field(15, field(1, 1777627801))
    fraction = field(1, 1777627801) + field(2, 1)
    yield "release", "a hub's with both times", lambda d: put(d, 14, whole), "logged_at"
    yield "release", "a hub's with the originator's time", lambda d: put(drop(d, 15), 14, whole), "logged_at"
    yield "release", "a hub's with no time", lambda d: drop(d, 15), "received_at"
    yield "release", "a hub's with a nanosecond", lambda d: put(d, 15, field(15, fraction)), "received_at"
    yield "release", "a hub's with a time beyond the calendar", at([15], 1, 1 << 60), "received_at"
    yield "release", "the originator's with both times", by_the_originator(whole, received), "received_at"
    yield "release", "the originator's with a hub's time", lambda d: drop(d, 12), "received_at"
    yield "release", "the originator's with no time", by_the_originator(), "logged_at"
    yield "release", "the originator's with a nanosecond", by_the_originator(field(14, fraction)), "logged_at"
    yield "release", "the originator's with a second of 10^9 nanoseconds", by_the_originator(
        field(14, field(1, 1777627801) + field(2, 10**9))), "logged_at"


def listed_statements(row):
    def one(kind, id_, time=field(1, 1777627801)):
        return field(1, kind) + (field(2, id_) if id_ else b"") + (field(3, time) if time is not None else b"")

    def put_all(*all_):
        return lambda d: put(d, 13, *[field(13, m) for m in all_])

    for kind, one_of, most in [("endorsement", "an endorsement", 16), ("exception", "an exception", 8)]:
        many = [bytes([i]) * 32 for i in range(1, most + 2)]
        yield "release", f"{one_of} out of order", put_all(one(kind, row[2]), one(kind, row[1])), "beside[1]"
        yield "release", f"{one_of} twice", put_all(one(kind, row[2]), one(kind, row[2])), "beside[1]"
        yield "release", f"{one_of} twice, at two times", put_all(
            one(kind, row[2]), one(kind, row[2], field(1, 1777627802))), "beside[1]"
        yield "release", f"{most + 1} of the kind {kind}", put_all(*[one(kind, id_) for id_ in many]), "beside", TOO_LARGE
        yield "release", f"{one_of} by 31 bytes", put_all(one(kind, row[1]), one(kind, row[2][:31])), "beside[1].statement_id"
        yield "release", f"{one_of} without an id", put_all(one(kind, b"")), "beside[0].statement_id"
        yield "release", f"{one_of} without a time", put_all(one(kind, row[1], None)), "beside[0].logged_at"
        yield "release", f"{one_of} with a nanosecond", put_all(
            one(kind, row[1]), one(kind, row[2], field(1, 1777627801) + field(2, 1))), "beside[1].logged_at"
        yield "release", f"{one_of} with an unknown field", put_all(one(kind, row[1]) + field(99, 1)), "beside[0].99"
    yield "release", "kinds beside the portions out of order", put_all(one("exception", row[1]), one("endorsement", row[2])), "beside[1]"
    yield "release", "a manifest beside the portions", put_all(one("manifest", row[1])), "beside[0].kind"
    yield "release", "a kind beside the portions that is no name", put_all(one("Opinion", row[1])), "beside[0].kind"
    yield "release", "65 beside the portions", put_all(*[one("opinion", bytes([i]) * 32) for i in range(65)]), "beside", TOO_LARGE


def envelopes():
    certificate = field(2, b"x")
    signature = field(1, 1) + certificate + field(3, b"x")
    yield "envelope", "an unknown kind of statement", at([], 1, "application/vnd.watchfire.rumour.v1+proto"), "payload_type"
    yield "envelope", "a later version of a kind", at([], 1, "application/vnd.watchfire.void.v2+proto"), "payload_type"
    yield "envelope", "no signature", lambda d: drop(d, 3), "signatures"
    yield "envelope", "five signatures", at([], 3, field(3, signature) * 5), "signatures"
    yield "envelope", "no suite", lambda d: inside(d, [3], lambda m: drop(m, 1)), "signatures[0].suite"
    yield "envelope", "an unknown suite", at([3], 1, 4), "signatures[0].suite"
    yield "envelope", "no certificate", lambda d: inside(d, [3], lambda m: drop(m, 2)), "signatures[0].certificates", TOO_LARGE
    yield "envelope", "five certificates", at([3], 2, certificate * 5), "signatures[0].certificates", TOO_LARGE


def told(good):
    """What is told of when a statement was first logged: the envelope beside it is number 4."""
    logged, void = good["envelope logged"], good["envelope"]

    def beside(*all_):
        return void + b"".join(field(4, e) for e in all_)

    yield "envelope", "three that tell when it was logged", beside(logged, logged, logged), "logged"
    yield "envelope", "another kind where one tells when it was logged", beside(void), "logged[0]"
    yield "envelope", "another kind in second place", beside(logged, void), "logged[1]"
    yield "envelope", "one without a signature that tells", beside(drop(logged, 3)), "logged[0].signatures"
    yield "envelope", "one of an unknown kind that tells", beside(
        put(logged, 1, "application/vnd.watchfire.rumour.v1+proto")), "logged[0].payload_type"
    yield "envelope", "one with an unknown suite that tells", beside(
        logged, inside(logged, [3], lambda m: put(m, 1, 4))), "logged[1].signatures[0].suite"
    yield "envelope", "an unknown field in one that tells", beside(logged + field(99, 1)), "logged[0].99"
    yield "envelope", "one inside one that tells", beside(logged + field(4, logged)), "logged[0].logged"
    yield "envelope", "one inside one that is not beside a statement", logged + field(4, logged), "logged"
    entry = good["entry"]
    for number, name in [(1, "release"), (2, "manifest"), (4, "provenance"), (5, "beside")]:
        path = f"{name}[0].logged" if number > 3 else f"{name}.logged"
        yield "entry", f"{name}: it stands there when one of them was logged", inside(
            entry, [number], lambda m: m + field(4, logged)), path
    first, second = [v for n, _, v in parts(entry) if n == 5]
    yield "entry", "kinds beside the portions out of order", put(entry, 5, field(5, second), field(5, first)), "beside"
    yield "entry", "a void beside the portions", put(entry, 5, field(5, void)), "beside[0]"


def beside_a_receipt(good):
    """The releases by which something came: the envelope beside a receipt is number 5."""
    receipt, release, void = good["envelope receipt"], good["envelope release"], good["envelope"]

    def beside(*all_):
        return receipt + b"".join(field(5, e) for e in all_)

    yield "envelope", "a path of one release", beside(release), "path", UNKNOWN
    yield "envelope", "a path of ten releases", beside(*[release] * 10), "path", TOO_LARGE
    yield "envelope", "a void on a path", beside(release, void), "path[1]", UNKNOWN
    yield "envelope", "a path beside a void", void + field(5, release) * 2, "path", UNKNOWN
    yield "envelope", "a release on a path without a signature", beside(drop(release, 3), release), "path[0].signatures", UNKNOWN
    yield "envelope", "an unknown field in a release on a path", beside(release, release + field(99, 1)), "path[1].99", UNKNOWN
    yield "envelope", "what tells when a release on a path was logged", beside(
        release, release + field(4, good["envelope logged"])), "path[1].logged", UNKNOWN
    yield "envelope", "a path beside a release on a path", beside(release + field(5, release) * 2, release), "path[0].path", UNKNOWN
    yield "envelope", "a receipt with a path on a path", beside(release, beside(release, release)), "path[1].path", UNKNOWN
    entry = inside(good["entry"], [1], lambda m: beside(release, release))
    yield "entry", "a receipt with a path in the place of a release", entry, "release.path", UNKNOWN


def long(good):
    """What is better told than written out."""
    prefix = drop(good["narrative"], NARRATIVE)
    for name, size, path, reason in [
        ("a portion of more than 256 KiB", 256 * 1024, None, TOO_LARGE),
        ("a text of more than 200 KiB", 200 * 1024 + 1, "narrative.text", UNKNOWN),
    ]:
        text = varint(1 << 3 | 2) + varint(size)
        head = prefix + varint(NARRATIVE << 3 | 2) + varint(size + len(text)) + text
        yield "portion", name, [[head.hex(), 1], ["61", size]], path, reason
    head = good["manifest"]
    for number in [7, 8, 9, 100]:
        head = drop(head, number)
    pieces = [[head.hex(), 1], [field(7, bytes(32)).hex(), 1040]]
    yield "manifest", "1,040 digests", pieces, "digests", TOO_LARGE
    chain = varint(2 << 3 | 2) + varint(16385)
    head = drop(good["envelope"], 3) + varint(3 << 3 | 2) + varint(2 + len(chain) + 16385 + 3) + field(1, 1) + chain
    pieces = [[head.hex(), 1], ["00", 16385], [field(3, b"x").hex(), 1]]
    yield "envelope", "a chain of more than 16 KiB", pieces, "signatures[0].certificates", TOO_LARGE
    begin, end = varint(99 << 3 | 3).hex(), varint(99 << 3 | 4).hex()
    yield "manifest", "10,000 groups in each other", [[good["manifest"].hex(), 1], [begin, 10000], [end, 10000]], "99", UNKNOWN


STATEMENTS = ["manifest", "agreement", "release", "void", "receipt", "recall", "notice", "logged", "invitation", "introduction", "bundle", "approval", "endorsement",
              "request", "answer", "exception", "envelope"]


def vectors(good):
    for base, name, change, path, *reason in [*encodings(), *texts(), *values(), *statements()]:
        payload = change(good[base])
        assert payload != good[base], name
        decoder = base if base in STATEMENTS else "portion"
        yield {"decoder": decoder, "name": f"{base}: {name}", "payload": payload.hex(),
               "reason": reason[0] if reason else UNKNOWN, "field": path}
    for decoder, name, payload, path in told(good):
        yield {"decoder": decoder, "name": f"{decoder}: {name}", "payload": payload.hex(), "reason": UNKNOWN, "field": path}
    for decoder, name, payload, path, reason in beside_a_receipt(good):
        yield {"decoder": decoder, "name": f"{decoder}: {name}", "payload": payload.hex(), "reason": reason, "field": path}
    for decoder, name, payload, path, reason in long(good):
        yield {"decoder": decoder, "name": f"{decoder}: {name}", "payload": payload, "reason": reason, "field": path}
