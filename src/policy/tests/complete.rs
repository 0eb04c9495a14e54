//! Completing sets and orders, against brute force.

use super::*;

#[test]
fn one_signature_too_many_can_unsatisfy() {
    // the gate is content with one, takes two when there are two, and leaves none for `A.member`
    let text = "AND(OutOf(0, AND('A.admin', 'A.peer')), 'A.member')";
    let (manager, id) = one(&parse_policy(text).unwrap());
    assert!(accepts(&manager, id, &people(&["A.admin"])));
    assert!(!accepts(&manager, id, &people(&["A.admin", "A.peer"])));
    assert_eq!(
        chosen(&manager, &[id], &people(&["A.admin", "A.peer"]))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        smallest(&manager, id, &people(&["A.admin", "A.peer"])),
        [Vec::<String>::new()]
    );
}

#[test]
fn small_completing_sets() {
    type Names<'n> = &'n [&'n str];
    let cases: &[(&str, &str, Names<'_>, &[Names<'_>])] = &[
        (
            "one of two",
            "OR('A.admin', 'B.admin')",
            &[],
            &[&["A.admin"], &["B.admin"]],
        ),
        (
            "the other",
            "AND('A.admin', 'B.admin')",
            &["A.admin"],
            &[&["B.admin"]],
        ),
        (
            "the wrong role",
            "AND('A.admin')",
            &["A.peer"],
            &[&["A.admin"]],
        ),
        (
            "two of three",
            "OutOf(2, 'A.admin', 'B.admin', 'C.admin')",
            &["B.admin"],
            &[&["A.admin"], &["C.admin"]],
        ),
        (
            "the cheaper branch only",
            "OR(AND('A.admin', 'B.admin', 'C.admin'), AND('A.admin', 'D.admin'))",
            &["B.admin", "C.admin"],
            &[&["A.admin"]],
        ),
        (
            "a second one",
            "AND('A.member', 'A.member')",
            &["A.peer"],
            &[&["A.member"]],
        ),
        (
            "only the order is wrong",
            "AND('A.member', 'A.admin')",
            &["A.admin", "A.peer"],
            &[&[]],
        ),
        ("nobody can", "OutOf(2, 'A.member')", &["A.peer"], &[]),
        (
            "greed costs one more",
            "AND(OR('A.member', 'A.member'), 'A.member')",
            &["A.peer"],
            &[&["A.member", "A.member"]],
        ),
    ];
    for (name, text, signers, want) in cases {
        let (manager, id) = one(&parse_policy(text).unwrap());
        assert_eq!(smallest(&manager, id, &people(signers)), *want, "{name}");
    }
}

#[test]
fn a_newcomer_serves_in_several_sub_policies() {
    let admins = |orgs: &[&'static str]| {
        let org = |msp_id: &&'static str| {
            Model::Signature(Tree::Gate(1, vec![Tree::Principal(msp_id, Role::Admin)]))
        };
        Model::Meta(2, orgs.iter().map(org).collect())
    };
    let model = Model::Meta(1, vec![admins(&["A", "B", "C"]), admins(&["B", "C", "D"])]);
    let (manager, id) = model.manager();
    assert_eq!(smallest(&manager, id, &[]), [["B.admin", "C.admin"]]);
    let have = people(&["D.admin"]);
    assert_eq!(
        smallest(&manager, id, &have),
        [
            ["A.admin", "B.admin"],
            ["A.admin", "C.admin"],
            ["B.admin", "C.admin"]
        ]
    );
    let members = Model::Signature(Tree::Principal("A", Role::Member));
    let model = Model::Meta(
        1,
        vec![members, Model::Signature(Tree::Principal("A", Role::Admin))],
    );
    let (manager, id) = model.manager();
    assert_eq!(smallest(&manager, id, &[]), [["A.admin"]]);
}

#[test]
fn needs_are_told_in_words() {
    let org = |msp_id: &'static str, count: usize| {
        let admins = vec![Tree::Principal(msp_id, Role::Admin); count];
        Model::Signature(Tree::Gate(i32::try_from(count).unwrap(), admins))
    };
    let all = |parts: Vec<Tree>| Tree::Gate(i32::try_from(parts.len()).unwrap(), parts);
    let admin = |msp_id: &'static str| Tree::Principal(msp_id, Role::Admin);
    let rule = |n: i32, parts: Vec<Tree>| Model::Signature(Tree::Gate(n, parts));
    let orgs = |ids: &[&'static str]| ids.iter().map(|id| org(id, 1)).collect::<Vec<_>>();
    let cases: Vec<(Model, &[&'static str], &str)> = vec![
        (
            Model::Meta(2, orgs(&["A", "B", "C", "D"])),
            &["A.admin"],
            "two more of `B`, `C`, `D`",
        ),
        (
            Model::Meta(1, orgs(&["A", "B", "C"])),
            &[],
            "`A`, `B` and `C`",
        ),
        (
            Model::Meta(0, orgs(&["A", "B"])),
            &[],
            "one more of `A`, `B`",
        ),
        (org("A", 1), &[], "`A`"),
        (org("A", 2), &[], "two signers of `A`"),
        (org("A", 2), &["A.admin"], "another signer of `A`"),
        (org("A", 3), &["A.admin"], "two more signers of `A`"),
        (
            Model::Meta(2, vec![org("A", 1), org("B", 2), org("C", 2)]),
            &["A.admin"],
            "two signers of `B`, or two signers of `C`",
        ),
        (
            rule(
                2,
                vec![admin("A"), Tree::Gate(1, vec![admin("B"), admin("C")])],
            ),
            &[],
            "`A` and `B`, or `A` and `C`",
        ),
        (
            rule(
                1,
                vec![
                    all(vec![admin("A"), admin("B")]),
                    all(vec![admin("C"), admin("D")]),
                ],
            ),
            &[],
            "`A` and `B`, or `C` and `D`",
        ),
        (
            rule(
                1,
                vec![
                    all(vec![admin("A"), admin("B")]),
                    all(vec![admin("C"), admin("D")]),
                    all(vec![admin("E"), admin("F")]),
                    all(vec![admin("G"), admin("H")]),
                    all(vec![admin("I"), admin("J")]),
                ],
            ),
            &[],
            "`A` and `B`, or `C` and `D`, or `E` and `F`, or one of 2 other sets",
        ),
        (
            rule(2, vec![admin("A")]),
            &[],
            "nobody is known who could complete it",
        ),
        (
            Model::Meta(
                2,
                orgs(&["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"]),
            ),
            &[],
            "six more of `A`, `B`, `C`, `D`, `E`, 6 others",
        ),
    ];
    for (model, present, expected) in cases {
        let (manager, id) = model.manager();
        let present = people(present);
        let cast = Cast::new(
            &manager,
            &[id],
            &mut People::new(&manager, &present),
            |_| true,
        );
        let solved = solve(&cast, &[id], &mut Budget::new(2_000_000));
        let outlook = outlook(&cast, id, &solved);
        assert_eq!(outlook.needs.as_deref(), Some(expected), "{model:?}");
    }
}

#[test]
fn a_majority_of_many_is_found_at_once() {
    let msps: Vec<&'static str> = (0..1_000).map(|i| &*format!("Org{i:04}").leak()).collect();
    let org = |msp_id: &&'static str| {
        Model::Signature(Tree::Gate(1, vec![Tree::Principal(msp_id, Role::Admin)]))
    };
    let (manager, id) = Model::Meta(2, msps.iter().map(org).collect()).manager();
    let some: Vec<Person> = msps
        .iter()
        .skip(600)
        .map(|msp_id| Person {
            msp_id,
            role: Role::Admin,
        })
        .collect();
    let cast = Cast::new(&manager, &[id], &mut People::new(&manager, &some), |_| true);
    let mut budget = Budget::new(2_000_000);
    let solved = solve(&cast, &[id], &mut budget);
    let sets = smallest_sets(&cast, &[id], &solved[&id], &mut budget);
    assert_eq!(sets.len(), MAX_WAYS);
    assert!(
        sets.iter().all(|set| set.len() == 101),
        "{:?}",
        sets.iter().map(Vec::len).collect::<Vec<_>>()
    );
    assert_eq!(
        solved[&id].newcomers.len(),
        600,
        "each of the others may be among them"
    );
    let all: Vec<Person> = msps
        .iter()
        .map(|msp_id| Person {
            msp_id,
            role: Role::Admin,
        })
        .collect();
    assert_eq!(chosen(&manager, &[id], &all).unwrap().len(), 501);
}

#[test]
fn many_signatures_of_one_organisation() {
    let rules = vec![Tree::Principal("A", Role::Member); 30];
    let (manager, id) = one(&Tree::Gate(30, rules).envelope());
    let have = vec![person("A.peer"); 28];
    assert_eq!(smallest(&manager, id, &have), [["A.member", "A.member"]]);
    assert_eq!(chosen(&manager, &[id], &have), None);
}

/// Whether some order of some of these people satisfies all models.
fn some_order(
    models: &[Model],
    people: &[Person],
    order: &mut Vec<Person>,
    free: &mut Vec<bool>,
) -> bool {
    if models.iter().all(|model| model.holds(order)) {
        return true;
    }
    for i in 0..people.len() {
        if !free[i] || (0..i).any(|j| free[j] && people[j] == people[i]) {
            continue;
        }
        free[i] = false;
        order.push(people[i].clone());
        if some_order(models, people, order, free) {
            return true;
        }
        order.pop();
        free[i] = true;
    }
    false
}

fn can_hold(models: &[Model], people: &[Person]) -> bool {
    some_order(
        models,
        people,
        &mut Vec::new(),
        &mut vec![true; people.len()],
    )
}

/// A newcomer of one of the principals that a policy names.
fn newcomer(name: &str) -> Person {
    let (msp_id, role) = name.split_once('.').unwrap();
    let msp_id = MSPS.into_iter().find(|m| *m == msp_id).unwrap();
    let role = match role {
        "admin" => Role::Admin,
        "peer" => Role::Peer,
        _ => Role::Member,
    };
    Person { msp_id, role }
}

/// Whoever one set is enough for finds as much as from all of them.
fn outlook_is_of_all_sets(
    manager: &PolicyManager,
    id: PolicyId,
    people: &[Person],
) -> Result<(), TestCaseError> {
    let cast = Cast::new(manager, &[id], &mut People::new(manager, people), |_| true);
    let solved = solve(&cast, &[id], &mut Budget::new(10_000_000));
    let budget = || Budget::new(10_000_000);
    let sets = smallest_sets(&cast, &[id], &solved[&id], &mut budget());
    let principals = helpful(&sets, &solved[&id]).into_iter();
    let msps: BTreeSet<_> = principals
        .filter_map(|id| cast.principal(id)?.msp_id())
        .collect();
    let outlook = outlook(&cast, id, &solved);
    // an outlook takes less time than all sets do: where that was not enough, it knows of nobody
    let mut effort = Budget::new(STEPS);
    let _ = some_sets(&cast, &[id], &solved[&id], &mut effort);
    if effort.is_spent() {
        prop_assert!(!outlook.completable || !sets.is_empty());
        return Ok(());
    }
    prop_assert_eq!(outlook.completable, !sets.is_empty());
    let named = needs(&cast, &solved[&id], &sets, &msps);
    prop_assert_eq!(outlook.needs, Some(named));
    prop_assert_eq!(outlook.missing.iter().collect::<BTreeSet<_>>(), msps);
    Ok(())
}

/// Sub policies enough for more ways than are kept, counted twice over.
fn large_model() -> impl Strategy<Value = Model> {
    let subs = || {
        let sub = tree().prop_map(Model::Signature);
        (0..4i32, prop::collection::vec(sub, 0..8)).prop_map(|(rule, subs)| Model::Meta(rule, subs))
    };
    let above = (0..3i32, prop::collection::vec(subs(), 1..4))
        .prop_map(|(rule, subs)| Model::Meta(rule, subs));
    prop_oneof![model(), subs(), above]
}

/// All multisets of `size` of these names.
fn multisets(names: &[String], size: usize) -> Vec<Vec<String>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut out = Vec::new();
    for (i, name) in names.iter().enumerate() {
        for mut rest in multisets(&names[i..], size - 1) {
            rest.insert(0, name.clone());
            out.push(rest);
        }
    }
    out
}

/// Whether newcomers for `strong` could stand in for those of `weak`, one for one.
fn covers(strong: &[String], weak: &[String]) -> bool {
    let Some((first, rest)) = weak.split_first() else {
        return true;
    };
    (0..strong.len()).any(|i| {
        let (msp_id, role) = first.split_once('.').unwrap();
        let fits = strong[i] == *first
            || (role == "member" && strong[i].starts_with(&format!("{msp_id}.")));
        let mut others = strong.to_vec();
        others.remove(i);
        fits && covers(&others, rest)
    })
}

/// The policies of some models, a group each.
fn managed(models: &[Model]) -> (PolicyManager, Vec<PolicyId>) {
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    for (i, model) in models.iter().enumerate() {
        model.build(&mut builder, Some(root), &format!("M{i}"));
    }
    let manager = builder.finish().unwrap();
    let id = |i| manager.absolute(&format!("M{i}/P")).unwrap();
    let ids = (0..models.len()).map(id).collect();
    (manager, ids)
}

proptest! {
    #![proptest_config(crate::cases::cases(400))]

    #[test]
    fn chooses_an_order_whenever_there_is_one(models in prop::collection::vec(model(), 1..3), people in persons(5)) {
        let (manager, ids) = managed(&models);
        let order = chosen(&manager, &ids, &people);
        prop_assert_eq!(order.is_some(), can_hold(&models, &people));
        if let Some(order) = order {
            let unique: BTreeSet<_> = order.iter().collect();
            prop_assert_eq!(unique.len(), order.len());
            let order: Vec<Person> = order.iter().map(|i| people[*i].clone()).collect();
            prop_assert!(models.iter().all(|model| model.holds(&order)));
        }
    }

    #[test]
    fn finds_the_smallest_completing_sets(model in model(), people in persons(2)) {
        let (manager, id) = model.manager();
        if model.holds(&people) {
            return Ok(());
        }
        let names: Vec<String> = manager.principals(id).iter().map(ToString::to_string).collect();
        let names: Vec<String> = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let models = [model];
        let completes = |set: &Vec<String>| {
            let mut all = people.clone();
            all.extend(set.iter().map(|name| newcomer(name)));
            can_hold(&models, &all)
        };
        let ours = smallest(&manager, id, &people);
        outlook_is_of_all_sets(&manager, id, &people)?;
        let theirs = (0..4).map(|size| {
            multisets(&names, size).into_iter().filter(|set| completes(set)).collect::<Vec<_>>()
        });
        match theirs.into_iter().find(|sets| !sets.is_empty()) {
            None => prop_assert!(ours.iter().all(|set| set.len() >= 4)),
            Some(theirs) => {
                prop_assert!(!ours.is_empty(), "found none of {:?}", theirs);
                for set in &ours {
                    prop_assert!(theirs.contains(set), "{:?} is not one of {:?}", set, theirs);
                }
                for set in &theirs {
                    let ours_too = ours.len() >= MAX_WAYS || ours.iter().any(|weak| covers(set, weak));
                    prop_assert!(ours_too, "{:?} is not among {:?}", set, ours);
                }
            }
        }
    }

    #[test]
    fn what_an_order_could_satisfy_could_pass(model in model(), people in persons(2), from in 0..3usize) {
        let (manager, id) = model.manager();
        let from = &MSPS[..from];
        let may_come = |msp_id: Option<&MspId>| msp_id.is_some_and(|id| from.contains(&id.as_str()));
        let cast = Cast::new(&manager, &[id], &mut People::new(&manager, &people), may_come);
        let could = choose::could_pass(&cast, &[id]);
        let names = manager.principals(id).into_iter().filter(|p| may_come(p.msp_id()));
        let names: Vec<String> = names.map(|p| p.to_string()).collect();
        let models = [model];
        let can = (0..4).flat_map(|size| multisets(&names, size)).any(|set| {
            let new = set.iter().map(|name| newcomer(name));
            can_hold(&models, &people.iter().cloned().chain(new).collect::<Vec<_>>())
        });
        prop_assert!(could || !can);
    }
}

proptest! {
    #![proptest_config(crate::cases::cases(60))]

    #[test]
    fn an_outlook_is_what_all_smallest_sets_come_to(model in large_model(), people in persons(4)) {
        let (manager, id) = model.manager();
        outlook_is_of_all_sets(&manager, id, &people)?;
    }

    #[test]
    fn what_is_out_of_reach_is_never_chosen(models in prop::collection::vec(large_model(), 1..3), people in persons(4)) {
        let (manager, ids) = managed(&models);
        let within_reach = choose::within_reach(&manager, &ids, &mut People::new(&manager, &people));
        prop_assert!(within_reach || chosen(&manager, &ids, &people).is_none());
    }
}

#[test]
fn without_an_organisation_it_cannot_pass() {
    let text = "OutOf(2, 'A.admin', 'B.admin', 'C.admin')";
    let (manager, id) = one(&parse_policy(text).unwrap());
    let could = |have: &[&'static str], from: &[&str]| {
        let people = people(have);
        let may_come =
            |msp_id: Option<&MspId>| msp_id.is_some_and(|id| from.contains(&id.as_str()));
        let cast = Cast::new(
            &manager,
            &[id],
            &mut People::new(&manager, &people),
            may_come,
        );
        choose::could_pass(&cast, &[id])
    };
    assert!(could(&[], &["A", "B"]));
    assert!(!could(&[], &["A"]));
    assert!(could(&["B.admin"], &["A"]));
    assert!(
        !could(&["A.admin"], &["A"]),
        "one rule asks for A only once"
    );
    assert!(!could(&["B.peer"], &["A"]));
    assert!(could(&["B.admin", "C.admin"], &[]));
}

/// Root counts Section's policy, which decides too: whichever is asked for first.
#[test]
fn a_policy_may_decide_and_be_counted_by_another() {
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    let section = builder.group(Some(root), "Section");
    let member = builder.group(Some(section), "Member");
    builder
        .policy(root, "Admins", 3, &meta("Admins", 2))
        .unwrap();
    builder
        .policy(section, "Admins", 3, &meta("Admins", 2))
        .unwrap();
    let admin = parse_policy("OR('A.admin')").unwrap();
    builder.policy(member, "Admins", 1, &admin).unwrap();
    let manager = builder.finish().unwrap();
    let id = |path: &str| manager.absolute(path).unwrap();
    let (outer, inner) = (id("/Channel/Admins"), id("/Channel/Section/Admins"));
    for ids in [[outer, inner], [inner, outer]] {
        let order = manager.reachable(&ids);
        let place = |id| order.iter().position(|other| *other == id).unwrap();
        assert!(place(outer) < place(inner), "{ids:?}");
        assert_eq!(order.len(), 3);
        let nobody = people(&[]);
        let cast = Cast::new(&manager, &ids, &mut People::new(&manager, &nobody), |_| {
            true
        });
        assert!(choose::could_pass(&cast, &ids), "{ids:?}");
        assert_eq!(
            chosen(&manager, &ids, &people(&["A.admin"])),
            Some(vec![0]),
            "{ids:?}"
        );
    }
}

#[test]
fn picks_that_do_not_exist_are_passed_over() {
    let (manager, id) = one(&parse_policy("OR('A.member')").unwrap());
    let people = people(&["A.peer"]);
    let cast = Cast::new(&manager, &[id], &mut People::new(&manager, &people), |_| {
        true
    });
    let picks = [
        Pick::Present(7),
        Pick::Present(0),
        Pick::Present(0),
        Pick::New(PrincipalId(0)),
    ];
    assert_eq!(cast.positions(&picks), [0]);
    assert!(
        !cast.satisfies(&[id], &picks, &mut Budget::new(0)),
        "no budget"
    );
}
