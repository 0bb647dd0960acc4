//! What a partner tells about ledgers: its key, its head, what it holds of this node's, and heads of others.

use super::{
    super::{Node, directory::Partner},
    LogKey, Note,
    alarm::Alarmed,
};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        ledger::{LedgerKey, of_origin},
        statement::Envelope,
    },
    ledger::{
        greeting::{Greeting, MAX_CONTESTED, PAIRS},
        heads::{AlarmKind, Shown, Verdict, judge},
        note::Checkpoint,
    },
    seal::{rules, verify::verify},
    store::ledger::{Kept, KeptRecord, head_number},
    wire,
};

/// So many epochs may have begun since the one that is known: each takes a loss and administrators who settle it.
const MOST_EPOCHS: u32 = 16;

/// What follows from a greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Next {
    /// The size of this node's ledger that the partner holds, where it says so.
    pub holds: Option<u64>,
    /// There is more to say: the dialler says hello again at once.
    pub again: bool,
}

impl Node {
    /// Takes what a partner tells. `told`: the size of its ledger of which it knew, when it spoke, that it is held here.
    ///
    /// # Errors
    /// Store faults. What is wrong with the partner's words is an alarm or a miss, and no fault: the feed goes on.
    pub async fn take_greeting(
        &self,
        partner: &TrustDomain,
        greeting: Option<Greeting>,
        told: Option<u64>,
    ) -> Result<Next, Fault> {
        let Some(greeting) = greeting else {
            // Partners tell nobody of their ledgers whose revocation list has lapsed.
            if self.own_lapse().is_some() {
                return Ok(Next::default());
            }
            self.missed(partner, "it says nothing of its ledger").await?;
            return Ok(Next::default());
        };
        let known = self.directory().active(partner)?.clone();
        let live = self.live.of(partner);
        let _one = live.greeting.lock().await;
        let mut next = Next::default();
        match self.take_key(partner, greeting.key.as_ref(), &greeting.note).await? {
            Some(key) => {
                next.again |= self.take_head(&known, &key, &greeting, told).await?;
                next.holds = self.take_witnessed(partner, &key, &greeting.witnessed).await?;
            }
            None => self.missed(partner, "it does not tell its ledger's key").await?,
        }
        next.again |= self.compare_pairs(partner, &greeting).await?;
        for note in greeting.contested.iter().take(MAX_CONTESTED) {
            next.again |= self.take_contested(partner, note).await?;
        }
        Ok(next)
    }

    /// The partner's ledger key, as it says itself. `None`: it says nothing that holds.
    async fn take_key(
        &self,
        partner: &TrustDomain,
        envelope: Option<&Envelope>,
        note: &[u8],
    ) -> Result<Option<LogKey>, Fault> {
        let Some(envelope) = envelope else { return Ok(None) };
        // The key that is known already is not news, and no clock is asked about it.
        let claimed = self.only_by(&[partner], envelope).and_then(|()| wire::ledger::decode_key(&envelope.payload));
        let claimed = claimed.map(|key| LogKey { name: key.origin, public: key.public });
        if let Some(known) = self.ledger.watch.key(partner).filter(|known| claimed.as_ref() == Ok(known)) {
            return Ok(Some(known));
        }
        let verified = self.only_by(&[partner], envelope);
        let key = match verified.and_then(|()| verify(envelope, &rules::LEDGER_KEY, self.chains(), self.now())) {
            Ok(key) => key.into_content(),
            Err(fault) => {
                tracing::warn!(%partner, reason = %fault.reason, "the statement of the partner's ledger key does not hold");
                return Ok(None);
            }
        };
        let log_key = LogKey { name: key.origin.clone(), public: key.public };
        let held = self.store.kept(Kept::Key, Some(partner), 1).await?.pop();
        let encoded = wire::envelope::encode(envelope);
        if let Some(held) = held {
            let before = wire::ledger::decode_key(&wire::envelope::decode(&held.value)?.payload)?;
            if key.epoch < before.epoch {
                let what = "it shows a ledger that it has given up: an older store was put in its place".to_owned();
                self.alarm(Some(partner), AlarmKind::Rollback, what, vec![held.value, encoded]).await?;
                return Ok(None);
            }
            if key.epoch > before.epoch.saturating_add(MOST_EPOCHS) {
                self.alarm_of_jump(partner, &before, held.value, (&key, encoded)).await?;
                return Ok(None);
            }
            self.compare_keys(partner, (&before, &held.value), (&key, &encoded), note).await?;
        }
        let record =
            KeptRecord { kind: Kept::Key, of: Some(partner.clone()), number: key.epoch.into(), value: encoded };
        self.store.keep(vec![record], vec![]).await?;
        self.ledger.watch.set_key(partner, log_key.clone());
        Ok(Some(log_key))
    }

    /// Told once for the key that is known, however many epochs are tried.
    async fn alarm_of_jump(
        &self,
        partner: &TrustDomain,
        before: &LedgerKey,
        held: Vec<u8>,
        (key, encoded): (&LedgerKey, Vec<u8>),
    ) -> Result<(), Fault> {
        if self.is_alarmed(partner, AlarmKind::NewEpoch, &held).await? {
            return Ok(());
        }
        let what = format!(
            "it shows its ledger as `{}`, more than {MOST_EPOCHS} epochs beyond `{}`, and is not followed there; ask its administrators \
             what happened",
            key.origin, before.origin
        );
        self.alarm(Some(partner), AlarmKind::NewEpoch, what, vec![held, encoded]).await?;
        Ok(())
    }

    async fn compare_keys(
        &self,
        partner: &TrustDomain,
        before: (&LedgerKey, &Vec<u8>),
        now: (&LedgerKey, &Vec<u8>),
        note: &[u8],
    ) -> Result<(), Fault> {
        if before.0.public != now.0.public {
            let what =
                "its ledger's key is another one; ask its administrators, by another way, whether they changed it";
            let evidence = vec![before.1.clone(), now.1.clone()];
            self.alarm(Some(partner), AlarmKind::KeyChanged, what.to_owned(), evidence).await?;
        }
        if before.0.epoch < now.0.epoch {
            let held = self.store.kept(Kept::Head, Some(partner), 1).await?.pop();
            let evidence = held.map(|h| h.value).into_iter().chain([note.to_vec()]).collect();
            let what = format!(
                "it has begun its ledger anew as `{}`; ask its administrators what was lost: what it did since its last head is not proved",
                now.0.origin
            );
            self.alarm(Some(partner), AlarmKind::NewEpoch, what, evidence).await?;
        }
        Ok(())
    }

    /// The partner's newest head. `true`: it must be told what is held here, and asked again.
    async fn take_head(
        &self,
        known: &Partner,
        key: &LogKey,
        greeting: &Greeting,
        told: Option<u64>,
    ) -> Result<bool, Fault> {
        let partner = &known.record.organisation.domain;
        let note = Note::parse(&greeting.note).and_then(|note| note.verify(key).map(|()| note.bare()));
        let Ok(note) = note else {
            self.missed(partner, "it shows no head that its ledger's key has signed").await?;
            return Ok(false);
        };
        let newest = self.store.kept(Kept::Head, Some(partner), 1).await?.pop();
        let held = newest.map(|r| Note::parse(&r.value)).transpose()?.filter(|n| n.checkpoint.origin == key.name);
        let shown = Shown { head: &note.checkpoint, from: greeting.from, proof: &greeting.proof, told };
        let verdict = judge(held.as_ref().map(|n| &n.checkpoint), &shown);
        match verdict {
            Verdict::First | Verdict::Grown => self.witness(known, note).await?,
            Verdict::Same => self.ledger.watch.answered(partner),
            Verdict::Overtaken => return Ok(true),
            Verdict::Unproved if told.is_some() => {
                self.missed(partner, "it does not prove its head from the one that is held here").await?;
            }
            Verdict::Unproved => return Ok(true),
            Verdict::Fork | Verdict::Rollback => self.alarm_of_head(partner, held.as_ref(), &note, verdict).await?,
        }
        Ok(false)
    }

    async fn alarm_of_head(
        &self,
        partner: &TrustDomain,
        held: Option<&Note>,
        shown: &Note,
        verdict: Verdict,
    ) -> Result<(), Fault> {
        let size = |n: &Note| n.checkpoint.size;
        let (before, now) = (held.map_or(0, size), size(shown));
        let (kind, what) = match verdict {
            Verdict::Rollback => {
                let what = format!("it shows {now} entries after it has signed {before}: entries are gone");
                (AlarmKind::Rollback, what)
            }
            _ if before == now => (AlarmKind::Fork, format!("it has signed two different heads of {now} entries")),
            _ => {
                let what =
                    format!("its head of {now} entries does not go on from the one of {before} that it has signed");
                (AlarmKind::Fork, what)
            }
        };
        let text = |n: &Note| n.bare().to_string().into_bytes();
        self.alarm(Some(partner), kind, what, held.map(text).into_iter().chain([text(shown)]).collect()).await?;
        Ok(())
    }

    /// Keeps and cosigns a head.
    async fn witness(&self, known: &Partner, note: Note) -> Result<(), Fault> {
        let partner = &known.record.organisation.domain;
        let (seconds, _) = self.now().parts();
        let seconds = u64::try_from(seconds).unwrap_or_default();
        let line = note.cosign(&self.ledger.key, &self.own_log_key().name, seconds);
        let number = number_of(&note.checkpoint);
        let head = note.checkpoint.clone();
        let value = note.with(line).to_string().into_bytes();
        self.store
            .keep(vec![KeptRecord { kind: Kept::Head, of: Some(partner.clone()), number, value }], vec![])
            .await?;
        self.ledger.watch.add(partner, &known.record.roots, &head, number);
        self.ledger.watch.answered(partner);
        Ok(())
    }

    /// What the partner holds of this node's ledger, with its cosignature. Gives its size.
    async fn take_witnessed(&self, partner: &TrustDomain, key: &LogKey, note: &[u8]) -> Result<Option<u64>, Fault> {
        let Ok(note) = Note::parse(note) else { return Ok(None) };
        let own = self.own_log_key();
        self.compare_own(Some(partner), &note, &self.store.ledger().await?).await?;
        if note.verify(&own).is_err() {
            return Ok(None);
        }
        let size = note.checkpoint.size;
        self.ledger.watch.set_holds(partner, size);
        if !self.is_behind() && note.cosigned_by(key).is_ok() && self.cosigned_by(partner).await? != size {
            let number = number_of(&note.checkpoint);
            let line = note.signatures.iter().find(|s| s.name == key.name).cloned();
            let kept = line.into_iter().fold(note.bare(), Note::with);
            let value = kept.to_string().into_bytes();
            let record = KeptRecord { kind: Kept::Cosigned, of: Some(partner.clone()), number, value };
            self.store.keep(vec![record], vec![]).await?;
        }
        Ok(Some(size))
    }

    /// Heads of others that the partner was shown. Where one differs from the one that is held here, the partner is shown that.
    async fn compare_pairs(&self, partner: &TrustDomain, greeting: &Greeting) -> Result<bool, Fault> {
        let mut is_news = false;
        for pair in greeting.pairs.iter().take(PAIRS) {
            let Some(seen) = self.ledger.watch.differs(pair) else { continue };
            if let Some(note) = self.held_note(&seen.of, seen.number).await? {
                is_news |= self.ledger.watch.contest(partner, note);
            }
        }
        Ok(is_news)
    }

    /// A note of a third organisation that the partner was shown, and that may not agree with the one that is held here.
    async fn take_contested(&self, partner: &TrustDomain, note: &[u8]) -> Result<bool, Fault> {
        let Ok(note) = Note::parse(note) else { return Ok(false) };
        let Some((of, key)) = self.ledger.watch.named(&note.checkpoint.origin).filter(|(of, _)| of != partner) else {
            return Ok(false);
        };
        if note.verify(&key).is_err() {
            return Ok(false);
        }
        let Some(held) = self.held_note(&of, number_of(&note.checkpoint)).await? else { return Ok(false) };
        if Note::parse(&held)?.checkpoint.root == note.checkpoint.root {
            return Ok(false);
        }
        let size = note.checkpoint.size;
        let what = format!("it has shown two of its partners different heads of {size} entries");
        let evidence = vec![held.clone(), note.bare().to_string().into_bytes()];
        let alarmed = self.alarm(Some(&of), AlarmKind::SplitView, what, evidence).await?;
        let is_news = self.ledger.watch.contest(partner, held);
        Ok(is_news || alarmed == Alarmed::New)
    }

    /// The partner has not shown what it should.
    async fn missed(&self, partner: &TrustDomain, what: &str) -> Result<(), Fault> {
        if !self.ledger.watch.missed(partner, self.now()) {
            return Ok(());
        }
        let held = self.store.kept(Kept::Head, Some(partner), 1).await?.pop();
        let evidence = held.map(|h| h.value).into_iter().collect();
        let what = format!("{what}, for several hellos or too long; have its program and its ledger looked at");
        self.alarm(Some(partner), AlarmKind::NoAnswer, what, evidence).await?;
        Ok(())
    }
}

fn number_of(head: &Checkpoint) -> u64 {
    head_number(of_origin(&head.origin).map_or(0, |(_, epoch)| epoch), head.size)
}

/// A greeting that can't be read is a partner's fault.
impl Greeting {
    /// Refuses what no greeting may hold.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`.
    pub fn checked(self) -> Result<Self, Fault> {
        if self.pairs.len() > PAIRS || self.contested.len() > MAX_CONTESTED || self.proof.len() > 128 {
            let what = format!("at most {PAIRS} pairs, {MAX_CONTESTED} notes of others and 128 hashes go together");
            return Err(Fault::at(Reason::LimitExceeded, "ledger", what));
        }
        Ok(self)
    }
}
