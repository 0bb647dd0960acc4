//! What waits for a person of the organisation, by the person's role.

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{
        action_item::{ActionItem, ActionKind, Rest},
        actor::{Authorized, LookUp},
        agreement::AgreementState,
        approval::{Approved, LAPSES_AFTER},
        ending::{Ending, EndingKind},
        fault::Fault,
        ids::{Role, SpiffeId, StatementId, TrustDomain},
        recall::RecallState,
        time::{Clock, Time},
    },
    node::{
        directory::PartnerDirectory, inbound::settling::settled_by, ledger::Ledger, monitor::Monitor,
        own_identity::OwnIdentity, people::People,
    },
    store::{Store, requests::RequestRecord},
    wire,
};

/// How many items of one kind are listed at most.
const MOST: u32 = 200;
/// The most that `assess list` lists.
const MOST_LISTED: u64 = 10_000;
/// How many acknowledgements are listed of one originator at most.
const EACH: u32 = 13;
/// How many pages of open requests are read to find those of partners.
const REQUEST_PAGES: usize = 8;

/// Lists what waits for a person.
pub struct Today {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) people: Arc<People>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) monitor: Arc<Monitor>,
}

impl Today {
    /// What waits for the caller: those with a deadline first, the earliest first, and then those that have waited longest. Of each kind at
    /// most 200.
    ///
    /// # Errors
    /// Store faults.
    pub async fn action_items(&self, actor: &Authorized<LookUp>) -> Result<Vec<ActionItem>, Fault> {
        let (role, who) = (actor.role(), actor.id());
        let (is_officer, is_admin) = (role == Role::Officer, role == Role::Admin);
        let mut all = vec![];
        if is_officer || role == Role::Analyst {
            all.extend(self.acknowledgements().await?);
        }
        if is_officer || role == Role::Analyst {
            all.extend(self.handed_over(who).await?);
        }
        if is_officer {
            all.extend(self.requests().await?);
            all.extend(self.purges(who).await?);
            all.extend(self.quarantine().await?);
        }
        if is_admin {
            all.extend(self.agreements(who).await?);
            all.extend(self.approvals(who).await?);
            all.extend(self.persons(who));
        }
        if is_officer || is_admin {
            all.extend(self.unverified().await?);
            all.extend(self.alarms().await?);
        }
        all.extend(self.endings(who).await?);
        all.sort_by_cached_key(ActionItem::order);
        Ok(all)
    }

    /// Acknowledgements that senders are owed: of each originator the earliest, so that nobody fills the list by back-dating.
    async fn acknowledgements(&self) -> Result<Vec<ActionItem>, Fault> {
        let duties = self.store.own_duties(EACH, MOST).await?;
        let ids: Vec<StatementId> = duties.iter().map(|duty| duty.manifest_id).collect();
        let mut gists = self.monitor.gists(&ids).await?;
        let mut listed: HashMap<TrustDomain, u64> = HashMap::new();
        duties.iter().for_each(|duty| *listed.entry(duty.originator.clone()).or_default() += 1);
        let mut items = vec![];
        // From behind, because the last one of an originator tells how many more there are.
        for duty in duties.into_iter().rev() {
            let (id, version) = duty.assessment;
            let number =
                duty.of_originator.saturating_sub(listed.remove(&duty.originator).unwrap_or(duty.of_originator));
            items.push(ActionItem {
                kind: ActionKind::Acknowledge,
                summary: format!("{} is owed an acknowledgement of version {version}", duty.partner),
                organisation: duty.partner,
                subject: id.to_string(),
                version: Some(version),
                fix: format!("assess acknowledge {id}"),
                due_at: Some(duty.due_at),
                since: None,
                gist: gists.remove(&duty.manifest_id),
                rest: (number > 0).then(|| more_of(duty.originator, number, duty.of_originator)),
            });
        }
        Ok(items)
    }

    /// Drafts that colleagues have handed over to the caller, who has saved no text of them yet and has not published them.
    async fn handed_over(&self, who: &SpiffeId) -> Result<Vec<ActionItem>, Fault> {
        let mut items = vec![];
        for draft in self.store.drafts().await? {
            let is_taken_up = draft.revisions.iter().any(|revision| revision.by == *who);
            if is_taken_up || !draft.handed_to.contains(who) {
                continue;
            }
            if self.store.version(self.identity.domain(), &draft.id.assessment(), 1).await?.is_some() {
                continue;
            }
            items.push(ActionItem {
                kind: ActionKind::Draft,
                summary: format!("{} has handed the draft \"{}\" over to you", draft.author.name(), draft.name),
                organisation: self.identity.domain().clone(),
                subject: draft.id.to_string(),
                version: None,
                fix: format!("draft edit {}", draft.id),
                due_at: None,
                since: draft.revision(draft.current).map(|revision| revision.at),
                gist: None,
                rest: None,
            });
        }
        items.truncate(MOST as usize);
        Ok(items)
    }

    /// Requests of partners that wait for an answer.
    async fn requests(&self) -> Result<Vec<ActionItem>, Fault> {
        let (mut items, mut after) = (vec![], None);
        for _ in 0..REQUEST_PAGES {
            let page = self.store.requests(true, after, MOST).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.at, last.id));
            items.extend(page.into_iter().filter(|request| !request.outgoing).map(|request| ActionItem {
                kind: ActionKind::AnswerRequest,
                summary: asked(&request),
                organisation: request.partner,
                subject: request.id.to_string(),
                version: None,
                fix: format!("assess answer {}", short(&request.id)),
                due_at: None,
                since: Some(request.at),
                gist: None,
                rest: None,
            }));
        }
        items.truncate(MOST as usize);
        Ok(items)
    }

    /// Purges that wait for two officers, without those that the caller has approved.
    async fn purges(&self, who: &SpiffeId) -> Result<Vec<ActionItem>, Fault> {
        let waiting = self.store.recalls_after(0, Some(RecallState::AwaitingApproval), MOST).await?;
        let undecided = waiting.into_iter().filter(|recall| !has_approved(&recall.standing.approvals, who));
        let items = undecided.map(|recall| ActionItem {
            kind: ActionKind::DecidePurge,
            summary: format!(
                "{} asks that an assessment be destroyed; {} of 2 officers have approved",
                recall.originator,
                recall.standing.approvals.len()
            ),
            organisation: recall.originator,
            subject: recall.assessment.to_string(),
            version: None,
            fix: format!("assess purge {}", recall.assessment),
            due_at: None,
            since: Some(recall.at),
            gist: None,
            rest: None,
        });
        Ok(items.collect())
    }

    /// What is in quarantine, by partner.
    async fn quarantine(&self) -> Result<Vec<ActionItem>, Fault> {
        let kept = self.store.quarantine_counts().await?.into_iter().take(MOST as usize);
        let items = kept.map(|kept| ActionItem {
            kind: ActionKind::Quarantine,
            summary: format!("{} from {} in quarantine", entries(kept.entries), kept.partner),
            fix: format!("assess list --quarantined --state quarantined --from {}", kept.partner),
            subject: kept.partner.to_string(),
            organisation: kept.partner,
            version: None,
            due_at: None,
            since: Some(kept.since),
            gist: None,
            rest: None,
        });
        Ok(items.collect())
    }

    /// What can't be verified yet, by partner and the organisation that it waits for.
    async fn unverified(&self) -> Result<Vec<ActionItem>, Fault> {
        let directory = self.directory.current();
        let waiting = self.store.unverified_usage(None).await?.into_iter().take(MOST as usize);
        let items = waiting.map(|usage| ActionItem {
            kind: ActionKind::Verification,
            fix: settled_by(&directory, &usage),
            summary: format!(
                "{} from {} can't be verified yet: the roots or lists of {} must change",
                entries(usage.entries.saturating_add(usage.over_budget)),
                usage.partner,
                usage.waits_for
            ),
            organisation: usage.partner,
            subject: usage.waits_for.to_string(),
            version: None,
            due_at: None,
            since: Some(usage.since),
            gist: None,
            rest: None,
        });
        Ok(items.collect())
    }

    /// Agreements that wait for an approval of the caller.
    async fn agreements(&self, who: &SpiffeId) -> Result<Vec<ActionItem>, Fault> {
        let now = self.clock.now();
        let waits = |state| matches!(state, AgreementState::Proposed | AgreementState::AwaitingApproval);
        let all = self.store.agreements().await?.into_iter();
        let undecided = all.filter(|a| waits(a.state(now)) && !has_approved(&a.standing.approvals, who));
        let items = undecided.take(MOST as usize).map(|a| {
            let from = a.agreement.from.start();
            let state = a.state(now);
            ActionItem {
                kind: ActionKind::ApproveAgreement,
                summary: format!("an agreement with {} is {state}; it begins on {}", a.partner, a.agreement.from),
                organisation: a.partner,
                subject: a.id.to_string(),
                version: None,
                fix: format!("agreement sign {}", short(&a.id)),
                due_at: Some(from).filter(|from| *from > now),
                since: Some(a.changed_at),
                gist: None,
                rest: None,
            }
        });
        Ok(items.collect())
    }

    /// What another administrator has approved and the caller has not.
    async fn approvals(&self, who: &SpiffeId) -> Result<Vec<ActionItem>, Fault> {
        let all = self.people.awaited().await?.into_iter();
        let undecided = all.filter(|record| !has_approved(&record.approved, who));
        let items = undecided.take(MOST as usize).map(|record| {
            let by: Vec<&str> = record.approved.iter().map(|approved| approved.by.name()).collect();
            ActionItem {
                kind: ActionKind::ApproveChange,
                summary: format!(
                    "{} has approved a decision ({}) about {}, and another administrator must",
                    by.join(", "),
                    record.matter,
                    record.of
                ),
                organisation: record.of,
                subject: record.subject.to_string(),
                version: None,
                fix: "partner list".to_owned(),
                due_at: Some(record.since.plus_seconds(LAPSES_AFTER)),
                since: Some(record.since),
                gist: None,
                rest: None,
            }
        });
        Ok(items.collect())
    }

    /// Persons who do not count yet and whom the caller has not confirmed.
    fn persons(&self, who: &SpiffeId) -> Vec<ActionItem> {
        let register = self.people.register();
        let waiting = register.people().filter(|person| {
            person.confirmed_at.is_none()
                && person.id != *who
                && !has_approved(&person.confirmed_by, who)
                && !self.people.is_gone(&person.id)
        });
        let items = waiting.take(MOST as usize).map(|person| ActionItem {
            kind: ActionKind::ConfirmPerson,
            organisation: self.identity.domain().clone(),
            subject: person.id.to_string(),
            version: None,
            summary: format!("{} {} is not confirmed yet", person.id.role(), person.id.name()),
            fix: format!("person confirm {}/{}", person.id.role(), person.id.name()),
            due_at: None,
            since: Some(person.since),
            gist: None,
            rest: None,
        });
        items.collect()
    }

    /// Alarms that stand.
    async fn alarms(&self) -> Result<Vec<ActionItem>, Fault> {
        let open = self.ledger.alarms().await?.into_iter().filter(|alarm| self.ledger.is_open(alarm));
        let items = open.take(MOST as usize).map(|alarm| ActionItem {
            kind: ActionKind::Alarm,
            organisation: alarm.partner,
            subject: alarm.kind.to_string(),
            version: None,
            summary: alarm.what,
            fix: "ledger alarms".to_owned(),
            due_at: None,
            since: Some(alarm.at),
            gist: None,
            rest: None,
        });
        Ok(items.collect())
    }

    /// What ends and needs somebody to act: for administrators everything, for others their own certificates.
    async fn endings(&self, who: &SpiffeId) -> Result<Vec<ActionItem>, Fault> {
        let now = self.clock.now();
        let own = format!("{who} ");
        let concerns = |ending: &Ending| {
            who.role() == Role::Admin || (ending.kind == EndingKind::Person && ending.subject.starts_with(&own))
        };
        let all = self.monitor.endings().await?.into_iter().filter(|e| concerns(e) && e.is_urgent(now));
        Ok(all.take(MOST as usize).map(|ending| of_ending(ending, now)).collect())
    }
}

fn of_ending(ending: Ending, now: Time) -> ActionItem {
    ActionItem {
        kind: ActionKind::Ending,
        summary: ending.words(now),
        organisation: ending.domain,
        subject: format!("{} {} {}", ending.name, ending.usage, ending.subject),
        version: None,
        fix: ending.fix,
        due_at: Some(ending.ends_at),
        since: Some(ending.act_from),
        gist: None,
        rest: None,
    }
}

fn has_approved(approvals: &[Approved], who: &SpiffeId) -> bool {
    approvals.iter().any(|approved| approved.by == *who)
}

/// What a partner asks for, without the text of its question.
fn asked(record: &RequestRecord) -> String {
    let decoded = wire::envelope::decode(&record.envelope).and_then(|e| wire::request::decode(&e.payload));
    // A purge has destroyed what it says.
    let Ok(request) = decoded else { return format!("{} asks for more of an assessment", record.partner) };
    let kinds: Vec<String> = request.kinds.iter().map(ToString::to_string).collect();
    let kinds = if kinds.is_empty() { "more".to_owned() } else { kinds.join(", ") };
    format!("{} asks for {kinds} of {} (version {})", record.partner, request.assessment, request.version)
}

/// What there is besides the duties of an originator that are listed. `all` includes those.
fn more_of(of: TrustDomain, number: u64, all: u64) -> Rest {
    let command = format!("assess list --from {of} --all-versions --sort acknowledge --limit {}", all.min(MOST_LISTED));
    Rest { number, of, command }
}

/// The beginning of an id, which is enough to name it.
fn short(id: &StatementId) -> String {
    id.to_string().chars().take(16).collect()
}

/// The number of entries in words.
fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}
