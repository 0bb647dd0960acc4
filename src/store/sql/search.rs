//! Searches. A version is looked at by its row and its summary; only what is found is read further.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    arrival::VersionRow,
    assessments::{self, PAGE, PAGE_BYTES, listed},
    damages::{DamageRegistry, readable},
    driver::Driver,
    extracts::{Made, Reading, SUMMARY, TITLE, summary_of},
    manifests, peers, personal,
    query::{END, NEXT, Queries, params, query_all, query_optional},
    store::SqlStore,
    value::{SqlRow, ToValue, count, id, text},
    words,
};
use crate::{
    domain::ids::{AssessmentId, StatementId, TrustDomain},
    store::{
        AssessmentPage, AssessmentState, ListFilter, Result, StoreError,
        damage::Damage,
        search::{NewestChanges, SearchStore, VersionFilter, VersionSummary},
        summary,
        vault::{ContentKey, Vault},
    },
};

/// How many versions are looked at for a page.
const LOOKED_AT: u32 = 4096;
/// How many bytes of summaries are read for a page.
const READ_BYTES: usize = 4 << 20;

macro_rules! candidates {
    ($rest:expr) => {
        concat!(
            "SELECT m.number, m.id, a.id, m.version, o.domain, m.state, a.wrapped FROM manifest m \
             JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = m.originator WHERE ",
            $rest
        )
    };
}

/// A version by its manifest's id, if the reader's list may have it.
const LISTED: &str = candidates!("m.id = ?1 AND (m.state <> 'quarantined' OR ?2)");

/// A version that may be wanted.
struct SearchCandidate {
    number: i64,
    manifest_id: StatementId,
    assessment: AssessmentId,
    version: u32,
    originator: TrustDomain,
    state: AssessmentState,
    /// The assessment's key; `None` after a purge.
    wrapped: Option<Vec<u8>>,
}

fn candidate(row: &SqlRow<'_>) -> Result<SearchCandidate> {
    Ok(SearchCandidate {
        number: row.get(0)?,
        manifest_id: id(row, 1)?,
        assessment: id(row, 2)?,
        version: row.get(3)?,
        originator: text(row, 4)?,
        state: text(row, 5)?,
        wrapped: row.get(6)?,
    })
}

impl SearchCandidate {
    fn key(&self, vault: &Vault) -> Result<ContentKey> {
        assessments::key_of(vault, &self.assessment, &self.originator, self.wrapped.clone())
    }

    /// Whether it has all these words, as far as this reader may read it.
    fn has_words(
        &self,
        (conn, vault): (&dyn Queries, &Vault),
        wanted: &[String],
        all: bool,
        reading: &mut Reading,
    ) -> Result<bool> {
        if wanted.is_empty() {
            return Ok(true);
        }
        let version = VersionRow { number: self.number, manifest_id: &self.manifest_id };
        words::has(conn, vault, || self.key(vault), (version, wanted, all), reading)
    }

    /// Its summary, as far as this reader may read it.
    fn summary(&self, conn: &dyn Queries, vault: &Vault, all: bool, reading: &mut Reading) -> Result<VersionSummary> {
        let Self { number, manifest_id, state, .. } = *self;
        let found = match assessments::is_closed(state, all) {
            true => None,
            false => {
                let row = VersionRow { number, manifest_id: &manifest_id };
                summary_of(conn, || self.key(vault), row, all, reading)?
            }
        };
        let (life, portions) = match found {
            Some(found) => (found.life, Some(found.portions)),
            None => {
                let manifest = manifest_of(conn, number)?;
                reading.bytes += manifest.len();
                let torn = || StoreError::Damaged(Damage::Version(manifest_id));
                (summary::life_of(&manifest).ok_or_else(torn)?, None)
            }
        };
        Ok(VersionSummary { manifest_id, state, life, portions })
    }
}

fn manifest_of(conn: &dyn Queries, number: i64) -> Result<Vec<u8>> {
    let found = query_optional(conn, "SELECT envelope FROM manifest WHERE number = ?1", params![number], |r| r.get(0))?;
    found.ok_or(StoreError::Damaged(Damage::Row))
}

/// A search that reads one page.
struct Search<'a> {
    conn: &'a dyn Queries,
    vault: &'a Vault,
    filter: &'a ListFilter,
    wanted: &'a VersionFilter,
    damages: &'a DamageRegistry,
    page: AssessmentPage,
    bytes: usize,
    reading: Reading,
    titles: Vec<Made>,
}

impl Search<'_> {
    fn run(&mut self) -> Result<()> {
        if self.wanted.words.is_empty() || !words::is_whole(self.conn)? {
            self.look_at_all()
        } else {
            self.look_by_words()
        }
    }

    /// The number of the originator that is wanted, if there is one. The outer `None`: nothing of it is here.
    fn originator(&self) -> Result<Option<Option<i64>>> {
        match self.filter.originator.as_ref().map(|name| peers::find(self.conn, name)).transpose()? {
            Some(None) => Ok(None),
            found => Ok(Some(found.flatten())),
        }
    }

    /// Walks over the index of words, and looks at the versions that have all words somewhere.
    fn look_by_words(&mut self) -> Result<()> {
        const ONE: &str = candidates!(concat!(listed!(), " AND m.number = ?3 AND (?4 IS NULL OR m.originator = ?4)"));
        let (conn, vault, filter, wanted) = (self.conn, self.vault, self.filter, self.wanted);
        let Some(originator) = self.originator()? else { return Ok(()) };
        let before = filter.before.map(|id| manifests::find(conn, &id)).transpose()?;
        // The version before which the page begins is not here.
        if before == Some(None) {
            return Ok(());
        }
        self.page.next = words::walk(conn, vault, (&wanted.words, filter.quarantined), before.flatten(), |number| {
            let values = params![filter.quarantined, filter.current_only, number, originator];
            conn.query(ONE, values, &mut |row| {
                self.look(row)?;
                NEXT
            })?;
            Ok(!self.is_full())
        })?;
        Ok(())
    }

    fn look_at_all(&mut self) -> Result<()> {
        const ALL: &str = candidates!(concat!(listed!(), " AND m.number < ?4 ORDER BY m.number DESC LIMIT ?3"));
        const OF_ONE: &str =
            candidates!(concat!(listed!(), " AND m.originator = ?5 AND m.number < ?4 ORDER BY m.number DESC LIMIT ?3"));
        let (conn, filter) = (self.conn, self.filter);
        let Some(originator) = self.originator()? else { return Ok(()) };
        let Some(before) = filter.before.map_or(Ok(Some(i64::MAX)), |id| manifests::find(conn, &id))? else {
            return Ok(());
        };
        let mut values: Vec<&dyn ToValue> = vec![&filter.quarantined, &filter.current_only, &LOOKED_AT, &before];
        values.extend(originator.as_ref().map(|o| o as &dyn ToValue));
        let (mut looked_at, mut last, mut is_full) = (0, None, false);
        conn.query(if originator.is_some() { OF_ONE } else { ALL }, &values, &mut |row| {
            is_full = self.is_full();
            if is_full {
                return END;
            }
            looked_at += 1;
            last = id(row, 1).ok().or(last);
            self.look(row)?;
            NEXT
        })?;
        self.page.next = last.filter(|_| is_full || looked_at == LOOKED_AT);
        Ok(())
    }

    fn is_full(&self) -> bool {
        let limit = if self.filter.limit == 0 { PAGE } else { self.filter.limit };
        let found = self.page.records.len() + self.page.damaged.len();
        found >= usize::try_from(limit).unwrap_or(usize::MAX)
            || self.bytes >= PAGE_BYTES
            || self.reading.bytes >= READ_BYTES
    }

    /// Looks at one version, and adds it to the page if it is wanted.
    fn look(&mut self, row: &SqlRow<'_>) -> Result<()> {
        let (mut name, mut damage) = (None, Damage::Row);
        let outcome = candidate(row).and_then(|candidate| {
            name = Some((candidate.assessment, candidate.version));
            damage = Damage::Version(candidate.manifest_id);
            self.add(&candidate)
        });
        match outcome {
            Err(StoreError::Damaged(_)) => {
                self.damages.note(damage);
                self.page.damaged.push(name);
                Ok(())
            }
            other => other,
        }
    }

    fn add(&mut self, candidate: &SearchCandidate) -> Result<()> {
        let (conn, vault, all) = (self.conn, self.vault, self.filter.quarantined);
        if self.wanted.needs_portions() && assessments::is_closed(candidate.state, all) {
            return Ok(());
        }
        if let Some(who) = &self.wanted.unread_by
            && (assessments::is_closed(candidate.state, false)
                || personal::has_read(conn, vault, who, candidate.number)?)
        {
            return Ok(());
        }
        let found = candidate.summary(conn, vault, all, &mut self.reading)?;
        if self.wanted.wants(found.state, &found.life, found.portions.as_deref())
            && candidate.has_words((conn, vault), &self.wanted.words, all, &mut self.reading)?
        {
            let before = self.titles.len();
            let record = assessments::titled_of(conn, vault, candidate.number, all, &mut self.titles)?;
            self.bytes += record.bytes() + self.titles.iter().skip(before).map(|made| made.bytes).sum::<usize>();
            self.page.records.push(record);
        }
        Ok(())
    }
}

#[async_trait]
impl<D: Driver> SearchStore for SqlStore<D> {
    async fn search(&self, filter: &ListFilter, wanted: &VersionFilter) -> Result<AssessmentPage> {
        let (filter, wanted, damages) = (filter.clone(), wanted.clone(), Arc::clone(self.damages()));
        let (page, reading, titles) = self
            .read_sealed(move |conn, vault| {
                let (filter, wanted, damages) = (&filter, &wanted, &*damages);
                let mut search = Search {
                    conn,
                    vault,
                    filter,
                    wanted,
                    damages,
                    page: AssessmentPage::default(),
                    bytes: 0,
                    reading: Reading::default(),
                    titles: vec![],
                };
                search.run()?;
                Ok((search.page, search.reading, search.titles))
            })
            .await?;
        TITLE.keep_made(self, titles).await;
        SUMMARY.keep_made(self, reading.made).await;
        Ok(page)
    }

    async fn summaries(&self, manifest_ids: &[StatementId], quarantined: bool) -> Result<Vec<VersionSummary>> {
        let (ids, damages) = (manifest_ids.to_vec(), Arc::clone(self.damages()));
        let (found, reading) = self
            .read_sealed(move |conn, vault| {
                let mut reading = Reading::default();
                let mut one = |id: &StatementId| {
                    let found = query_optional(conn, LISTED, params![id.as_bytes(), quarantined], candidate)?;
                    found.map(|candidate| candidate.summary(conn, vault, quarantined, &mut reading)).transpose()
                };
                let found = readable(ids.iter().filter_map(|id| one(id).transpose()), &damages)?;
                Ok((found, reading))
            })
            .await?;
        SUMMARY.keep_made(self, reading.made).await;
        Ok(found)
    }

    async fn manifests_between(
        &self,
        first: &AssessmentId,
        last: &AssessmentId,
        limit: u32,
    ) -> Result<Vec<StatementId>> {
        const SQL: &str = "SELECT m.id FROM assessment a JOIN manifest m ON m.assessment = a.number \
            WHERE a.id BETWEEN ?1 AND ?2 ORDER BY a.id, m.version, m.number LIMIT ?3";
        let (first, last) = (*first, *last);
        let read = move |r: &SqlRow<'_>| id(r, 0);
        self.read(move |conn| query_all(conn, SQL, params![first.as_bytes(), last.as_bytes(), limit], read)).await
    }

    async fn having_words(
        &self,
        manifest_ids: &[StatementId],
        words: &[String],
        quarantined: bool,
    ) -> Result<Vec<StatementId>> {
        let (ids, wanted, damages) = (manifest_ids.to_vec(), words.to_vec(), Arc::clone(self.damages()));
        self.read_sealed(move |conn, vault| {
            let mut reading = Reading::default();
            let mut one = |id: &StatementId| {
                let Some(found) = query_optional(conn, LISTED, params![id.as_bytes(), quarantined], candidate)? else {
                    return Ok(None);
                };
                let has = !assessments::is_closed(found.state, quarantined)
                    && found.has_words((conn, vault), &wanted, quarantined, &mut reading)?;
                Ok(has.then_some(*id))
            };
            readable(ids.iter().filter_map(|id| one(id).transpose()), &damages)
        })
        .await
    }

    async fn prepare_word_index(&self, is_kept: bool) -> Result<()> {
        words::prepare(self, is_kept).await
    }

    async fn has_word_index(&self) -> Result<bool> {
        Ok(self.keeps_words() && self.read(words::is_whole).await?)
    }

    async fn newest_changes(&self) -> Result<NewestChanges> {
        const ARRIVAL: &str = "SELECT coalesce(max(number), 0) FROM received";
        const RECALL: &str = "SELECT newest FROM turn WHERE of = 'recall'";
        const REQUEST: &str = "SELECT coalesce(max(turn), 0) FROM request";
        self.read(|conn| {
            let newest =
                |sql| Ok::<_, StoreError>(query_optional(conn, sql, params![], |r| count(r, 0))?.unwrap_or_default());
            Ok(NewestChanges { arrival: newest(ARRIVAL)?, recall: newest(RECALL)?, request: newest(REQUEST)? })
        })
        .await
    }
}
