//! The regular expressions that `$regex` knows here: a part of PCRE that looks at each byte once.
//!
//! Known are literals, `.`, `^`, `$`, classes of ASCII, `\d \w \s` and their opposites (of ASCII),
//! groups, `|`, the quantifiers `* + ? {n} {n,} {n,m}`, and `(?i)` in front of all. What else PCRE
//! has is refused. As CouchDB does it, a pattern is looked for anywhere in a string, and works on
//! bytes: `.` is one byte of a character that is not ASCII.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::error::MangoError;

/// The most steps that a pattern takes, written out.
const STEPS: usize = 2_000;

/// How deep groups are nested at most.
const DEPTH: usize = 32;

/// A regular expression, as the steps of a machine that is in many places at once.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    steps: Vec<PatternStep>,
}

/// One step. Where it goes on is an index into the steps.
#[derive(Debug, Clone)]
enum PatternStep {
    Byte(ByteSet),
    Either(usize, usize),
    /// At the end, or in front of a line feed that is the end.
    End,
    Go(usize),
    Start,
}

#[derive(Debug, Clone, Default)]
struct ByteSet {
    ranges: Vec<RangeInclusive<u8>>,
    /// It has what the ranges have not.
    other: bool,
}

/// What was read, before it is steps.
#[derive(Debug, Clone)]
enum Syntax {
    Either(Vec<Self>),
    Repeat {
        what: Box<Self>,
        least: usize,
        most: Option<usize>,
    },
    Row(Vec<Self>),
    Step(PatternStep),
}

/// Why a pattern is refused.
enum Refused {
    /// PCRE refuses it as well.
    Malformed,
    Unknown,
}

impl Pattern {
    /// # Errors
    ///
    /// What PCRE refuses, in CouchDB's words, and what is not known here.
    pub(super) fn parse(text: &str) -> Result<Self, MangoError> {
        Self::read(text).map_err(|refused| match refused {
            Refused::Malformed => MangoError::bad_argument("$regex", &Value::from(text)),
            Refused::Unknown => MangoError::Unsupported(format!("regular expression `{text}`")),
        })
    }

    fn read(text: &str) -> Result<Self, Refused> {
        let (text, fold) = match text.strip_prefix("(?i)") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let mut reader = PatternReader {
            rest: text.as_bytes(),
            fold,
        };
        let syntax = reader.alternatives(0)?;
        // a `)` too many
        if !reader.rest.is_empty() {
            return Err(Refused::Malformed);
        }
        let mut steps = Vec::new();
        syntax.write(&mut steps)?;
        Ok(Self { steps })
    }

    /// Whether the pattern is found in a text. Takes time as the text's length times the steps.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut places = Vec::new();
        let mut rest = text.as_bytes();
        loop {
            places.push(0);
            let Some(reached) = self.settle(&places, rest, text) else {
                return true;
            };
            let Some((byte, behind)) = rest.split_first() else {
                return false;
            };
            let goes_on = |at: &usize| match self.steps.get(*at) {
                Some(PatternStep::Byte(set)) if set.has(*byte) => Some(at.saturating_add(1)),
                _ => None,
            };
            places = reached.iter().filter_map(goes_on).collect();
            rest = behind;
        }
    }

    /// The places that wait for a byte, from these on; `None` where the end was reached.
    fn settle(&self, places: &[usize], rest: &[u8], text: &str) -> Option<Vec<usize>> {
        let mut seen = vec![false; self.steps.len()];
        let mut waiting = Vec::new();
        let mut stack = places.to_vec();
        while let Some(at) = stack.pop() {
            let (step, seen) = (self.steps.get(at)?, seen.get_mut(at)?);
            if std::mem::replace(seen, true) {
                continue;
            }
            let next = at.saturating_add(1);
            match step {
                PatternStep::Byte(_) => waiting.push(at),
                PatternStep::Either(left, right) => stack.extend([*left, *right]),
                PatternStep::End if matches!(rest, [] | [b'\n']) => stack.push(next),
                PatternStep::Go(to) => stack.push(*to),
                PatternStep::Start if rest.len() == text.len() => stack.push(next),
                PatternStep::End | PatternStep::Start => {}
            }
        }
        Some(waiting)
    }
}

impl ByteSet {
    fn of(ranges: &[RangeInclusive<u8>]) -> Self {
        Self {
            ranges: ranges.to_vec(),
            other: false,
        }
    }

    const fn opposite(mut self) -> Self {
        self.other = !self.other;
        self
    }

    fn has(&self, byte: u8) -> bool {
        self.ranges.iter().any(|range| range.contains(&byte)) != self.other
    }

    /// With the other case of every letter.
    fn folded(mut self) -> Self {
        let letters = (b'a'..=b'z').filter(|letter| {
            let has = |byte| self.ranges.iter().any(|range| range.contains(&byte));
            has(*letter) || has(letter.to_ascii_uppercase())
        });
        let both = letters.flat_map(|letter| [letter, letter.to_ascii_uppercase()]);
        let both: Vec<_> = both.map(|byte| byte..=byte).collect();
        self.ranges.extend(both);
        self
    }
}

impl Syntax {
    /// Writes the steps. What comes next is where they end.
    fn write(&self, steps: &mut Vec<PatternStep>) -> Result<(), Refused> {
        if steps.len() > STEPS {
            return Err(Refused::Unknown);
        }
        match self {
            Self::Step(step) => steps.push(step.clone()),
            Self::Row(parts) => {
                for part in parts {
                    part.write(steps)?;
                }
            }
            Self::Either(parts) => {
                let mut ends = Vec::new();
                let (last, others) = parts.split_last().ok_or(Refused::Unknown)?;
                for part in others {
                    let fork = hole(steps);
                    part.write(steps)?;
                    ends.push(hole(steps));
                    let next = steps.len();
                    fill(
                        steps,
                        fork,
                        PatternStep::Either(fork.saturating_add(1), next),
                    );
                }
                last.write(steps)?;
                let end = steps.len();
                for at in ends {
                    fill(steps, at, PatternStep::Go(end));
                }
            }
            Self::Repeat { what, least, most } => {
                for _ in 0..*least {
                    let before = steps.len();
                    what.write(steps)?;
                    // what is empty is empty however often
                    if steps.len() == before {
                        break;
                    }
                }
                let forks = match most {
                    None => {
                        let fork = hole(steps);
                        what.write(steps)?;
                        steps.push(PatternStep::Go(fork));
                        vec![fork]
                    }
                    Some(most) => {
                        let mut forks = Vec::new();
                        for _ in *least..*most {
                            forks.push(hole(steps));
                            what.write(steps)?;
                        }
                        forks
                    }
                };
                let end = steps.len();
                for fork in forks {
                    fill(
                        steps,
                        fork,
                        PatternStep::Either(fork.saturating_add(1), end),
                    );
                }
            }
        }
        Ok(())
    }
}

/// A step that is filled in later.
fn hole(steps: &mut Vec<PatternStep>) -> usize {
    steps.push(PatternStep::Go(0));
    steps.len().saturating_sub(1)
}

fn fill(steps: &mut [PatternStep], at: usize, step: PatternStep) {
    if let Some(hole) = steps.get_mut(at) {
        *hole = step;
    }
}

/// Reads a pattern from front to back.
struct PatternReader<'a> {
    rest: &'a [u8],
    /// Whether the case of letters does not matter.
    fold: bool,
}

impl PatternReader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn takes(&mut self, token: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Up to a `)` that nobody opened, or the end.
    fn alternatives(&mut self, depth: usize) -> Result<Syntax, Refused> {
        if depth > DEPTH {
            return Err(Refused::Unknown);
        }
        let mut parts = vec![self.row(depth)?];
        while self.takes(b"|") {
            parts.push(self.row(depth)?);
        }
        Ok(Syntax::Either(parts))
    }

    fn row(&mut self, depth: usize) -> Result<Syntax, Refused> {
        let mut row = Vec::new();
        while !matches!(self.rest, [] | [b'|' | b')', ..]) {
            let what = self.one(depth)?;
            let Some((least, most)) = self.quantifier()? else {
                row.push(what);
                continue;
            };
            if let Syntax::Step(PatternStep::Start | PatternStep::End) = what {
                return Err(Refused::Unknown);
            }
            row.push(Syntax::Repeat {
                what: Box::new(what),
                least,
                most,
            });
        }
        Ok(Syntax::Row(row))
    }

    /// The least and the most times.
    fn quantifier(&mut self) -> Result<Option<(usize, Option<usize>)>, Refused> {
        let times = match self.rest.first() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => {
                let end = self.rest.iter().position(|byte| *byte == b'}');
                let (inner, _) = self.rest.split_at(end.ok_or(Refused::Unknown)?);
                let inner = inner.get(1..).and_then(|inner| str::from_utf8(inner).ok());
                let inner = inner.ok_or(Refused::Unknown)?;
                let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
                    true => text
                        .parse()
                        .ok()
                        .filter(|times| *times <= STEPS)
                        .ok_or(Refused::Unknown),
                    false => Err(Refused::Unknown),
                };
                let times = match inner.split_once(',') {
                    None => (number(inner)?, Some(number(inner)?)),
                    Some((least, "")) => (number(least)?, None),
                    Some((least, most)) => (number(least)?, Some(number(most)?)),
                };
                if times.1.is_some_and(|most| most < times.0) {
                    return Err(Refused::Malformed);
                }
                while self.next().is_some_and(|byte| byte != b'}') {}
                self.after_quantifier()?;
                return Ok(Some(times));
            }
            _ => return Ok(None),
        };
        self.next();
        self.after_quantifier()?;
        Ok(Some(times))
    }

    /// A lazy quantifier finds where a greedy one does. Others are not known.
    fn after_quantifier(&mut self) -> Result<(), Refused> {
        self.takes(b"?");
        match self.rest.first() {
            Some(b'*' | b'?') => Err(Refused::Malformed),
            Some(b'+' | b'{') => Err(Refused::Unknown),
            _ => Ok(()),
        }
    }

    fn one(&mut self, depth: usize) -> Result<Syntax, Refused> {
        let byte = self.next().ok_or(Refused::Malformed)?;
        let set = match byte {
            b'(' => {
                if !self.takes(b"?:") && matches!(self.rest, [b'?' | b'*', ..]) {
                    return Err(Refused::Unknown);
                }
                let inner = self.alternatives(depth.saturating_add(1))?;
                return match self.takes(b")") {
                    true => Ok(inner),
                    false => Err(Refused::Malformed),
                };
            }
            b'^' => return Ok(Syntax::Step(PatternStep::Start)),
            b'$' => return Ok(Syntax::Step(PatternStep::End)),
            b'.' => ByteSet::of(&[b'\n'..=b'\n']).opposite(),
            b'[' => self.class()?,
            b'\\' => self.escape()?,
            b'*' | b'+' | b'?' => return Err(Refused::Malformed),
            b'{' => return Err(Refused::Unknown),
            _ => self.literal(byte),
        };
        Ok(Syntax::Step(PatternStep::Byte(set)))
    }

    fn literal(&self, byte: u8) -> ByteSet {
        let set = ByteSet::of(&[byte..=byte]);
        if self.fold { set.folded() } else { set }
    }

    /// What stands for itself or for a kind of characters, behind a backslash.
    fn escape(&mut self) -> Result<ByteSet, Refused> {
        const SPACE: [RangeInclusive<u8>; 2] = [b'\t'..=b'\r', b' '..=b' '];
        const WORD: [RangeInclusive<u8>; 4] = [b'a'..=b'z', b'A'..=b'Z', b'0'..=b'9', b'_'..=b'_'];
        let byte = self.next().ok_or(Refused::Malformed)?;
        Ok(match byte {
            b'd' => ByteSet::of(&[b'0'..=b'9']),
            b'D' => ByteSet::of(&[b'0'..=b'9']).opposite(),
            b's' => ByteSet::of(&SPACE),
            b'S' => ByteSet::of(&SPACE).opposite(),
            b'w' => ByteSet::of(&WORD),
            b'W' => ByteSet::of(&WORD).opposite(),
            b'n' => self.literal(b'\n'),
            b'r' => self.literal(b'\r'),
            b't' => self.literal(b'\t'),
            byte if byte.is_ascii_punctuation() => self.literal(byte),
            _ => return Err(Refused::Unknown),
        })
    }

    fn class(&mut self) -> Result<ByteSet, Refused> {
        let mut set = ByteSet::default();
        let other = self.takes(b"^");
        // PCRE takes it as a member there
        if self.rest.first() == Some(&b']') {
            return Err(Refused::Unknown);
        }
        loop {
            let member = match self.next().ok_or(Refused::Malformed)? {
                b']' => break,
                b'\\' => self.escape()?,
                b'[' if matches!(self.rest, [b':' | b'.' | b'=', ..]) => {
                    return Err(Refused::Unknown);
                }
                byte if !byte.is_ascii() => return Err(Refused::Unknown),
                byte => ByteSet::of(&[byte..=byte]),
            };
            if member.other {
                return Err(Refused::Unknown);
            }
            let is_range = matches!(self.rest, [b'-', end, ..] if *end != b']');
            if !is_range {
                set.ranges.extend(member.ranges);
                continue;
            }
            let (Some(start), Some(_), Some(end)) = (single(&member), self.next(), self.next())
            else {
                return Err(Refused::Unknown);
            };
            let end = match end {
                b'\\' => single(&self.escape()?).ok_or(Refused::Unknown)?,
                end => end,
            };
            if !end.is_ascii() || end == b'[' {
                return Err(Refused::Unknown);
            }
            if end < start {
                return Err(Refused::Malformed);
            }
            set.ranges.push(start..=end);
        }
        let set = if self.fold { set.folded() } else { set };
        Ok(if other { set.opposite() } else { set })
    }
}

/// The one byte of a set that has one.
fn single(set: &ByteSet) -> Option<u8> {
    match set.ranges.as_slice() {
        [range] if range.start() == range.end() => Some(*range.start()),
        _ => None,
    }
}
