//! The draft of an assessment.

use super::{
    DraftError, Format,
    body::{self, SharedFields},
    fields::{At, Faults, Fields},
    groups,
    marking::{self, Written},
    tree, unfilled,
};
use crate::domain::{
    draft::{Draft, DraftPortion, Expiry},
    level::WarningLevel,
    marking::Topic,
    time::{Day, spoken},
};

/// Reads the draft of an assessment. Days such as `in 90 days` count from `today`.
///
/// # Errors
/// All faults of the file at once.
pub fn parse(text: &str, format: Format, today: Day) -> Result<Draft, DraftError> {
    let node = tree::read(text, format)?;
    let faults = Faults::default();
    let draft = draft(At { node: &node, line: node.line, path: "", faults: &faults, today });
    // The lint reports what is left to be filled in, but it does not run on what can't be read.
    if !faults.is_empty() {
        unfilled::report(&node, &faults);
    }
    faults.finish(draft)
}

fn draft(at: At<'_>) -> Option<Draft> {
    let fields = at.fields()?;
    let header = fields.must("assessment", "write a table `[assessment]` with `level` and `expires`", header);
    let default = fields.maybe("default", default).unwrap_or_default();
    // Portions are read even if the header is faulty, so that all faults are reported. The placeholder never leaves this function.
    let stand_in = Header { topics: vec![], expires: None, exercise: false, shared: SharedFields::default() };
    let told = header.as_ref().unwrap_or(&stand_in);
    let help = "write at least a `[[portion]]` of kind `headline` and one of kind `subject`";
    let mut portions = fields.must("portion", help, |at| at.each(|at| portion(at, &default, told)));
    spell_out(&fields, portions.as_deref_mut().unwrap_or_default());
    fields.refuse_others();
    let Header { topics, expires, exercise, shared } = header?;
    Some(Draft {
        topics,
        level: shared.level?,
        expires: expires?,
        exercise,
        addressed_to: shared.addressed_to,
        portions: portions?,
    })
}

/// Puts the members of groups into the markings that name them. They are signed with the portion, so the draft has to list them.
fn spell_out(fields: &Fields<'_>, portions: &mut [DraftPortion]) {
    let groups = fields.maybe("groups", groups::read);
    // Faults in the table itself were reported already.
    let is_wrong = groups.is_none() && fields.has("groups");
    let groups = groups.unwrap_or_default();
    for (i, portion) in portions.iter_mut().enumerate() {
        portion.marking.spell_out(&groups);
        for name in portion.marking.unspelled().into_iter().filter(|_| !is_wrong) {
            let path = format!("portion[{i}].marking");
            fields.table().faults.note::<()>(portion.line, path, groups::not_spelled_out(name, &groups));
        }
    }
}

struct Header {
    topics: Vec<Topic>,
    expires: Option<Expiry>,
    exercise: bool,
    shared: SharedFields,
}

fn header(at: At<'_>) -> Option<Header> {
    let fields = at.fields()?;
    let header = Header {
        topics: fields.maybe("topics", marking::set).unwrap_or_default(),
        expires: fields.must(
            "expires",
            "write how long it holds, e.g. `expires = \"90 days\"`, or the last day",
            expires,
        ),
        exercise: fields.maybe("exercise", |at| at.boolean()).unwrap_or(false),
        shared: SharedFields {
            level: fields.must("level", "write 1 (watch) to 5 (ongoing)", level),
            addressed_to: fields.maybe("addressed_to", |at| at.each(|at| at.parsed())).unwrap_or_default(),
        },
    };
    fields.refuse_others();
    Some(header)
}

/// A level from 1 to 5.
pub(super) fn level(at: At<'_>) -> Option<WarningLevel> {
    WarningLevel::try_from(at.integer::<u8>()?).map_or_else(|e| at.refuse(e), Some)
}

/// A span of time from the issue on, the end of a day, or a time.
fn expires(at: At<'_>) -> Option<Expiry> {
    let text = at.plain()?;
    match text.contains('T') {
        _ if spoken::is_span(text) => at.seconds_ahead().map(Expiry::After),
        true => at.parsed().map(Expiry::At),
        false => at.parsed::<Day>().map(|day| Expiry::At(day.end())),
    }
}

fn default(at: At<'_>) -> Option<Written> {
    let fields = at.fields()?;
    let written = fields.maybe("marking", marking::read);
    fields.refuse_others();
    written
}

fn portion(at: At<'_>, default: &Written, header: &Header) -> Option<DraftPortion> {
    let fields = at.fields()?;
    let key = fields.maybe("key", |at| at.line());
    let marking = written_marking(&fields, default);
    let language = fields.maybe("language", |at| at.parsed());
    let translates_key = fields.maybe("translates", |at| at.line());
    let help = "write one of headline, subject, judgement, forecast, evidence and so on";
    let kind = fields.must("kind", help, |at| at.parsed())?;
    let read = body::read(kind, &fields, &header.shared);
    fields.refuse_others();
    let (body, rests_on_keys, file) = read?;
    let marking = marking?.marking(&header.topics);
    Some(DraftPortion { key, marking, body, rests_on_keys, language, translates_key, file, line: at.line })
}

fn written_marking(fields: &Fields<'_>, default: &Written) -> Option<Written> {
    let own = if fields.has("marking") {
        fields.maybe("marking", marking::read)?
    } else {
        fields.maybe("marking", marking::read).unwrap_or_default()
    };
    let written = own.or(default);
    if written.has_level() {
        Some(written)
    } else {
        fields
            .table()
            .refuse("the portion has no marking; write `marking = { tlp = \"AMBER\" }`, or `[default.marking]`")
    }
}
