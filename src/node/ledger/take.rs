//! What a partner says about ledgers: its key, its head, what it holds of this node's ledger, and heads of others.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        ledger::{LedgerKey, of_origin},
        statement::Envelope,
    },
    ledger::{
        greeting::{EARLIER_KEYS, Greeting, MAX_CONTESTED},
        heads::{AlarmKind, HeadComparison, ShownHead, judge},
        note::{Checkpoint, LogKey, Note},
    },
    node::{
        directory::Partner,
        handed_over::only_by,
        ledger::{
            Ledger,
            keys::{covers, is_handed_over},
            views::questions_in,
        },
    },
    seal::{
        rules,
        verify::{Verified, verify},
    },
    store::ledger::{LedgerRecord, LedgerRecordKind, head_number},
    wire,
};

/// The most epochs that may have begun since the known one. Each of them takes administrators, who settle a loss or change the key.
pub(in crate::node) const MOST_EPOCHS: u32 = 16;

/// How often a head is judged if other processes store heads at the same time.
const TURNS: usize = 5;

/// What to do after a greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GreetingAnswer {
    /// The size of this node's ledger that the partner holds, if it says so.
    pub holds: Option<u64>,
    /// Whether there is more to say. The dialler then says hello again at once.
    pub again: bool,
}

/// A ledger's key, and the encoded statement of it.
#[derive(Clone, Copy)]
struct StatedKey<'a> {
    key: &'a LedgerKey,
    statement: &'a [u8],
}

impl Ledger {
    /// Takes what a partner says about ledgers. `told` is the size of its own ledger that it knew, when it spoke, to be held here.
    ///
    /// # Errors
    /// Store faults. A mistake in the partner's words is an alarm or a miss, and no fault, so that the feed goes on.
    pub async fn take_greeting(
        &self,
        partner: &TrustDomain,
        greeting: Option<Greeting>,
        told: Option<u64>,
    ) -> Result<GreetingAnswer, Fault> {
        let Some(greeting) = greeting else {
            // Partners say nothing of their ledgers to an organisation whose revocation list has lapsed.
            if self.revocations.own_lapse().is_some() {
                return Ok(GreetingAnswer::default());
            }
            self.missed(partner, "it says nothing of its ledger").await?;
            return Ok(GreetingAnswer::default());
        };
        let known = self.directory.current().active(partner)?.clone();
        let live = self.sessions.of(partner);
        let _one = live.greeting.lock().await;
        let mut next = GreetingAnswer::default();
        for key in greeting.earlier_keys.iter().take(EARLIER_KEYS) {
            self.take_earlier_key(partner, key).await?;
        }
        let told_key = self.own_key_told(&greeting);
        match self.take_key(partner, greeting.key.as_ref(), &greeting.note).await? {
            Some(key) => {
                next.again |= self.take_head(&known, &key, &greeting, told).await?;
                next.holds = self.take_witnessed(partner, &key, told_key.as_ref(), &greeting.witnessed).await?;
            }
            None => self.missed(partner, "it does not tell its ledger's key").await?,
        }
        next.again |= self.compare_pairs(partner, &greeting);
        for shown in greeting.contested.iter().take(MAX_CONTESTED) {
            next.again |= self.take_contested(partner, shown).await?;
        }
        self.note_silence(partner).await?;
        self.watch.set_questions(partner, questions_in(&greeting));
        self.start.heard(partner);
        Ok(next)
    }

    /// The partner's ledger key, as it states it itself. `None` if it states none that holds.
    async fn take_key(
        &self,
        partner: &TrustDomain,
        envelope: Option<&Envelope>,
        note: &[u8],
    ) -> Result<Option<LogKey>, Fault> {
        let Some(envelope) = envelope else { return Ok(None) };
        // A known key is nothing new. It is accepted without looking at a clock.
        let claimed = only_by(&[partner], envelope).and_then(|()| wire::ledger::decode_key(&envelope.payload));
        let claimed = claimed.map(|key| LogKey { name: key.origin, public: key.public });
        if let Some(known) = self.watch.key(partner).filter(|known| claimed.as_ref() == Ok(known)) {
            return Ok(Some(known));
        }
        let verified = only_by(&[partner], envelope);
        let key = match verified
            .and_then(|()| verify(envelope, &rules::LEDGER_KEY, self.trust.chains(), self.clock.now()))
        {
            Ok(key) => key.into_content(),
            Err(fault) => {
                tracing::warn!(%partner, reason = %fault.reason, "the statement of the partner's ledger key does not hold");
                return Ok(None);
            }
        };
        let log_key = LogKey { name: key.origin.clone(), public: key.public };
        let held = self.store.ledger_records(LedgerRecordKind::Key, Some(partner), 1).await?.pop();
        let encoded = wire::envelope::encode(envelope);
        if let Some(held) = held {
            let before = wire::ledger::decode_key(&wire::envelope::decode(&held.value)?.payload)?;
            self.watch.set_shows_earlier_key(partner, key.epoch < before.epoch);
            if key.epoch < before.epoch {
                let what = "it shows a ledger that it has given up: an older store was put in its place".to_owned();
                self.alarms.alarm(Some(partner), AlarmKind::Rollback, what, vec![held.value, encoded]).await?;
                return Ok(None);
            }
            if key.epoch > before.epoch.saturating_add(MOST_EPOCHS) {
                self.alarm_of_jump(partner, &before, held.value, &key, encoded).await?;
                return Ok(None);
            }
            let before = StatedKey { key: &before, statement: &held.value };
            self.compare_keys(partner, before, StatedKey { key: &key, statement: &encoded }, note).await?;
        }
        let record = LedgerRecord {
            kind: LedgerRecordKind::Key,
            of: Some(partner.clone()),
            number: key.epoch.into(),
            value: encoded,
        };
        self.store.put_ledger_records(vec![record], vec![]).await?;
        self.watch.set_key(partner, log_key.clone());
        Ok(Some(log_key))
    }

    /// Takes a key between the known one and the newest, if the key before has handed over to it. Otherwise the key is ignored.
    async fn take_earlier_key(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let verified = only_by(&[partner], envelope);
        let verified =
            verified.and_then(|()| verify(envelope, &rules::LEDGER_KEY, &self.trust.stored, self.clock.now()));
        let Ok(key) = verified.map(Verified::into_content) else { return Ok(()) };
        let Some(held) = self.store.ledger_records(LedgerRecordKind::Key, Some(partner), 1).await?.pop() else {
            return Ok(());
        };
        let before = wire::ledger::decode_key(&wire::envelope::decode(&held.value)?.payload)?;
        if !is_handed_over(&before, &key) {
            return Ok(());
        }
        let value = wire::envelope::encode(envelope);
        let record =
            LedgerRecord { kind: LedgerRecordKind::Key, of: Some(partner.clone()), number: key.epoch.into(), value };
        self.store.put_ledger_records(vec![record], vec![]).await?;
        self.watch.set_key(partner, LogKey { name: key.origin, public: key.public });
        Ok(())
    }

    /// This node's own key of a later epoch than this node knows, as a partner holds it. Its statement bears this node's signature.
    fn own_key_told(&self, greeting: &Greeting) -> Option<LogKey> {
        let envelope = greeting.your_key.as_ref()?;
        only_by(&[self.identity.domain()], envelope).ok()?;
        let key = verify(envelope, &rules::LEDGER_KEY, &self.trust.stored, self.clock.now()).ok()?.into_content();
        Some(LogKey { name: key.origin, public: key.public })
    }

    /// Raises this alarm once for the known key, however many epochs the partner tries.
    async fn alarm_of_jump(
        &self,
        partner: &TrustDomain,
        before: &LedgerKey,
        held: Vec<u8>,
        key: &LedgerKey,
        encoded: Vec<u8>,
    ) -> Result<(), Fault> {
        if self.alarms.is_alarmed(partner, AlarmKind::NewEpoch, &held).await? {
            return Ok(());
        }
        let what = format!(
            "it shows its ledger as `{}`, more than {MOST_EPOCHS} epochs beyond `{}`, and is not followed there; ask its administrators \
             what happened",
            key.origin, before.origin
        );
        self.alarms.alarm(Some(partner), AlarmKind::NewEpoch, what, vec![held, encoded]).await?;
        Ok(())
    }

    async fn compare_keys(
        &self,
        partner: &TrustDomain,
        before: StatedKey<'_>,
        now: StatedKey<'_>,
        note: &[u8],
    ) -> Result<(), Fault> {
        let handed_over = is_handed_over(before.key, now.key);
        if before.key.public != now.key.public && !handed_over {
            let what =
                "its ledger's key is another one; ask its administrators, by another way, whether they changed it";
            let evidence = vec![before.statement.to_vec(), now.statement.to_vec()];
            self.alarms.alarm(Some(partner), AlarmKind::KeyChanged, what.to_owned(), evidence).await?;
        }
        let held = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop();
        let goes_on =
            handed_over && held.as_ref().is_none_or(|h| Note::parse(&h.value).is_ok_and(|n| covers(now.key, &n)));
        if before.key.epoch < now.key.epoch && !goes_on {
            let evidence = held.map(|h| h.value).into_iter().chain([note.to_vec()]).collect();
            let what = format!(
                "it has begun its ledger anew as `{}`; ask its administrators what was lost: what it did since its last head is not proved",
                now.key.origin
            );
            self.alarms.alarm(Some(partner), AlarmKind::NewEpoch, what, evidence).await?;
        }
        Ok(())
    }

    /// Takes the partner's newest head. The head is judged again if another process has stored one in the meantime. `true`: the partner
    /// must be told what is stored here, and asked again.
    async fn take_head(
        &self,
        known: &Partner,
        key: &LogKey,
        greeting: &Greeting,
        told: Option<u64>,
    ) -> Result<bool, Fault> {
        for _ in 1..TURNS {
            match self.judge_head(known, key, greeting, told).await {
                Err(fault) if fault.reason == Reason::Conflict => {}
                judged => return judged,
            }
        }
        self.judge_head(known, key, greeting, told).await
    }

    async fn judge_head(
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
        let newest = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop();
        let held = newest.as_ref().map(|r| Note::parse(&r.value)).transpose()?;
        // If the key before has handed over, the ledger must go on from what was held under that key's name.
        let held = match held {
            Some(held) if held.checkpoint.origin == key.name => Some(held),
            Some(held) if self.goes_on(partner, &held).await? => Some(held),
            _ => None,
        };
        let shown = ShownHead { head: &note.checkpoint, from: greeting.from, proof: &greeting.proof, told };
        let verdict = judge(held.as_ref().map(|n| &n.checkpoint), &shown);
        let before = held.as_ref().filter(|held| held.checkpoint.origin != key.name);
        let verdict = match (verdict, before) {
            (HeadComparison::Fork | HeadComparison::Rollback | HeadComparison::Unproved, Some(before)) => {
                // A partner that has just taken the other key, or has just started, may not know yet what is held here, whatever it was
                // told before. As long as it does not know that, it proves nothing.
                if verdict == HeadComparison::Unproved && (told.is_none() || self.watch.is_first_unproved(partner)) {
                    return Ok(true);
                }
                self.alarm_of_break(partner, before, &note).await?;
                HeadComparison::First
            }
            (verdict, _) => verdict,
        };
        match verdict {
            HeadComparison::First | HeadComparison::Grown => self.witness(known, note, newest).await?,
            HeadComparison::Same => {}
            HeadComparison::Overtaken => return Ok(true),
            HeadComparison::Unproved if told.is_some() => {
                self.missed(partner, "it does not prove its head from the one that is held here").await?;
            }
            HeadComparison::Unproved => return Ok(true),
            HeadComparison::Fork | HeadComparison::Rollback => {
                self.alarm_of_head(partner, held.as_ref(), &note, verdict).await?
            }
        }
        if matches!(verdict, HeadComparison::First | HeadComparison::Grown | HeadComparison::Same) {
            if self.take_bases(partner, key, greeting) {
                self.watch.answered(partner);
            } else {
                self.missed(partner, "it does not prove the root at the last multiple of 64 entries").await?;
            }
        }
        Ok(false)
    }

    /// Whether a head of an earlier epoch was handed over. Its key, and each one after it, must have handed over to the next, up to the
    /// present one, and the first handover must cover the head.
    async fn goes_on(&self, partner: &TrustDomain, held: &Note) -> Result<bool, Fault> {
        let told = self.store.ledger_records(LedgerRecordKind::Key, Some(partner), u32::MAX).await?;
        let key = |r: &LedgerRecord| wire::ledger::decode_key(&wire::envelope::decode(&r.value)?.payload);
        let keys = told.iter().map(key).collect::<Result<Vec<LedgerKey>, Fault>>()?;
        // The newest key comes first.
        let Some(from) = keys.iter().position(|key| key.origin == held.checkpoint.origin) else { return Ok(false) };
        let line = keys.get(..=from).unwrap_or_default();
        let is_line = line.windows(2).all(|pair| matches!(pair, [now, before] if is_handed_over(before, now)));
        let first = from.checked_sub(1).and_then(|next| keys.get(next));
        Ok(is_line && first.is_some_and(|next| covers(next, held)))
    }

    /// Raises an alarm because a new epoch's ledger does not go on from what was held of the one before, though its key was handed over.
    /// Either somebody else signed what is held, or entries are lost. The new ledger is followed from here on.
    async fn alarm_of_break(&self, partner: &TrustDomain, held: &Note, shown: &Note) -> Result<(), Fault> {
        let what = format!(
            "its ledger goes on as `{}`, which does not begin with the head of {} entries that is held of the one before; ask its administrators \
             what happened",
            shown.checkpoint.origin, held.checkpoint.size
        );
        let evidence = [held, shown].map(|note| note.bare().to_string().into_bytes()).into();
        self.alarms.alarm(Some(partner), AlarmKind::NewEpoch, what, evidence).await?;
        Ok(())
    }

    async fn alarm_of_head(
        &self,
        partner: &TrustDomain,
        held: Option<&Note>,
        shown: &Note,
        verdict: HeadComparison,
    ) -> Result<(), Fault> {
        let size = |n: &Note| n.checkpoint.size;
        let (before, now) = (held.map_or(0, size), size(shown));
        let (kind, what) = match verdict {
            HeadComparison::Rollback => {
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
        self.alarms.alarm(Some(partner), kind, what, held.map(text).into_iter().chain([text(shown)]).collect()).await?;
        Ok(())
    }

    /// Cosigns and stores a head. `judged_against` is the newest head that was stored when it was judged.
    ///
    /// # Errors
    /// `CONFLICT` if the newest head is another one now; store faults.
    pub(in crate::node) async fn witness(
        &self,
        known: &Partner,
        note: Note,
        judged_against: Option<LedgerRecord>,
    ) -> Result<(), Fault> {
        let partner = &known.record.organisation.domain;
        let (seconds, _) = self.clock.now().parts();
        let seconds = u64::try_from(seconds).unwrap_or_default();
        let line = note.cosign(&self.ledger_key(), &self.own_log_key().name, seconds);
        let number = number_of(&note.checkpoint)?;
        let value = note.with(line).to_string().into_bytes();
        let head = LedgerRecord { kind: LedgerRecordKind::Head, of: Some(partner.clone()), number, value };
        Ok(self.store.put_head(head, judged_against).await?)
    }

    /// Takes what the partner holds of this node's ledger, with its cosignature. Returns the size that it holds.
    async fn take_witnessed(
        &self,
        partner: &TrustDomain,
        key: &LogKey,
        told: Option<&LogKey>,
        note: &[u8],
    ) -> Result<Option<u64>, Fault> {
        let Ok(note) = Note::parse(note) else { return Ok(None) };
        let own = self.own_log_key();
        self.compare_own(Some(partner), &note, told, &self.store.ledger().await?).await?;
        if let Some((_, epoch)) = of_origin(&note.checkpoint.origin).filter(|(of, _)| of == self.identity.domain()) {
            self.watch.set_epoch_held(partner, epoch);
        }
        let size = note.checkpoint.size;
        if note.verify(&own).is_err() {
            // This is a head of an earlier epoch that is here. The ledger is proved to go on from it.
            let is_here = self.store.ledger_root(size).await? == Some(note.checkpoint.root);
            let epoch = of_origin(&note.checkpoint.origin).map_or(0, |(_, epoch)| epoch);
            let before = self.own_key_of(epoch).await?.filter(|_| is_here);
            if before.is_none_or(|key| note.verify(&key).is_err()) {
                return Ok(None);
            }
            self.watch.set_holds(partner, size);
            return Ok(Some(size));
        }
        self.watch.set_holds(partner, size);
        if !self.is_behind() && note.cosigned_by(key).is_ok() && self.cosigned_by(partner).await? != size {
            let number = number_of(&note.checkpoint)?;
            let line = note.signatures.iter().find(|s| s.name == key.name).cloned();
            let kept = line.into_iter().fold(note.bare(), Note::with);
            let value = kept.to_string().into_bytes();
            let record = LedgerRecord { kind: LedgerRecordKind::Cosigned, of: Some(partner.clone()), number, value };
            self.store.put_ledger_records(vec![record], vec![]).await?;
        }
        Ok(Some(size))
    }

    /// Notes that the partner has not shown what it should, and raises an alarm once that is too often or too long.
    async fn missed(&self, partner: &TrustDomain, what: &str) -> Result<(), Fault> {
        if !self.watch.missed(partner, self.clock.now()) {
            return Ok(());
        }
        let held = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop();
        let evidence = held.map(|h| h.value).into_iter().collect();
        let what = format!("{what}, for several hellos or too long; have its program and its ledger looked at");
        self.alarms.alarm(Some(partner), AlarmKind::NoAnswer, what, evidence).await?;
        Ok(())
    }
}

pub(in crate::node) fn number_of(head: &Checkpoint) -> Result<u64, Fault> {
    Ok(head_number(of_origin(&head.origin).map_or(0, |(_, epoch)| epoch), head.size)?)
}
