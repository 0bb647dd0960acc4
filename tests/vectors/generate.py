#!/usr/bin/env python3
"""Writes the vectors beside it with Python's protobuf library, so that they owe nothing to this repository's encoder.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install protobuf grpcio-tools cryptography
    /tmp/venv/bin/python tests/vectors/generate.py

Its output is the same every time. `ed25519.json` and `feed.json` are written by hand. How many cases each file has is written by
`counts.py`, into these two as well.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

import grpc_tools
from google.protobuf import json_format
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
GENERATED = tempfile.mkdtemp()
WELL_KNOWN = pathlib.Path(grpc_tools.__file__).parent / "_proto"
protoc.main(["protoc", f"-I{PROTO}", f"-I{WELL_KNOWN}", f"--python_out={GENERATED}",
             *(str(p) for p in sorted(PROTO.glob("watchfire/v1/*.proto")))])
sys.path[:0] = [GENERATED, str(HERE)]
sys.dont_write_bytecode = True

from watchfire.v1 import (  # noqa: E402
    agreement_pb2, approval_pb2, assessment_pb2, endorsement_pb2, envelope_pb2, ledger_pb2, recall_pb2, receipt_pb2, release_pb2,
    request_pb2, trust_pb2)

import counts  # noqa: E402
import refusals  # noqa: E402
import signatures  # noqa: E402
import times  # noqa: E402
import tolerated  # noqa: E402


def some(label, length=32):
    """Bytes that look random and are the same every time."""
    return hashlib.sha256(label.encode()).digest()[:length]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def payload_type(kind):
    return f"application/vnd.watchfire.{kind}.v1+proto"


def pae(type_, payload):
    return f"DSSEv1 {len(type_.encode())} {type_} {len(payload)} ".encode() + payload


def encoded(message):
    return message.SerializeToString(deterministic=True)


def fields(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def read(cls, **values):
    """A message from the JSON mapping of protobuf; byte fields are given as bytes."""
    message = cls()
    fill(message, values)
    return message


def fill(message, values):
    for name, value in values.items():
        if isinstance(value, dict):
            target = getattr(message, name)
            target.SetInParent()
            fill(target, value)
        elif isinstance(value, list):
            target = getattr(message, name)
            for item in value:
                if isinstance(item, dict):
                    fill(target.add(), item)
                else:
                    target.append(item)
        else:
            setattr(message, name, value)


ASSESSMENT = some("assessment", 16)
ISSUED = {"seconds": 1777627800, "nanos": 123456789}  # 2026-05-01T09:30:00.123456789Z
LATER = {"seconds": 1777627860}
LOGGED = {"seconds": 1777627801}
PLAIN = {"tlp": "TLP_AMBER", "onward": {"reach": "ONWARD_REACH_WITHIN_ORGANISATION"}}
FULL = {
    "tlp": "TLP_AMBER_STRICT",
    "releasable_to": ["ecowas.example", "fr.example", "group:au"],
    "onward": {"reach": "ONWARD_REACH_NAMED", "to": ["fr.example", "group:au"]},
    "topics": ["gulf-of-guinea", "sahel"],
    "caveats": ["no-attribution", "protect-life"],
    "national": {"policy": "UK", "classification": "OFFICIAL-SENSITIVE", "categories": ["LOCSEN", "Zone Écho"]},
    "groups": [{"name": "au", "as_of": "2026-01-01", "countries": ["BF", "GH"], "organisations": ["au.example"]}],
}
NOTHING = {"tlp": "TLP_RED", "onward": {"reach": "ONWARD_REACH_NONE"}}
OPEN = {"tlp": "TLP_CLEAR", "onward": {"reach": "ONWARD_REACH_NAMED", "to": ["group:ecowas"]},
        "groups": [{"name": "ecowas", "as_of": "2026-01-01", "countries": ["BJ", "GH"], "organisations": ["ecowas.example"]}]}

HANDLES = {name: some(f"handle {name}", 8) for name in ["evidence", "indicator"]}

BODIES = {
    "headline": (OPEN, {"text": "Risk of mass killing in Soum rises before the dry season"}),
    "subject": (FULL, {
        "places": ["BF", "BF-SOM", "M49:011"],
        "period": {"from": "2026-05-01", "until": "2026-12-31"},
        "groups": ["Fulani civilians", "health workers"],
        "actors": [{"name": "auxiliaries", "state": "BF"}, {"name": "an armed group"}],
        "risk_of": ["crimes-against-humanity", "war-crimes"],
        "level": "WARNING_LEVEL_WARNING", "urgency": "URGENCY_FUTURE", "severity": "SEVERITY_EXTREME",
        "certainty": "CERTAINTY_POSSIBLE",
        "addressed_to": ["mediation-and-security-council@ecowas.example"],
    }),
    "judgement": (PLAIN, {
        "text": "It is likely that irregular forces carry out a massacre.\nIt may come without warning.",
        "likelihood": {"low": 55.0, "high": 75.0, "lexicon": "uk-phia-2025", "term": "likely"},
        "confidence": "CONFIDENCE_MODERATE", "confidence_reason": "two independent networks",
        "rests_on": sorted([HANDLES["evidence"], HANDLES["indicator"], *(some(f"stranger {i}", 8) for i in range(6))]),
    }),
    "forecast": (PLAIN, {
        "question": "Will a new mass killing begin before 2027?", "event": "1,000 or more noncombatants are killed",
        "resolution_source": "a public list of events", "resolution_by": "2027-12-31", "resolver": "gb.example",
        "window": {"from": "2026-01-01", "until": "2026-12-31"}, "probability": 0.06,
        "base_rate": {"value": 0.012, "source": "onsets a country-year"},
        "method": "five analysts", "information_cutoff": "2026-04-20",
    }),
    "indicator": (PLAIN, {"framework": "un-foa-2014", "factor": 7, "indicator": 3, "state": "FACTOR_STATE_PRESENT",
                          "trend": "TREND_RISING", "note": "recruitment along communal lines"}),
    "evidence": (NOTHING, {"what": "three villages report a list of names", "when": "2026-04-11", "where": "BF-SOM",
                           "grade": "B2", "original_sha256": some("original"), "custody": "held by the originator"}),
    "source": (NOTHING, {"text": "a health worker who moves between the villages"}),
    "limitation": (PLAIN, {"text": "No reporting from the east since March."}),
    "alternative": (PLAIN, {"text": "The lists may be a tax register.", "likelihood": {"low": 0.0, "high": 25.0}}),
    "gap": (PLAIN, {"text": "Who pays the auxiliaries?"}),
    "recommendation": (OPEN, {"text": "Deploy the zonal monitors.", "by": "2026-05-20",
                              "addressee": "early-warning-directorate@ecowas.example"}),
    "narrative": (FULL, {"text": "# Soum\n\nCiviliáns move south; *kilomètre* 40 is closed. 警告"}),
    "attachment": (PLAIN, {"name": "market.jpg", "media_type": "image/jpeg", "size": 1 << 30,
                           "sha256": some("attachment")}),
}

ENDORSEMENT = {"text": "Our own reporting points the same way.\nWe stand behind this."}

SPARE = {  # what may be left out is left out
    "judgement of fact": ("judgement", NOTHING, {"text": "Six villages are empty.", "confidence": "CONFIDENCE_HIGH"}),
    "evidence without a grade": ("evidence", PLAIN, {"what": "smoke is seen"}),
    "forecast of zero": ("forecast", PLAIN, {
        "question": "?", "event": "!", "resolution_by": "2027-12-31", "resolver": "gb.example",
        "window": {"from": "2026-01-01", "until": "2026-01-01"}, "base_rate": {}}),
    "forecast of options": ("forecast", PLAIN, {
        "question": "How many people will be killed?", "event": "noncombatants, by the source's count",
        "resolution_by": "2027-12-31", "resolver": "gb.example", "window": {"from": "2026-01-01", "until": "2026-12-31"},
        "places": ["BF", "ML"], "condition": "The mission leaves before June.",
        "options": ["fewer than 100", "100 to 999", "1,000 or more"], "is_ordered": True,
        "option_probabilities": [0.5, 0.375, 0.125]}),
}


def portion(name, kind, marking, body, **more):
    salt = some(f"salt {name}")
    handle = HANDLES.get(name, some(f"handle {name}", 8))
    return read(assessment_pb2.Portion, salt=salt, handle=handle, edition=1, marking=marking, **{kind: body}, **more)


def portions():
    rows = [(kind, kind, *rest) for kind, rest in BODIES.items()] + [(name, *rest) for name, rest in SPARE.items()]
    for name, kind, marking, body in rows:
        yield name, kind, portion(name, kind, marking, body)
    yield "a translation", "limitation", portion(
        "translation", "limitation", PLAIN, {"text": "Aucun rapport de l'est depuis mars."}, language="fr",
        translates=some("handle limitation", 8))
    yield "text of an endorsement", "endorsement", portion("endorsement", "endorsement", OPEN, ENDORSEMENT)


def seen(manifest_id, length):
    """Marks of two portions among random ones."""
    both = [encoded(portion(name, name, *BODIES[name])) for name in ["headline", "subject"]]
    marks = [sha256(b"watchfire.seen.v1\0", manifest_id, payload)[:16] for payload in both]
    return sorted(marks + [some(f"mark {i}", 16) for i in range(length - len(marks))])


def digest(assessment, payload):
    return sha256(b"watchfire.portion.v1\0", assessment, payload)


# Who speaks in a statement of each kind. An agreement is by both its parties.
AUTHORS = {"manifest": "analyst/alice", "recall": "officer/olu", "endorsement": "analyst/ada", "exception": "officer/olu",
           "bundle": "admin/root", "introduction": "admin/root", "approval": "admin/root"}


def speaker(kind, message):
    """Whose word it is: what answers or asks another is not by that one, and an invitation is by the organisation that it is of."""
    answered = {"receipt": "sender", "request": "addressee"}.get(kind)
    if answered:
        return "ecowas.example" if getattr(message, answered) == "gb.example" else "gh.example"
    return message.domain if kind == "invitation" else {"endorsement": "ecowas.example"}.get(kind, "gb.example")


def spoken(kind, message, cosigners=0):
    if kind != "agreement":
        message.ClearField("speaker")
        domain = speaker(kind, message)
        author = "officer/olu" if kind == "approval" and message.matter == approval_pb2.MATTER_PURGE else AUTHORS.get(kind)
        id_ = f"spiffe://{domain}/{author}" if author else domain
        fill(message.speaker, {"id": id_, "cosigners": cosigners, "suites": ["classical"]})
    return message


def manifest(digests, **more):
    values = {"assessment_id": ASSESSMENT, "version": 1, "originator": "gb.example", "issued": ISSUED,
              "expires": {"seconds": 1790812800}, "digests": sorted(digests), **more}
    return read(assessment_pb2.Manifest, **values)


def agreement(**more):
    values = {
        "series": some("series", 16), "version": 1, "parties": ["ecowas.example", "gb.example"],
        "valid_from": "2026-01-01", "valid_until": "2027-12-31", "purpose": "Prevention of mass atrocities",
        "grants": [{"id": "reports", "from": "ecowas.example", "to": "gb.example", "places": ["M49:011"],
                    "kinds": ["headline", "subject"], "max_tlp": "TLP_AMBER"}],
        "suites": ["classical"],
        **more,
    }
    return read(agreement_pb2.Agreement, **values)


FULL_AGREEMENT = {
    "version": 2, "previous_agreement_id": some("agreement before"), "notice_days": 90,
    "groups": [{"name": "ecowas", "as_of": "2025-01-29", "countries": ["BJ", "CI", "GH"],
                "organisations": ["ecowas.example", "wanep.example"]}],
    "grants": [
        {"id": "west-africa", "from": "gb.example", "to": "ecowas.example", "places": ["M49:011", "group:ecowas"],
         "topics": ["sahel", "gulf-of-guinea"], "max_tlp": "TLP_AMBER_STRICT", "min_level": "WARNING_LEVEL_CONCERN",
         "kinds": sorted([*BODIES, "endorsement", "resolution"]), "delay_seconds": 86400, "retention_days": 1825,
         "onward": {"to": ["group:ecowas"], "kinds": ["headline", "subject"],
                    "max_tlp": "TLP_GREEN", "depth": 1},
         "purpose": "early warning"},
        {"id": "reports", "from": "ecowas.example", "to": "gb.example", "places": ["BF-SOM"],
         "kinds": ["attachment"], "max_tlp": "TLP_RED"},
    ],
    "duties": {"acknowledge": [{"min_level": "WARNING_LEVEL_WARNING", "within_seconds": 21600,
                                "mandate": "duty-officer@ecowas.example", "answer_within_seconds": 172800}],
               "purge_on_recall": True, "approvals": 2, "offline_crl_days": 14, "retention_without_exception": True,
               "counts_for": ["group:ecowas"]},
    "triggers": [
        {"id": "sahel-two", "by": "gb.example", "tell": "early-warning-directorate@ecowas.example", "within_seconds": 86400,
         "places": ["M49:011", "group:ecowas"], "crimes": ["mass-killing", "war-crimes"], "organisations": 2, "probability": 0.6,
         "horizon_days": 366, "during_days": 90, "stand_down": 0.4, "cooldown_days": 30},
        {"id": "many-times", "by": "ecowas.example", "tell": "duty-officer@gb.example", "places": ["BF"], "organisations": 1,
         "multiple": 3.5, "horizon_days": 366, "during_days": 1}],
}


def release(**more):
    values = {"recipient": "ecowas.example", "kind": "ENTRY_KIND_ASSESSMENT", "manifest_id": some("manifest id"),
              "digests": sorted([some("digest 1"), some("digest 2")], reverse=True), "agreement_id": some("agreement id"),
              "agreement_version": 2, "grants": ["west-africa"], "terms": {}, "sequence": 1, "released_at": ISSUED,
              **more}
    # The originator says when it logged the manifest, and a hub when it received the release before.
    values["received_at" if "via_release_id" in values else "logged_at"] = LOGGED
    return spoken("release", read(release_pb2.Release, **values))


def listed(kind, *labels):
    """Statements that a release lists beside the portions, ascending by id."""
    return [{"kind": kind, "statement_id": id_, "logged_at": {"seconds": LOGGED["seconds"] + i}}
            for i, id_ in enumerate(sorted(map(some, labels)))]


def release_id(payload):
    return sha256(pae(payload_type("release"), payload))


def path(length):
    """Releases, each by way of the one before."""
    hops = [encoded(release())]
    while len(hops) < length:
        hops.append(encoded(release(sequence=len(hops) + 1, previous_release_id=some("release before"),
                                    via_release_id=release_id(hops[-1]))))
    return hops


def path_hash(hops):
    return sha256(b"watchfire.path.v1\0", *map(release_id, hops))


def statements():
    for kind, name, message in contents():
        yield kind, name, spoken(kind, message)
    yield "manifest", "that an officer has to have signed too, from a sealed origin", spoken("manifest", manifest(
        [some(f"digest {i}") for i in range(32)], version=2, previous_manifest_id=some("manifest before"), exercise=True,
        sealed_origin=some("sealed origin")), cosigners=1)


def contents():
    sixteen = [some(f"digest {i}") for i in range(16)]
    yield "manifest", "a first version", manifest(sixteen)
    more = [some(f"digest {i}") for i in range(32)]
    yield "manifest", "a later version, an exercise", manifest(
        more, version=2, previous_manifest_id=some("manifest before"), exercise=True)
    yield "agreement", "the least", agreement()
    yield "agreement", "everything", agreement(**FULL_AGREEMENT)
    yield "release", "number 1", release()
    yield "release", "with endorsements and an exception", release(
        beside=listed("endorsement", "endorsement 1", "endorsement 2") + listed("exception", "exception"))
    yield "release", "of what became of forecasts", release(
        kind="ENTRY_KIND_RESOLUTION", digests=[], beside=listed("resolution", "resolution"))
    groups = [{"name": "ecowas", "as_of": "2025-01-29", "countries": ["BJ", "GH"], "organisations": ["ecowas.example"]}]
    terms = {"onward_to": ["fr.example", "group:ecowas"], "onward_groups": groups, "onward_max_tlp": "TLP_GREEN", "onward_depth": 2,
             "onward_kinds": ["headline", "resolution", "subject"],
             "barred_states": ["BF", "ML"], "retention_days": 30}
    yield "release", "number 300 by a hub, with terms", release(
        kind="ENTRY_KIND_CORRECTION", grants=["urgent", "west-africa"], terms=terms, sequence=300,
        previous_release_id=some("release before"), via_release_id=some("release via"),
        beside=listed("endorsement", "endorsement 1", "endorsement 2"))
    void = {"recipient": "ecowas.example", "replaced_release_id": some("release replaced"), "voided_at": LATER}
    yield "void", "of number 1", read(release_pb2.Void, sequence=1, **void)
    yield "void", "of a large number", read(
        release_pb2.Void, sequence=1 << 40, previous_release_id=some("release before"), **void)
    receipt = {"sender": "gb.example", "release_ids": [some("release 1"), some("release 2")], "at": LATER}
    yield "receipt", "read in a role", read(receipt_pb2.Receipt, kind="RECEIPT_KIND_READ", role="analyst", **receipt)
    yield "receipt", "declined with a line", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_DECLINED", role="officer", reason="no mandate there", **receipt)
    yield "receipt", "sealed, with the purge to be decided", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_WITHDRAWN", reason="PURGE_AWAITS_APPROVAL", recall_id=some("recall"),
        **receipt)
    yield "receipt", "purged by a party that holds nothing", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_PURGED", sender="gb.example", recall_id=some("recall"), at=LATER)
    way = path(2)
    yield "receipt", "stored, by way of a hub", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_STORED", sender="ecowas.example", release_ids=[release_id(way[-1])],
        at=LATER, path_hash=path_hash(way))
    yield "receipt", "wanted again", read(receipt_pb2.Receipt, kind="RECEIPT_KIND_WANTED", **receipt)
    yield "receipt", "acting, for a role with a mandate", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_ACTING", role="officer", mandate="duty-officer@ecowas.example", **receipt)
    yield "receipt", "kept for as long as it may be", read(receipt_pb2.Receipt, kind="RECEIPT_KIND_EXPIRED", **receipt)
    yield "receipt", "told where it is from", read(receipt_pb2.Receipt, kind="RECEIPT_KIND_REVEALED", **receipt)
    yield "receipt", "stored", read(receipt_pb2.Receipt, kind="RECEIPT_KIND_STORED", **receipt)
    yield "receipt", "quarantined", read(
        receipt_pb2.Receipt, kind="RECEIPT_KIND_QUARANTINED", reason="NOT_COVERED", **receipt)
    recall = {"originator": "gb.example", "assessment_id": some("assessment", 16), "recalled_at": LATER}
    yield "recall", "a withdrawal", read(
        recall_pb2.Recall, kind="RECALL_KIND_WITHDRAW", reason="the source was wrong", **recall)
    yield "recall", "a purge in an exercise", read(
        recall_pb2.Recall, kind="RECALL_KIND_PURGE", reason="it names a person", exercise=True, **recall)
    yield "logged", "to the second", read(release_pb2.Logged, statement_id=some("statement"), logged_at=LOGGED)
    yield "logged", "before 1970", read(
        release_pb2.Logged, statement_id=some("statement"), logged_at={"seconds": -1})
    notice = {"agreement_id": some("agreement"), "at": LATER}
    yield "notice", "a suspension", read(agreement_pb2.Notice, step="STEP_SUSPENDED", reason="a breach", every_version=True, **notice)
    yield "notice", "without a reason", read(agreement_pb2.Notice, step="STEP_TERMINATED", **notice)
    yield "invitation", "an organisation that cannot be dialled and has no ledger", read(
        trust_pb2.Invitation, domain="wanep.example", kind="PARTNER_KIND_NGO", roots=[some("root")], issued=LATER, sequence=300)
    key = spoken("ledger-key", read(
        ledger_pb2.LedgerKey, origin="gb.example/ledger", public_key=some("public key"), epoch=1, created=ISSUED))
    yield "invitation", "a state", read(
        trust_pb2.Invitation, domain="gb.example", kind="PARTNER_KIND_STATE", country="GB",
        endpoint="node.gb.example:7443", roots=[some("root 1"), some("root 2")], issued=ISSUED, sequence=1,
        ledger_key=envelope("ledger-key", {"ledger-key": encoded(key)}), ledger_note=some("note"),
        revocation_lists=[{"list": some("list 1")}, {"list": some("list 2"), "issuers": [some("issuer")]}])
    invitation = spoken("invitation", read(
        trust_pb2.Invitation, domain="wanep.example", kind="PARTNER_KIND_NGO", roots=[some("root")], issued=ISSUED, sequence=1))
    yield "introduction", "of an organisation", read(
        trust_pb2.Introduction, introducer="gb.example", issued=LATER, invitation=envelope("invitation", {"invitation": encoded(invitation)}))
    yield "bundle", "another root", read(
        trust_pb2.Bundle, domain="gb.example", sequence=2, roots=[some("root 1"), some("root 2")], issued=ISSUED,
        previous=some("fingerprint 1"))
    yield "bundle", "a root less, that is compromised", read(
        trust_pb2.Bundle, domain="gb.example", sequence=300, roots=[some("root 2")], issued=LATER, previous=some("fingerprint 2"),
        compromised=sorted(({"sha256": some(root), "since": "2026-05-01"} for root in ["root 1", "root 0"]), key=lambda c: c["sha256"]))
    yield "approval", "of an agreement", read(
        approval_pb2.Approval, domain="gb.example", matter="MATTER_AGREEMENT", subject=some("agreement id"), issued=LATER)
    yield "approval", "of a purge", read(
        approval_pb2.Approval, domain="gb.example", matter="MATTER_PURGE", subject=some("recall id"), issued=ISSUED)
    yield "ledger-key", "the first epoch", read(
        ledger_pb2.LedgerKey, origin="gb.example/ledger", public_key=some("public key"), epoch=1, created=ISSUED)
    yield "ledger-key", "a later one", read(
        ledger_pb2.LedgerKey, origin="gb.example/ledger/300", public_key=some("public key"), epoch=300, created=LATER,
        succession={"size": 640, "root": some("ledger root"), "signature": some("v") + some("w")})
    yield "endorsement", "by a partner", read(
        endorsement_pb2.Endorsement, originator="gb.example", assessment_id=ASSESSMENT, version=1,
        manifest_id=some("manifest id"), endorser="ecowas.example", endorsed_at=LATER,
        portion=encoded(portion("endorsement", "endorsement", OPEN, ENDORSEMENT)), seen=seen(some("manifest id"), 16))
    about = {"addressee": "gb.example", "assessment_id": ASSESSMENT, "version": 2, "manifest_id": some("manifest id"),
             "nonce": some("nonce", 16), "requested_at": LATER}
    yield "request", "a question", read(
        request_pb2.Request, question="Who saw this?\nAnd when?", role="ASKING_ROLE_ANALYST", **about)
    yield "request", "for evidence and sources", read(
        request_pb2.Request, kinds=["evidence", "source"], role="ASKING_ROLE_OFFICER", **about)
    answered = {"request_id": some("request"), "answered_at": LATER}
    yield "answer", "a text", read(request_pb2.Answer, kind="ANSWER_KIND_TEXT", text="A health worker.", **answered)
    yield "answer", "declined", read(request_pb2.Answer, kind="ANSWER_KIND_DECLINED", text="Not now.", **answered)
    yield "answer", "released", read(
        request_pb2.Answer, kind="ANSWER_KIND_RELEASED", exception_id=some("exception"), **answered)
    yield "exception", "for a week", read(
        request_pb2.Exception, giver="gb.example", partner="ecowas.example", manifest_id=some("manifest id"),
        digests=sorted([some("digest 1"), some("digest 2")]), request_id=some("request"), reason="asked on 1 May",
        valid_from=ISSUED, valid_until={"seconds": ISSUED["seconds"] + 7 * 86400, "nanos": ISSUED["nanos"]})


def assessment():
    """Portions, decoys and the manifest over both; one portion is withheld from the partner."""
    sealed = [(name, encoded(message)) for name, kind, message in portions() if kind != "endorsement"]
    digests = [digest(ASSESSMENT, payload) for _, payload in sealed]
    decoys = [some(f"decoy {i}") for i in range(-(len(digests) + 1) % 16 + 1)]
    payload = encoded(spoken("manifest", manifest(digests + decoys)))
    return {
        "assessment_id": ASSESSMENT.hex(),
        "portions": [{"name": name, "payload": payload.hex()} for name, payload in sealed],
        "digests": [d.hex() for d in digests],
        "decoys": [d.hex() for d in decoys],
        "manifest": payload.hex(),
        "manifest_id": sha256(pae(payload_type("manifest"), payload)).hex(),
    }


def envelope(kind, good, **more):
    return {"payload_type": payload_type(kind), "payload": good[kind], "signatures": [
        {"suite": "SIGNATURE_SUITE_ED25519", "certificates": [some("certificate")], "value": some("v")}], **more}


def entry(good):
    """An entry with everything that may stand in one; nothing in it fits together."""
    parts = {"manifest": envelope("manifest", good), "provenance": [envelope("release", good)],
             "beside": [envelope("endorsement", good), envelope("exception", good)]}
    return encoded(read(release_pb2.FeedEntry, release=envelope("release", good), portions=[good["gap"]], **parts))


def entry_again(payload):
    """What this library makes of an entry: what it does not know is passed over."""
    message = release_pb2.FeedEntry.FromString(payload)
    message.DiscardUnknownFields()
    return encoded(message)


def paes():
    yield "http://example.com/HelloWorld", b"hello world"  # the example of DSSE's protocol.md
    yield payload_type("manifest"), b""
    yield payload_type("void"), bytes(range(256))


def write(name, about, vectors):
    text = json.dumps({"about": about, "cases": len(vectors), "vectors": vectors}, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{name}.json: {len(vectors)}")


def main():
    write("pae", "DSSE pre-authentication encodings, and their SHA-256: a statement's id.", [
        {"payload_type": t, "payload": p.hex(), "pae": pae(t, p).hex(), "id": sha256(pae(t, p)).hex()}
        for t, p in paes()])
    write("statements", "Payloads of statements, their fields (the JSON mapping of protobuf) and ids.", [
        {"name": f"{kind}: {name}", "payload_type": payload_type(kind), "fields": fields(m),
         "payload": encoded(m).hex(), "id": sha256(pae(payload_type(kind), encoded(m))).hex()}
        for kind, name, m in statements()])
    write("portions", "Portions, their fields (the JSON mapping of protobuf) and digests.", [
        {"name": name, "kind": kind, "assessment_id": ASSESSMENT.hex(), "fields": fields(m),
         "payload": encoded(m).hex(), "digest": digest(ASSESSMENT, encoded(m)).hex()}
        for name, kind, m in portions()])
    write("assessment", "A whole assessment: portions, decoys, and the manifest that commits to them.", [assessment()])
    good = {kind: encoded(m) for kind, _, m in statements()}  # the last, hence fullest, of each kind
    good |= {name: encoded(m) for name, _, m in portions()}
    good["envelope"] = encoded(read(envelope_pb2.Envelope, **envelope("void", good)))
    good["envelope logged"] = encoded(read(envelope_pb2.Envelope, **envelope("logged", good)))
    good["envelope receipt"] = encoded(read(envelope_pb2.Envelope, **envelope("receipt", good)))
    good["envelope release"] = encoded(read(envelope_pb2.Envelope, **envelope("release", good)))
    good["entry"] = entry(good)
    write("paths", "Payloads of releases, each by way of the one before, and the hash by which a receipt names them.", [
        {"releases": [p.hex() for p in hops], "hash": path_hash(hops).hex()}
        for hops in [path(2), path(2)[::-1], path(9)]])
    write("refusals", "Payloads that must be refused: the decoder, the reason and the path of the field at fault. "
          "A payload is hex, or a list of [hex, how many times].", list(refusals.vectors(good)))
    write("tolerated", "Entries of a feed in other bytes than a sender writes: each is read as `means`, which is how it is written again. "
          "Only what is signed has one encoding alone.", list(tolerated.vectors(good["entry"], entry_again)))
    write("signatures", "Signatures over statements by published test keys (RFC 8032, RFC 6979).",
          list(signatures.vectors(good, payload_type, pae)))
    write("times", times.ABOUT, list(times.vectors()))
    counts.main()


if __name__ == "__main__":
    main()
