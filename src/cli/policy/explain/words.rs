//! The explanation for people: a matrix for all partners, or sentences for one.

use super::{
    explanation::{Explanation, Released, Step},
    label::PortionLabel,
};
use crate::{
    cli::{
        decision::{Decision, PortionDecision},
        output,
        quarantine::reason_in_words,
    },
    render::{
        self, Clauses, Options,
        text::{one_line, wrap},
    },
};

impl Explanation {
    /// The explanation for people. With `one`, it is about a single partner.
    pub fn words(&self, one: bool) -> String {
        let page = Page { explained: self, options: output::options(), out: String::new() };
        let is_decided = !(self.then.is_empty() && self.now.is_empty());
        match one {
            true if is_decided || !self.is_received() => page.received().one(),
            false if is_decided || !self.is_received() => page.received().all(),
            _ => page.received().end(),
        }
    }
}

struct Page<'a> {
    explained: &'a Explanation,
    options: Options,
    out: String,
}

impl<'a> Page<'a> {
    fn put(&mut self, text: &str, indent: &str) {
        for line in wrap(&one_line(text), self.options.width, indent) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    /// A line under a heading. The text of a list item is indented under its dash.
    fn item(&mut self, line: &str) {
        let Some(words) = line.strip_prefix("- ") else { return self.put(line, "  ") };
        for (i, line) in wrap(&one_line(words), self.options.width, "    ").iter().enumerate() {
            let line = if i == 0 { format!("  - {}", line.trim_start()) } else { line.clone() };
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Chooses the words for an assessment that was published here, or for one that came from another organisation.
    fn either(&self, published: &'static str, came: &'static str) -> &'static str {
        if self.explained.is_received() { came } else { published }
    }

    fn title(&mut self) {
        let Explanation { assessment, version, originator, since, .. } = self.explained;
        let what = self.either("published", "here since");
        self.put(&format!("assessment {assessment}, version {version}, of {originator}, {what} {since}"), "");
        self.blank();
    }

    fn end(self) -> String {
        self.out.trim_end().to_owned()
    }

    /// The title, and the releases by which it came.
    fn received(mut self) -> Self {
        self.title();
        for arrived in &self.explained.arrived {
            for line in arrived.words() {
                let indent = if line.starts_with(' ') { "  " } else { "" };
                self.put(line.trim_start(), indent);
            }
            self.blank();
        }
        self
    }

    fn all(mut self) -> String {
        let Explanation { then, now, asked, since, .. } = self.explained;
        let differing: Vec<Decision> = now.iter().filter(|n| !then.iter().any(|t| self.same(t, n))).cloned().collect();
        let mut clauses = Clauses::default();
        if then.is_empty() && now.is_empty() {
            self.put("There are no partners yet, so nobody gets it.", "");
            return self.end();
        }
        if then.is_empty() {
            let none = self.either(
                "When it was published there were no active partners.",
                "When it came, nothing was decided about passing it on.",
            );
            self.put(none, "");
            self.blank();
        } else {
            let same = if differing.is_empty() { ", and the same now" } else { "" };
            let when = self.either("at publication", "when it came");
            self.put(&format!("As decided {when}, {since}{same}:"), "");
            self.blank();
            self.matrix(then, &mut clauses);
        }
        if !differing.is_empty() {
            let others = if differing.len() < now.len() { ", where it differs" } else { "" };
            self.put(&format!("As it would be decided now, {asked}{others}:"), "");
            self.blank();
            self.matrix(&differing, &mut clauses);
        }
        for (partner, why) in now.iter().flat_map(|d| d.because.iter().map(|why| (&d.partner, why))) {
            self.put(&format!("{partner}: {why}"), "");
            self.blank();
        }
        let columns: Vec<_> = then.iter().chain(&differing).map(Decision::column).collect();
        self.out.push_str(&format!("{}\n\n{}\n", render::legend(&columns, &self.options), clauses.text(&self.options)));
        self.released();
        let hint = "What would have to change for one partner: add `--partner DOMAIN`.";
        self.put(hint, "");
        self.end()
    }

    fn matrix(&mut self, decisions: &[Decision], clauses: &mut Clauses) {
        let columns: Vec<_> = decisions.iter().map(Decision::column).collect();
        let text = render::matrix(&self.explained.rows(), &columns, clauses, &self.options);
        self.out.push_str(&text);
        self.blank();
    }

    /// Whether both decisions are the same. A delay that has ended since then makes no difference.
    fn same(&self, then: &Decision, now: &Decision) -> bool {
        then.partner == now.partner
            && then.portions.len() == now.portions.len()
            && then.portions.iter().zip(&now.portions).all(|(t, n)| self.same_portion(t, n))
    }

    fn same_portion(&self, then: &PortionDecision, now: &PortionDecision) -> bool {
        // The times are RFC 3339 in UTC with whole seconds, so their order is the order of their texts.
        let due = then.not_before.as_ref().is_some_and(|t| *t <= self.explained.asked) && now.not_before.is_none();
        then.goes() == now.goes() && then.because == now.because && (then.not_before == now.not_before || due)
    }

    fn released(&mut self) {
        let Explanation { released, portions, .. } = self.explained;
        if released.is_empty() {
            self.put("Nothing was released so far.", "");
        } else {
            self.put("Released so far:", "");
        }
        for r in released {
            let what = match r.sequence {
                Some(_) => format!("{} of {} portions", r.portions.len(), portions.len()),
                None => String::new(),
            };
            self.put(&format!("{}: {}", r.partner, release_words(r, &what)), "  ");
        }
        self.blank();
    }

    fn one(mut self) -> String {
        let Explanation { then, now, released, .. } = self.explained;
        let (then, now) = (then.first(), now.first());
        let Some(name) = now.or(then).map(|d| d.partner.clone()) else { return self.end() };
        self.put(&format!("{name} {}.", self.in_short(&name, now)), "");
        for why in now.iter().flat_map(|d| &d.because) {
            self.put(why, "  ");
        }
        for r in released {
            let what = self.explained.names(&r.portions).join(", ");
            self.put(&release_words(r, &what), "  ");
        }
        for (labels, words) in self.grouped(then, now) {
            self.blank();
            self.heading(&labels);
            for line in &words {
                self.item(line);
            }
        }
        if then.is_none() {
            self.blank();
            let none = self.either(
                "At publication nothing was decided for it, because it was not an active partner.",
                "When it came nothing was decided for it: it was not an active partner, or nothing could be passed on.",
            );
            self.put(none, "");
        }
        self.end()
    }

    /// How much the partner gets, and how much it was given if that differs.
    fn in_short(&self, name: &str, now: Option<&Decision>) -> String {
        let (all, given) = (self.explained.portions.len(), self.explained.given(name));
        let Some(now) = now else {
            return match given {
                0 => "is not a partner".to_owned(),
                given => format!("is no longer a partner; it was given {given} of {all} portions"),
            };
        };
        let gets = now.portions.iter().filter(|p| p.goes()).count();
        // A release may be decided and sent, and still be in the partner's quarantine.
        if now.unread.is_some() {
            return format!("is sent {gets} of {all} portions, and its users can't read what it was sent last");
        }
        match (given, gets) {
            (0, _) => format!("gets {gets} of {all} portions"),
            (given, gets) if given == gets => format!("gets {gets} of {all} portions"),
            (given, _) => {
                format!("was given {given} of {all} portions; as it would be decided now it would get {gets}")
            }
        }
    }

    /// The portions, grouped by what there is to say about them.
    fn grouped(&self, then: Option<&Decision>, now: Option<&Decision>) -> Vec<(Vec<&'a PortionLabel>, Vec<String>)> {
        let mut groups: Vec<(Vec<&'a PortionLabel>, Vec<String>)> = Vec::new();
        for (place, label) in self.explained.portions.iter().enumerate() {
            let of = |d: Option<&Decision>| d.and_then(|d| d.portions.get(place)).cloned();
            let words = self.portion(label, of(then).as_ref(), of(now).as_ref());
            match groups.iter_mut().find(|(_, said)| *said == words) {
                Some((labels, _)) => labels.push(label),
                None => groups.push((vec![label], words)),
            }
        }
        groups
    }

    /// One portion with how it begins, or several by name.
    fn heading(&mut self, labels: &[&PortionLabel]) {
        if let [label] = labels {
            let text = if label.text.is_empty() { String::new() } else { format!("  {}", label.text) };
            let head = format!("{} ({}){text}", label.name, label.tlp);
            self.put(&render::text::shortened(&one_line(&head), self.options.width), "");
        } else {
            let names: Vec<&str> = labels.iter().map(|l| l.name.as_str()).collect();
            self.put(&names.join(", "), "");
        }
    }

    /// What there is to say about a portion, line by line. Lines that begin with a dash form a list.
    fn portion(
        &self,
        label: &PortionLabel,
        then: Option<&PortionDecision>,
        now: Option<&PortionDecision>,
    ) -> Vec<String> {
        let mut lines: Vec<String> = now.map(verdict).into_iter().collect();
        let same = then.zip(now).is_some_and(|(then, now)| self.same_portion(then, now));
        if let Some(then) = then.filter(|_| !same) {
            lines.push(format!("{}: {}", self.either("At publication", "When it came"), verdict(then)));
        }
        let remedy = self.explained.remedies.iter().find(|r| r.handle == label.handle);
        let (remarks, changes): (Vec<&Step>, Vec<&Step>) =
            remedy.iter().flat_map(|r| &r.changes).partition(|s| s.kind == "none");
        if !changes.is_empty() {
            lines.push("What would have to change:".to_owned());
            lines.extend(changes.iter().map(|s| format!("- {}", s.words)));
        }
        lines.extend(remarks.iter().map(|s| {
            let mut letters = s.words.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }));
        lines
    }
}

fn verdict(decision: &PortionDecision) -> String {
    if !decision.is_decided() {
        return "Nothing was decided about it, because it was not here yet".to_owned();
    }
    let because: Vec<&str> = decision.because.iter().map(|b| render::tidy(b)).collect();
    let because = because.join("; ");
    match (&decision.not_before, decision.goes()) {
        (Some(from), true) => format!("Gets it from {from} on: {because}"),
        (None, true) => format!("Gets it: {because}"),
        (_, false) => format!("Withheld: {because}"),
    }
}

/// One release, or the portions that were dropped.
fn release_words(r: &Released, what: &str) -> String {
    let Some(number) = r.sequence else {
        return format!("nothing was released on {}, when it was due: {}", r.at, r.dropped.join("; "));
    };
    let state = match (&r.voided, r.acknowledged) {
        (Some(at), _) => format!("replaced by a void on {at}, before the partner had acknowledged it"),
        (None, true) => "acknowledged".to_owned(),
        (None, false) => "not acknowledged yet".to_owned(),
    };
    let kept =
        r.kept_from_users.as_deref().map(|reason| format!("; KEPT FROM USERS THERE, {}", reason_in_words(reason)));
    format!("number {number} on {}: {what}; {state}{}", r.at, kept.unwrap_or_default())
}
