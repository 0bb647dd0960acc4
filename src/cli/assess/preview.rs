//! `watchfire assess preview`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{
    before::version_before,
    compose::unsigned,
    composed_file::ComposedFile,
    left_behind::LeftBehind,
    repeated::Repeated,
    source::{OpenSource, Source, Written},
    traces,
};
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        decision::{Decision, when},
        output,
        show::OpenedAssessment,
    },
    domain::{ids::TrustDomain, language::Language, lexicon::Lexicon},
    identity::files::read_chain,
    render::{self, AssessmentText, Options, text::wrap},
    wire::proto,
};

/// Shows the exact text that each partner would read, before anything is signed. Nothing is sent, and nothing is recorded.
#[derive(Args)]
pub struct Preview {
    #[command(flatten)]
    source: Source,
    /// A file of `watchfire assess compose`: its id and time of issue are those that partners will read
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "file_option", "draft"])]
    composed: Option<PathBuf>,
    /// Only what this partner would read
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    partner: Option<TrustDomain>,
    /// It would be the next version of this assessment
    #[arg(long, value_name = "ASSESSMENT", conflicts_with = "composed", add = complete::assessments())]
    corrects: Option<String>,
    /// The readers' lexicon of likelihood words
    #[arg(long, value_name = "LEXICON", default_value = output::LEXICON, env = "WATCHFIRE_LEXICON")]
    lexicon: String,
    /// The language that the readers see first, e.g. fr, if there are translations
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
}

/// What partners would read.
#[derive(Serialize)]
struct Previewed {
    readers: Vec<Readers>,
    nothing: Vec<Nothing>,
    decisions: Vec<Decision>,
    left_behind: Vec<LeftBehind>,
    /// The warnings that would have to be accepted.
    warnings: Vec<&'static str>,
    /// What only an officer may accept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Repeated>,
}

#[derive(Serialize)]
struct Readers {
    partners: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    /// From when on they read it; absent: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// What `assess show` prints there.
    text: String,
}

#[derive(Serialize)]
struct Nothing {
    partner: String,
    because: Vec<String>,
}

/// How readers see an assessment.
pub(super) struct Sight<'a> {
    pub language: Option<&'a Language>,
    pub options: Options,
}

impl Preview {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let lexicon = Lexicon::by_id(&self.lexicon).map_err(CliError::usage)?;
        let (composed, warnings, context, mut desk) = match &self.composed {
            Some(file) => {
                let composed = ComposedFile::read(file)?;
                let context = Context::load(global, WRITERS)?;
                let desk = context.connect().await?;
                (composed, vec![], context, desk)
            }
            None => {
                let refuse = |written: &Written| written.refuse_errors(global, "nothing can be shown yet");
                let OpenSource { written, context, mut desk } = self.source.open(global, refuse).await?;
                traces::tell(global, &written.draft, written.files(&context))?;
                let before = match &self.corrects {
                    Some(id) => Some(version_before(&context, &mut desk, id).await?),
                    None => None,
                };
                let composed = ComposedFile::new(unsigned(&context, &written, before.as_ref())?);
                (composed, written.warnings(), context, desk)
            }
        };
        let request = proto::PreviewAssessmentRequest {
            partner: self.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
            ..of_all_partners(&context, &composed)?
        };
        let portions = request.portions.clone();
        let answer = desk.drafts.preview_assessment(request).await?.into_inner();
        let sight = Sight { language: self.language.as_ref(), options: Options { lexicon, ..output::options() } };
        let previewed = previewed(answer, &portions, &sight, warnings)?;
        self.remark(global, &previewed);
        output::result(global, &previewed, || self.words(&previewed));
        Ok(())
    }

    /// What is to be known beside the texts.
    fn remark(&self, global: &Global, previewed: &Previewed) {
        previewed.findings.iter().for_each(|finding| output::note(global, &finding.to_string()));
        if self.composed.is_none() {
            output::note(
                global,
                "nothing is signed or sent; the time of issue, and an expiry that counts from it, are set when you publish or compose it",
            );
        }
        if !previewed.warnings.is_empty() {
            let accept: Vec<String> = previewed.warnings.iter().map(|code| format!("--accept {code}")).collect();
            output::note(global, &format!("to publish it, correct the warnings or accept them: {}", accept.join(" ")));
        }
    }

    fn words(&self, previewed: &Previewed) -> String {
        let Previewed { readers, nothing, .. } = previewed;
        if readers.is_empty() && nothing.is_empty() {
            return "nobody gets it: there are no partners yet".to_owned();
        }
        // Of one partner, the text alone, so that it can be compared.
        if let (Some(_), [Readers { steps, .. }]) = (&self.partner, readers.as_slice())
            && let [Step { from: None, text }] = steps.as_slice()
        {
            return text.clone();
        }
        let mut parts: Vec<String> = readers.iter().flat_map(Readers::parts).collect();
        if !nothing.is_empty() {
            let each: Vec<String> = nothing.iter().map(Nothing::words).collect();
            parts.push(format!("{}\n{}", ruled("get nothing"), each.join("\n")));
        }
        parts.join("\n\n")
    }
}

impl Readers {
    fn parts(&self) -> impl Iterator<Item = String> {
        let verb = if self.partners.len() == 1 { "reads" } else { "read" };
        self.steps.iter().map(move |Step { from, text }| {
            let from = from.as_ref().map_or_else(|| "at once".to_owned(), |from| format!("from {from} on"));
            let (who, others) = self.named();
            format!("{}\n{others}{text}", ruled(&format!("{who} {verb} {from}")))
        })
    }

    /// The partners in one line, and a paragraph that names those for whom the line has no room.
    fn named(&self) -> (String, String) {
        match self.partners.as_slice() {
            [first, second, others @ ..] if others.len() > 1 => {
                let columns = output::options().columns();
                let names = wrap(&format!("the others: {}", others.join(", ")), columns, "").join("\n");
                (format!("{first}, {second} and {} others", others.len()), format!("{names}\n\n"))
            }
            all => (all.join(", "), String::new()),
        }
    }
}

impl Nothing {
    fn words(&self) -> String {
        let because: Vec<String> = self.because.iter().map(|reason| format!("\n  {}", render::tidy(reason))).collect();
        format!("{}:{}", self.partner, because.concat())
    }
}

/// A line that stands out above a text.
fn ruled(words: &str) -> String {
    let rule = "=".repeat(output::options().columns().saturating_sub(words.chars().count() + 4));
    format!("== {words} {rule}")
}

/// The request for what all partners would read.
pub(super) fn of_all_partners(
    context: &Context,
    composed: &ComposedFile,
) -> Result<proto::PreviewAssessmentRequest, CliError> {
    Ok(proto::PreviewAssessmentRequest {
        manifest: composed.envelope.payload.clone().into(),
        portions: composed.portions.iter().map(|p| p.clone().into()).collect(),
        certificates: certificates(context, composed)?.into_iter().map(Into::into).collect(),
        partner: String::new(),
    })
}

/// The certificates of the key that has signed or would sign.
fn certificates(context: &Context, composed: &ComposedFile) -> Result<Vec<Vec<u8>>, CliError> {
    match composed.envelope.signatures.first() {
        Some(signature) => Ok(signature.certificates.clone()),
        None => {
            let chain = read_chain(&context.person.signing()).map_err(|e| CliError::files(e.to_string()))?;
            Ok(chain.iter().map(|der| der.to_vec()).collect())
        }
    }
}

/// Renders the node's answer as `assess show` renders what a partner's node answers.
fn previewed(
    answer: proto::PreviewAssessmentResponse,
    portions: &[prost::bytes::Bytes],
    sight: &Sight<'_>,
    warnings: Vec<&'static str>,
) -> Result<Previewed, CliError> {
    let proto::PreviewAssessmentResponse { readers, nothing, decisions, view, left_behind, findings } = answer;
    let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
    let step = |step: proto::PreviewStep| {
        let place = |place: &u32| portions.get(usize::try_from(*place).ok()?).cloned();
        let portions = step.portions.iter().filter_map(place).collect();
        let text = partner_text(proto::AssessmentView { portions, ..view.clone() }, sight)?;
        Ok::<_, CliError>(Step { from: when(step.from), text })
    };
    let readers = readers.into_iter().map(|readers| {
        let steps = readers.steps.into_iter().map(step).collect::<Result<_, CliError>>()?;
        Ok::<_, CliError>(Readers { partners: readers.partners, steps })
    });
    let nothing = nothing.into_iter().map(|n| Nothing { partner: n.partner, because: n.because });
    Ok(Previewed {
        readers: readers.collect::<Result<_, _>>()?,
        nothing: nothing.collect(),
        decisions: decisions.into_iter().map(Decision::new).collect(),
        left_behind: left_behind.into_iter().map(LeftBehind::new).collect(),
        warnings,
        findings: findings.into_iter().map(Repeated::new).collect(),
    })
}

/// The text that `assess show` prints at a partner whose node answers with this view. What a partner holds came by a release, which the view of a
/// preview does not have yet.
pub(super) fn partner_text(view: proto::AssessmentView, sight: &Sight<'_>) -> Result<String, CliError> {
    let held = OpenedAssessment::new(Some(view))?;
    let text = AssessmentText { is_own: false, language: sight.language, ..held.view() };
    Ok(render::assessment(&text, &sight.options).trim_end().to_owned())
}
