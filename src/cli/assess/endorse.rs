//! `watchfire assess endorse`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::groups;
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        decision::{self, Decision},
        id_prefix, output,
        show::OpenedAssessment,
        terminal,
    },
    domain::{
        assessment::Portion,
        body::Body,
        endorsement::{Endorsement, MAX_TEXT_BYTES},
        group::Group,
        lexicon::Lexicon,
        marking::{Audience, Caveat, GroupName, Marking, Onward, Tlp, Topic},
        statement::StatementKind,
        time::Clock,
    },
    draft,
    render::{self, Row, text::one_line},
    seal::{compose::endorsement, seen},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Endorses an assessment: signs a text about the version that is here, with the person's own key.
///
/// Who gets it is decided as for a portion of the kind `endorsement`: by grants that list this kind, and by its marking. It also goes back to
/// the assessment's author, if an agreement gives the author endorsements.
#[derive(Args)]
pub struct Endorse {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// The text
    #[arg(long, value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,
    /// A file with the text
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The TLP level, e.g. AMBER; default: that of the headline
    #[arg(long, value_name = "LEVEL")]
    tlp: Option<Tlp>,
    /// A domain or group that it is releasable to; may be given several times; default: as for the headline, and its author. A group has the states of the
    /// program's own list, except when the headline's recipients are used: then it has the headline's members
    #[arg(long, value_name = "WHO", value_parser = draft::audience_of)]
    releasable_to: Vec<Audience>,
    /// To whom its recipients may pass it on: none, within-organisation, or a domain or group; domains and groups may be given several times
    #[arg(long, value_name = "WHO", default_values_t = [String::from("none")])]
    onward: Vec<String>,
    /// A topic of the text; may be given several times; default: the topics of the headline
    #[arg(long, value_name = "TOPIC")]
    topic: Vec<Topic>,
    /// A caveat, e.g. ask-before-action; may be given several times
    #[arg(long, value_name = "CAVEAT")]
    caveat: Vec<Caveat>,
}

#[derive(Serialize)]
struct Endorsed {
    endorsement: String,
    assessment: String,
    version: u32,
    is_new: bool,
    decisions: Vec<Decision>,
}

impl Endorse {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let text = self.words()?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request =
            proto::GetAssessmentRequest { assessment_id: id.0.to_vec().into(), version: 0, quarantined: false };
        let held = OpenedAssessment::new(desk.assessments.get_assessment(request).await?.into_inner().assessment)?;
        if matches!(held.state.as_str(), "withdrawn" | "purged") {
            let what = "the assessment was recalled, so it can't be endorsed";
            return Err(CliError::new(Exit::Failed, "RECALLED", what));
        }
        let marking = self.marking(&held)?;
        groups::tell(global, "the endorsement says", &marking.groups);
        let portion = endorsement(marking, text)?;
        let encodings = held.portions.iter().map(wire::portion::encode);
        let seen = seen::marks(&held.manifest_id, encodings, held.manifest.digests.len());
        let row = Row {
            name: "endorsement".to_owned(),
            tlp: portion.marking.tlp,
            text: render::beginning(&portion, output::options().lexicon),
        };
        let endorsement = Endorsement {
            originator: held.manifest.originator.clone(),
            assessment: held.manifest.assessment,
            version: held.manifest.version,
            manifest: held.manifest_id,
            endorser: context.config.organisation.domain.clone(),
            endorsed_at: SystemClock.now(),
            portion,
            seen: seen.map_err(|e| CliError::files(e.to_string()))?,
        };
        if terminal::can_ask(global) {
            output::show(&shown(&endorsement, &held, output::options().lexicon));
        }
        output::ask(global, "Endorse it? This can't be unsent.", "nothing was endorsed")?;
        let key = context.signing_key()?;
        let payload = wire::endorsement::encode(&endorsement);
        // Checked by the same rules by which others will decode it.
        wire::endorsement::decode(&payload).map_err(|f| CliError::usage(f.to_string()))?;
        let envelope =
            key.statement(StatementKind::Endorsement, payload).map_err(|e| CliError::files(e.to_string()))?;
        let request = proto::EndorseAssessmentRequest { endorsement: Some(wire::envelope::to_proto(&envelope)) };
        let answer = desk.assessments.endorse_assessment(request).await?.into_inner();
        let endorsed = Endorsed {
            endorsement: hex::encode(&answer.endorsement_id),
            assessment: endorsement.assessment.to_string(),
            version: endorsement.version,
            is_new: answer.is_new,
            decisions: answer.decisions.into_iter().map(Decision::new).collect(),
        };
        output::result(global, &endorsed, || {
            let table = decision::table(std::slice::from_ref(&row), &endorsed.decisions);
            let who = decision::summary(&endorsed.decisions);
            format!("endorsed {} (version {})\n\n{who}\n\n{table}", endorsed.assessment, endorsed.version)
        });
        Ok(())
    }

    /// The text in the form of statements: composed, without a newline at the end.
    fn words(&self) -> Result<String, CliError> {
        let text = match (&self.text, &self.file) {
            (Some(text), _) => text.clone(),
            (None, Some(file)) => std::fs::read_to_string(file)
                .map_err(|e| CliError::files(format!("{} can't be read: {e}", file.display())))?,
            (None, None) => String::new(),
        };
        let text = draft_text(&text);
        if text.is_empty() || text.len() > MAX_TEXT_BYTES {
            return Err(CliError::usage(format!("an endorsement needs a text of at most {MAX_TEXT_BYTES} bytes")));
        }
        Ok(text)
    }

    /// A marking has one list for each name. A group that `--onward` names must not get the members of the headline's group of that name.
    fn require_own_groups(&self, marking: &Marking) -> Result<(), CliError> {
        let Onward::Named(names) = &marking.onward else { return Ok(()) };
        let is_theirs = |name: &&GroupName| marking.groups.iter().any(|group| group.name == **name);
        match names.iter().filter_map(Audience::group).find(is_theirs) {
            None => Ok(()),
            Some(name) => Err(CliError::usage(format!(
                "the headline is releasable to a `group:{name}` whose members its author has listed, so --onward can't use that name for another group; \
                 name the recipients with --releasable-to"
            ))),
        }
    }

    fn marking(&self, held: &OpenedAssessment) -> Result<Marking, CliError> {
        let headlines = held.portions.iter().filter(|p| matches!(p.body, Body::Headline { .. }));
        let headline: Option<&Portion> = headlines.max_by_key(|p| p.marking.tlp);
        let of_headline = |f: fn(&Marking) -> Vec<Audience>| headline.map(|p| f(&p.marking)).unwrap_or_default();
        let mut releasable_to = self.releasable_to.clone();
        if releasable_to.is_empty() {
            releasable_to = of_headline(|m| m.releasable_to.clone());
            // The author need not be named in its own marking. In another's marking it has to be.
            if !releasable_to.is_empty() {
                releasable_to.push(Audience::Organisation(held.manifest.originator.clone()));
            }
        }
        let mut topics = self.topic.clone();
        if topics.is_empty() {
            topics = headline.map(|p| p.marking.topics.clone()).unwrap_or_default();
        }
        let mut caveats = self.caveat.clone();
        topics.sort_unstable();
        topics.dedup();
        caveats.sort_unstable();
        caveats.dedup();
        let tlp = self.tlp.or(headline.map(|p| p.marking.tlp)).unwrap_or(Tlp::Red);
        if tlp == Tlp::Red && releasable_to.is_empty() {
            let what = "RED needs named recipients; name them with --releasable-to, or give a lower level with --tlp";
            return Err(CliError::usage(what));
        }
        let mut marking = Marking {
            tlp,
            releasable_to: draft::ascending(releasable_to),
            onward: draft::onward_of(&self.onward).map_err(|why| CliError::usage(format!("--onward: {why}")))?,
            topics,
            caveats,
            national: None,
            groups: vec![],
        };
        // If the headline's recipients are copied, its groups are copied too, because these are the organisations that may have the headline.
        // Groups in an option are the endorser's own.
        if self.releasable_to.is_empty() {
            let names: Vec<&GroupName> = marking.releasable_to.iter().filter_map(Audience::group).collect();
            let theirs = headline.into_iter().flat_map(|p| &p.marking.groups).filter(|g| names.contains(&&g.name));
            marking.groups = theirs.cloned().collect();
            self.require_own_groups(&marking)?;
        }
        let open: Vec<GroupName> = marking.unspelled().into_iter().cloned().collect();
        let day = SystemClock.now().day();
        let ours = open.iter().map(|name| draft::held_group(name, day)).collect::<Result<Vec<Group>, String>>();
        marking.spell_out(&ours.map_err(|why| CliError::usage(format!("{why}; name organisations")))?);
        Ok(marking)
    }
}

/// What would be signed, for people: about which assessment, the text, and to whom it may go.
fn shown(endorsement: &Endorsement, held: &OpenedAssessment, lexicon: &'static Lexicon) -> String {
    let Endorsement { portion, .. } = endorsement;
    let headline = held.portions.iter().find(|p| matches!(p.body, Body::Headline { .. }));
    let headline = headline.map(|p| format!("\n  {}", render::beginning(p, lexicon))).unwrap_or_default();
    let to: Vec<String> = portion.marking.releasable_to.iter().map(ToString::to_string).collect();
    let to = if to.is_empty() { String::new() } else { format!(", releasable to {}", to.join(", ")) };
    let text = match &portion.body {
        Body::Endorsement { text } => text.lines().map(one_line).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    format!(
        "{}, version {} of {}{headline}\nYou sign this text, under TLP:{}{to}:\n\n{text}\n",
        endorsement.assessment, endorsement.version, endorsement.originator, portion.marking.tlp
    )
}

/// A text in the form that statements have: composed, with newlines between lines, and trimmed.
pub(super) fn draft_text(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.replace("\r\n", "\n").trim().nfc().collect()
}
