//! Agreements as files.

use super::*;
use crate::{
    domain::{
        agreement::{Agreement, Area},
        fault::Reason,
        ids::{AssessmentId, StatementId},
    },
    wire,
};

pub(super) fn first() -> Lineage {
    Lineage { series: AssessmentId([1; 16]), previous: None }
}

fn read(text: &str) -> Result<Agreement, DraftError> {
    parse_agreement(text, Format::Toml, first(), day())
}

#[test]
fn the_shipped_example_is_read_as_it_is_written() {
    let agreement = read(AGREEMENT).unwrap();
    assert_eq!(agreement.parties.clone().map(|p| p.to_string()), ["ecowas.example", "gb.example"]);
    assert_eq!((agreement.version, agreement.notice_days, agreement.groups[0].countries.len()), (1, 90, 12));
    let grant = &agreement.grants[0];
    assert_eq!((grant.delay_seconds, grant.retention_days, grant.max_tlp), (86_400, Some(1_825), Tlp::AmberStrict));
    assert_eq!(grant.places, ["M49:011".parse::<Area>().unwrap()]);
    assert_eq!(grant.onward.as_ref().unwrap().to[0].to_string(), "group:ecowas");
    assert_eq!(agreement.grants[1].min_level, Some(WarningLevel::Imminent));
    assert_eq!(agreement.duties.acknowledge[0].within_seconds, 21_600);
    assert!(agreement.duties.purge_on_recall && agreement.duties.approvals == 2);
}

#[test]
fn a_signed_form_and_a_written_form_read_back() {
    let agreement = read(AGREEMENT).unwrap();
    assert_eq!(read(&agreement_to_toml(&agreement)).unwrap(), agreement);
    assert_eq!(crate::wire::agreement::decode(&crate::wire::agreement::encode(&agreement)).unwrap(), agreement);
}

#[test]
fn the_next_version_counts_on_and_names_the_one_before() {
    let lineage = Lineage { previous: Some((1, StatementId([2; 32]))), ..first() };
    let next = parse_agreement(AGREEMENT, Format::Toml, lineage, day()).unwrap();
    assert_eq!((next.version, next.previous), (2, Some(StatementId([2; 32]))));
}

#[test]
fn the_template_parses_for_either_order_of_names() {
    for (own, partner) in [("gb.example", "ecowas.example"), ("a.example", "b.example")] {
        let text = agreement_template(&domain(own), &domain(partner), day()).unwrap();
        let agreement = read(&text).unwrap();
        assert_eq!((agreement.from, agreement.grants[0].from.as_str()), (day(), own));
        assert_eq!(agreement.until.to_string(), "2028-04-30");
        let spelled_out = text.replace("# from  =", "from =").replace("\"2 years\"", "\"2028-04-30\"");
        assert_eq!(read(&spelled_out).unwrap(), agreement, "the days in its comments are the same");
    }
    assert!(agreement_template(&domain("a.example"), &domain("a.example"), day()).is_err());
}

#[test]
fn faults_are_told_at_once_with_their_lines() {
    let text = AGREEMENT
        .replace("notice  = \"90 days\"", "notice  = \"3 months\"")
        .replace("delay    = \"24h\"", "delay    = 24")
        .replace("depth   = 1", "depht   = 1")
        .replace("\"ecowas-reports\"", "\"Ecowas reports\"");
    insta::assert_snapshot!(read(&text).unwrap_err().in_file("agreement.toml"));
}

#[test]
fn faults_between_the_fields_are_told_with_the_grant_s_line() {
    let text = AGREEMENT
        .replace("[groups.ecowas]", "[groups.cedeao]")
        .replace("\"gb-urgent\"", "\"gb-west-africa\"")
        .replace("from     = \"ecowas.example\"", "from     = \"fr.example\"");
    insta::assert_snapshot!(read(&text).unwrap_err().in_file("agreement.toml"));
}

#[test]
fn a_group_to_pass_on_to_is_spelled_out_in_what_is_signed_too() {
    let mut agreement = read(AGREEMENT).unwrap();
    agreement.grants[0].onward.as_mut().unwrap().to = vec!["group:elsewhere".parse().unwrap()];
    let fault = wire::agreement::decode(&wire::agreement::encode(&agreement)).unwrap_err();
    assert_eq!(fault.reason, Reason::UnknownOrNonCanonical);
    assert_eq!(fault.field.as_deref(), Some("grants[0].onward.to[0]"));
}

#[test]
fn an_agreement_has_bounds() {
    let grant = |n: usize| {
        format!(
            "[[grant]]\nid = \"g{n}\"\nfrom = \"a.example\"\nto = \"b.example\"\nplaces = [\"M49:001\"]\n\
             kinds = [\"headline\"]\nmax_tlp = \"GREEN\"\n"
        )
    };
    let text = |grants: usize| {
        let dates = "from = \"2026-01-01\"\nuntil = \"2026-12-31\"\n";
        let grants: String = (0..grants).map(grant).collect();
        format!("[agreement]\nparties = [\"a.example\", \"b.example\"]\n{dates}{grants}")
    };
    let most = read(&text(wire::list::MAX_PARTS)).unwrap();
    assert_eq!(wire::agreement::decode(&wire::agreement::encode(&most)).unwrap(), most);
    let told = read(&text(wire::list::MAX_PARTS + 1)).unwrap_err().to_string();
    assert!(told.contains("at most 64"), "{told}");
    let wordy = Agreement { purpose: "x".repeat(wire::agreement::MAX_BYTES), ..most };
    let refused = wire::agreement::decode(&wire::agreement::encode(&wordy)).unwrap_err();
    assert_eq!(refused.reason, Reason::StatementTooLarge);
}

#[test]
fn the_days_of_an_agreement_may_be_counted_from_its_first_day() {
    let of = |days: &str| {
        let text = AGREEMENT.replacen("until   = \"2 years\"", days, 1);
        assert_ne!(text, AGREEMENT);
        read(&text).map(|a| (a.from.to_string(), a.until.to_string())).map_err(|e| e.to_string())
    };
    let days = |from: &str, until: &str| Ok((from.to_owned(), until.to_owned()));
    assert_eq!(of("until = \"90 days\""), days("2026-05-01", "2026-07-30"));
    assert_eq!(of("until = \"0 days\""), days("2026-05-01", "2026-05-01"));
    assert_eq!(of("until = \"2027-12-31\""), days("2026-05-01", "2027-12-31"));
    assert_eq!(of("from = \"2026-01-01\"\nuntil = \"1y\""), days("2026-01-01", "2027-01-01"));
    for (wrong, told) in [
        ("until = \"2 months\"", "no fixed length"),
        ("until = \"36h\"", "whole days"),
        ("until = \"soon\"", "not a span of time"),
        ("until = \"2026-04-30\"", "ends before it begins"),
        ("from = \"soon\"\nuntil = \"1y\"", "not a day"),
        ("from = \"2026-05-02\"", "`until` is missing"),
    ] {
        let refused = of(wrong).unwrap_err();
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
}
