//! The explanation for people: the matrix for all partners, full words for one.

use super::answer::{Explained, Label, Released};
use crate::{
    cli::{
        decision::{Decision, PortionDecision},
        output,
    },
    render::{
        self, Clauses, Options,
        text::{one_line, wrap},
    },
};

impl Explained {
    /// For people; `one` partner was asked for.
    pub fn words(&self, one: bool) -> String {
        let page = Page { explained: self, options: output::options(), out: String::new() };
        if !self.arrived.is_empty() {
            page.received()
        } else if one {
            page.one()
        } else {
            page.all()
        }
    }
}

struct Page<'a> {
    explained: &'a Explained,
    options: Options,
    out: String,
}

impl Page<'_> {
    fn put(&mut self, text: &str, indent: &str) {
        for line in wrap(&one_line(text), self.options.width, indent) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    fn title(&mut self, what: &str) {
        let Explained { assessment, version, originator, since, .. } = self.explained;
        self.put(&format!("assessment {assessment}, version {version}, of {originator}, {what} {since}"), "");
        self.blank();
    }

    fn end(self) -> String {
        self.out.trim_end().to_owned()
    }

    fn received(mut self) -> String {
        self.title("here since");
        for arrived in &self.explained.arrived {
            for line in arrived.words() {
                let indent = if line.starts_with(' ') { "  " } else { "" };
                self.put(line.trim_start(), indent);
            }
            self.blank();
        }
        self.end()
    }

    fn all(mut self) -> String {
        self.title("published");
        let Explained { then, now, asked, since, .. } = self.explained;
        let differing: Vec<Decision> = now.iter().filter(|n| !then.iter().any(|t| self.same(t, n))).cloned().collect();
        let mut clauses = Clauses::default();
        if then.is_empty() && now.is_empty() {
            self.put("There are no partners yet, so nobody gets it.", "");
            return self.end();
        }
        if then.is_empty() {
            self.put("When it was published there were no active partners.", "");
            self.blank();
        } else {
            let same = if differing.is_empty() { ", and the same now" } else { "" };
            self.put(&format!("As decided at publication, {since}{same}:"), "");
            self.blank();
            self.matrix(then, &mut clauses);
        }
        if !differing.is_empty() {
            let others = if differing.len() < now.len() { ", where it differs" } else { "" };
            self.put(&format!("As it would be decided now, {asked}{others}:"), "");
            self.blank();
            self.matrix(&differing, &mut clauses);
        }
        self.out.push_str(&format!("{}\n\n{}\n", render::legend(), clauses.text(&self.options)));
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

    /// Whether the same is decided still. What was delayed then and has come due is the same.
    fn same(&self, then: &Decision, now: &Decision) -> bool {
        then.partner == now.partner
            && then.portions.len() == now.portions.len()
            && then.portions.iter().zip(&now.portions).all(|(t, n)| self.same_portion(t, n))
    }

    fn same_portion(&self, then: &PortionDecision, now: &PortionDecision) -> bool {
        // RFC 3339 in UTC with whole seconds: the order of the texts is that of the times.
        let due = then.not_before.as_ref().is_some_and(|t| *t <= self.explained.asked) && now.not_before.is_none();
        then.goes() == now.goes() && then.because == now.because && (then.not_before == now.not_before || due)
    }

    fn released(&mut self) {
        let Explained { released, portions, .. } = self.explained;
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
            self.put(&format!("{}: {}", r.partner, told(r, &what)), "  ");
        }
        self.blank();
    }

    fn one(mut self) -> String {
        self.title("published");
        let Explained { then, now, portions, released, .. } = self.explained;
        let (then, now) = (then.first(), now.first());
        let Some(name) = now.or(then).map(|d| d.partner.clone()) else { return self.end() };
        let gets = now.map_or(0, |d| d.portions.iter().filter(|p| p.goes()).count());
        let so_far = if now.is_none() {
            "is no partner any more".to_owned()
        } else {
            format!("gets {gets} of {} portions", portions.len())
        };
        self.put(&format!("{name} {so_far}."), "");
        for r in released {
            let what = self.explained.names(&r.portions).join(", ");
            self.put(&told(r, &what), "  ");
        }
        for (place, label) in portions.iter().enumerate() {
            self.blank();
            self.portion(label, then.and_then(|d| d.portions.get(place)), now.and_then(|d| d.portions.get(place)));
        }
        if then.is_none() {
            self.blank();
            self.put("At publication nothing was decided for it: it was no active partner then.", "");
        }
        self.end()
    }

    fn portion(&mut self, label: &Label, then: Option<&PortionDecision>, now: Option<&PortionDecision>) {
        let text = if label.text.is_empty() { String::new() } else { format!("  {}", label.text) };
        let head = format!("{} ({}){text}", label.name, label.tlp);
        self.put(&render::text::shortened(&one_line(&head), self.options.width), "");
        if let Some(now) = now {
            self.put(&verdict(now), "  ");
        }
        if let Some(then) = then {
            match now {
                Some(now) if self.same_portion(then, now) => {}
                _ => self.put(&format!("At publication: {}", verdict(then)), "  "),
            }
        }
        let remedy = self.explained.remedies.iter().find(|r| r.handle == label.handle);
        let Some(remedy) = remedy else { return };
        if remedy.possible && remedy.changes.iter().any(|s| s.kind != "none") {
            self.put("What would have to change:", "  ");
        }
        for step in &remedy.changes {
            let lines = wrap(&one_line(&step.words), self.options.width, "    ");
            for (i, line) in lines.iter().enumerate() {
                let line = if i == 0 { format!("  - {}", line.trim_start()) } else { line.clone() };
                self.out.push_str(&format!("{line}\n"));
            }
        }
    }
}

fn verdict(decision: &PortionDecision) -> String {
    let because = decision.because.join("; ");
    match (&decision.not_before, decision.goes()) {
        (Some(from), true) => format!("Gets it from {from} on: {because}"),
        (None, true) => format!("Gets it: {because}"),
        (_, false) => format!("Withheld: {because}"),
    }
}

/// One release, or what was dropped.
fn told(r: &Released, what: &str) -> String {
    let Some(number) = r.sequence else {
        return format!("nothing on {}, when it was due: {}", r.at, r.dropped.join("; "));
    };
    let state = match (&r.voided, r.acknowledged) {
        (Some(at), _) => format!("taken back on {at} before the partner had acknowledged it"),
        (None, true) => "acknowledged".to_owned(),
        (None, false) => "not acknowledged yet".to_owned(),
    };
    format!("number {number} on {}: {what}; {state}", r.at)
}
