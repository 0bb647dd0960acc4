//! The members of the groups in a draft's markings.

use super::*;

fn draft(groups: &str) -> Result<crate::domain::draft::Draft, DraftError> {
    let text = EXAMPLE.split("\n# The members of a group").next().unwrap();
    parse(&format!("{text}\n{groups}"), Format::Toml, day())
}

fn refused(groups: &str) -> String {
    draft(groups).unwrap_err().to_string()
}

#[test]
fn a_marking_has_the_groups_that_it_names() {
    let members = "as_of = \"2026-01-01\"\ncountries = [\"GH\", \"BJ\"]\norganisations = [\"ecowas.example\"]";
    let spelled = draft(&format!("[groups.ecowas]\n{members}")).unwrap();
    let groups = &spelled.portions[1].marking.groups;
    assert_eq!((groups.len(), groups[0].as_of.to_string().as_str()), (1, "2026-01-01"));
    assert_eq!(groups[0].countries.iter().map(|c| c.code()).collect::<Vec<_>>(), ["BJ", "GH"]);
    assert!(spelled.portions[0].marking.groups.is_empty(), "it names none");
    let left_open = refused("");
    assert!(
        left_open.contains("nothing says who is in `group:ecowas`; write a table `[groups.ecowas]`"),
        "{left_open}"
    );
    assert!(left_open.contains("portion[1].marking"), "{left_open}");
}

#[test]
fn a_group_without_members_is_the_one_that_is_known_as_of_that_day() {
    let of = |day: &str| {
        draft(&format!("[groups.ecowas]\nas_of = \"{day}\"")).unwrap().portions[1].marking.groups[0].clone()
    };
    assert_eq!((of("2025-01-28").countries.len(), of("2026-05-01").countries.len()), (15, 12));
    assert_eq!(of("2026-05-01").as_of.to_string(), "2026-05-01");
    let alone = "[groups.ecowas]\nas_of = \"2026-05-01\"\norganisations = [\"ecowas.example\"]";
    assert!(
        refused(alone).contains("`organisations` alone leaves out the 12 states of our list"),
        "{}",
        refused(alone)
    );
    let of_none = draft(&format!("{alone}\ncountries = []")).unwrap().portions[1].marking.groups[0].clone();
    assert_eq!((of_none.countries.len(), of_none.organisations.len()), (0, 1));
    let nobody = "[groups.ecowas]\nas_of = \"2026-05-01\"\ncountries = []";
    assert!(refused(nobody).contains("the group has no members"));
    let unheard = "[groups.ecowas]\nas_of = \"1975-01-01\"";
    assert!(refused(unheard).contains("write `countries`, `organisations` or both (no list of `ecowas` is as old"));
}

#[test]
fn a_misspelt_group_is_told_with_what_was_meant() {
    let text = "[groups.ecwas]\nas_of = \"2026-01-01\"\ncountries = [\"GH\"]";
    assert!(refused(text).contains("nothing says who is in `group:ecowas`"), "{}", refused(text));
    let fault = |name: &str| {
        let text = EXAMPLE.replace("onward = [\"ecowas\"]", &format!("onward = [\"{name}\"]"));
        parse(&text, Format::Toml, day()).unwrap_err().to_string()
    };
    assert!(fault("ecowsa").contains("did you mean `ecowas`?"), "{}", fault("ecowsa"));
    assert!(fault("the-four").contains("with `as_of` and its members, or a whole domain for an organisation"));
}

#[test]
fn a_group_in_a_word_is_the_list_that_is_held() {
    let day = "2026-05-01".parse().unwrap();
    let group = held_group(&"ecowas".parse().unwrap(), day).unwrap();
    assert_eq!((group.countries.len(), group.as_of.to_string().as_str()), (12, "2025-01-29"));
    assert!(
        held_group(&"watch".parse().unwrap(), day)
            .unwrap_err()
            .starts_with("`watch` is not a group whose list we hold")
    );
}

#[test]
fn a_word_that_stands_for_itself_is_no_group() {
    let read = |words: &[&str]| onward_of(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(read(&["none"]), Ok(Onward::None));
    assert_eq!(read(&["within-organisation"]), Ok(Onward::WithinOrganisation));
    let ecowas = Audience::Group("ecowas".parse().unwrap());
    assert_eq!(read(&["ecowas", "group:ecowas"]), Ok(Onward::Named(vec![ecowas])));
    assert_eq!(
        read(&["within-organization"]).unwrap_err(),
        "`within-organization` is not a group; did you mean `within-organisation`?"
    );
    assert_eq!(
        read(&["none", "ecowas"]).unwrap_err(),
        "`none` can't be combined with others; leave out either it or the others"
    );
    assert!(read(&[]).is_err());
    let marked = |marking: &str| EXAMPLE.replacen("marking = { tlp = \"GREEN\", onward = [\"ecowas\"] }", marking, 1);
    for (marking, told) in [
        ("marking = { tlp = \"GREEN\", onward = [\"ecowas\", \"none\"] }", "`none` can't be combined"),
        ("marking = { tlp = \"GREEN\", onward = [\"ecowas\"], releasable_to = [] }", "an empty list names nobody"),
    ] {
        let text = marked(marking);
        assert_ne!(text, EXAMPLE);
        let fault = parse(&text, Format::Toml, day()).unwrap_err().to_string();
        assert!(fault.contains(told), "{fault}");
    }
}
