//! What is near a name that is not there.

/// So many names are offered in the place of one that is not there.
const OFFERED: usize = 5;

/// The names that are nearest to one that is not there: by the last parts of both, then by the whole.
#[must_use]
pub(in crate::client) fn nearest(given: &str, names: Vec<String>) -> Vec<String> {
    let wanted = given.to_lowercase();
    let wanted = wanted.trim_end_matches('/');
    let last = last_part(wanted);
    // a third of the letters may be others
    let most = |text: &str| text.chars().count().div_ceil(3);
    let mut near: Vec<(usize, usize, String)> = (names.into_iter())
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let own = last_part(&lower);
            let of_last = strsim::damerau_levenshtein(own, last);
            let of_whole = strsim::damerau_levenshtein(&lower, wanted);
            let is_part = last.len() > 3 && own.contains(last);
            let is_near = is_part || of_last <= most(last) || of_whole <= most(wanted).min(6);
            is_near.then_some((of_last, of_whole, name))
        })
        .collect();
    near.sort();
    let least = near.first().map_or(0, |(of_last, ..)| *of_last);
    let near = near
        .into_iter()
        .filter(|(of_last, ..)| *of_last <= least.saturating_add(2));
    near.map(|(_, _, name)| name).take(OFFERED).collect()
}

/// What stands behind the last slash.
fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_offered() {
        let names = || {
            [
                "/Channel/Orderer/BatchSize",
                "/Channel/Orderer/BatchTimeout",
                "/Channel/Application/Admins",
                "/Channel/Application/ACLs",
            ]
            .map(str::to_owned)
            .to_vec()
        };
        let first = |given: &str| nearest(given, names()).first().cloned();
        let timeout = Some("/Channel/Orderer/BatchTimeout".to_owned());
        assert_eq!(first("/Channel/Orderer/BatchTimeOut"), timeout);
        assert_eq!(first("Orderer/BatchTimeout"), timeout);
        assert_eq!(first("batchtimeout"), timeout);
        assert_eq!(first("/Channel/Ordrer/BatchTimeout"), timeout);
        assert_eq!(first("zzz"), None);
        assert!(nearest("/Channel/Application/Admin", names()).len() < 4);
    }
}
