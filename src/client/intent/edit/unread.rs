//! Why a text is no JSON, in words for who typed it.

/// What is wrong, and on which line and in which column, from 1.
pub(super) struct UnreadJson {
    pub(super) line: usize,
    pub(super) words: String,
}

/// Words of people who write for computers, and the ones of JSON.
const WORDS: [(&str, &str); 9] = [
    ("false", "false"),
    ("nil", "null"),
    ("no", "false"),
    ("none", "null"),
    ("null", "null"),
    ("off", "false"),
    ("on", "true"),
    ("true", "true"),
    ("yes", "true"),
];

impl UnreadJson {
    /// What the reader of JSON stumbled over in a text.
    pub(super) fn of(text: &str, error: &serde_json::Error) -> Self {
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or_default();
        // what a text in quotes was not closed on stands before the line end that was read
        let (number, column) = match error.column() {
            0 => (error.line().saturating_sub(1).max(1), None),
            column => (error.line(), Some(column)),
        };
        let line = text.lines().nth(number.saturating_sub(1));
        let token = token(line.unwrap_or_default(), column.unwrap_or(usize::MAX));
        let words = words(told, &token);
        Self {
            line: number,
            words: match column {
                Some(column) => format!("this is no JSON: {words} (column {column})"),
                None => format!("this is no JSON: {words}"),
            },
        }
    }
}

/// The same in words. `told`: what the reader says; `token`: what stands there.
fn words(told: &str, token: &str) -> String {
    let is_word = token.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let is_quote = token.starts_with(['\'', '`', '\u{2018}', '\u{201c}', '\u{201d}']);
    match told {
        _ if is_quote => "quotes are double: \"..\"".to_owned(),
        "expected ident" | "expected value" | "key must be a string" if token == "," => {
            "there is a comma too many".to_owned()
        }
        "expected ident" | "expected value" if is_word => value(token),
        "expected ident" | "expected value" => {
            format!("a value is wanted where `{token}` stands")
        }
        "key must be a string" if is_word => {
            format!("a name stands in quotes: \"{token}\"")
        }
        "key must be a string" => format!("a name in quotes is wanted where `{token}` stands"),
        "expected `:`" => format!("a `:` is missing before `{token}`: it stands behind each name"),
        "expected `,` or `}`" => {
            format!("a `,` is missing before `{token}`, or a `}}` that ends the object")
        }
        "expected `,` or `]`" => {
            format!("a `,` is missing before `{token}`, or a `]` that ends the list")
        }
        "trailing comma" => format!("there is a comma too many before `{token}`"),
        "trailing characters" => {
            format!("the document ends before `{token}`: there may be a `}}` too many above")
        }
        "EOF while parsing an object" => "a `}` is missing at the end".to_owned(),
        "EOF while parsing a list" => "a `]` is missing at the end".to_owned(),
        "EOF while parsing a string" => "a text has no `\"` at its end".to_owned(),
        told if told.starts_with("EOF") => "the text ends too early".to_owned(),
        told if told.starts_with("control character") => {
            "a text in quotes ends on its line: a `\"` is missing, or a tab stands in it".to_owned()
        }
        "invalid escape" => {
            "behind a `\\` stands what JSON does not know; a `\\` itself is `\\\\`".to_owned()
        }
        "invalid number" | "number out of range" => format!("`{token}` is no number of JSON"),
        "recursion limit exceeded" => "it is nested too deep".to_owned(),
        _ => format!("`{token}` does not belong here"),
    }
}

/// What to write in the place of a word.
fn value(token: &str) -> String {
    let lower = token.to_lowercase();
    let meant = WORDS.iter().find(|(word, _)| *word == lower);
    // a third of the letters may be others
    let near = WORDS.iter().find(|(word, json)| {
        word == json && word.len() > 3 && strsim::damerau_levenshtein(word, &lower) < 2
    });
    match meant.or(near) {
        Some((_, json)) => format!("`{token}` is no value: did you mean {json}?"),
        None => format!("`{token}` is no value: a text stands in quotes, \"{token}\""),
    }
}

/// What stands in a column of a line, from 1: a word, or a single sign.
fn token(line: &str, column: usize) -> String {
    let at = column.saturating_sub(1);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let here = chars
        .iter()
        .position(|(start, c)| (*start..start.saturating_add(c.len_utf8())).contains(&at));
    let Some(here) = here else {
        return "the end of the line".to_owned();
    };
    let of = |index: usize| chars.get(index).map(|(_, c)| *c);
    let Some(c) = of(here).filter(|c| is_word(*c)) else {
        return of(here).map(String::from).unwrap_or_default();
    };
    let before = chars.get(..here).unwrap_or_default().iter().rev();
    let before: String = before
        .map(|(_, c)| *c)
        .take_while(|c| is_word(*c))
        .collect();
    let behind = chars
        .get(here.saturating_add(1)..)
        .unwrap_or_default()
        .iter();
    let behind = behind.map(|(_, c)| *c).take_while(|c| is_word(*c));
    let before = before.chars().rev();
    before.chain([c]).chain(behind).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_no_json_is_told_in_words() {
        for (text, line, words) in [
            (
                "{\n \"a\": many }",
                2,
                "`many` is no value: a text stands in quotes, \"many\"",
            ),
            ("{\n \"a\": nothing }", 2, "\"nothing\""),
            ("{\n \"a\": True }", 2, "did you mean true?"),
            ("{\n \"a\": ture }", 2, "did you mean true?"),
            ("{\n \"a\": yes }", 2, "did you mean true?"),
            ("{\n \"a\": None }", 2, "did you mean null?"),
            ("{\n \"a\": 2s }", 2, "`2s`"),
            ("{\n \"a\": }", 2, "a value is wanted where `}` stands"),
            ("{\n \"a\": 'x' }", 2, "quotes are double"),
            ("{\n a: 1 }", 2, "a name stands in quotes: \"a\""),
            ("{\n \"a\": 1,, }", 2, "a comma too many"),
            ("{\n \"a\": 1,\n }", 3, "a comma too many before `}`"),
            (
                "{\n \"a\": 1\n \"b\": 2 }",
                3,
                "a `,` is missing before `\"`",
            ),
            ("{\n \"a\" 1 }", 2, "a `:` is missing"),
            ("{\n \"a\": [1\n }", 3, "a `]` that ends the list"),
            ("{\n \"a\": 1", 2, "a `}` is missing"),
            ("{\n \"a\": \"x\n }", 2, "a `\"` is missing"),
            ("{}\n }", 2, "a `}` too many"),
            ("{\n \"a\": 012 }", 2, "`012` is no number"),
            ("{\n \"a\": \"\\d\" }", 2, "a `\\` itself"),
            ("{\n \"a\": \u{e9}t\u{e9} }", 2, "\u{e9}t\u{e9}"),
        ] {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            let told = UnreadJson::of(text, &error);
            assert!(told.words.contains(words), "{text}: {}", told.words);
            assert_eq!(told.line, line, "{text}");
            // none of it is in the words of a library
            assert!(!told.words.contains("ident"), "{}", told.words);
        }
    }
}
