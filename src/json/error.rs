//! Why a message has no JSON form, or a text is not a message.

/// The kinds of problems.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonProblem {
    /// A scalar, enum, base64 text, timestamp or token that its field cannot hold.
    #[error("illegal value for {expected}")]
    BadValue {
        /// What the field takes, in words.
        expected: &'static str,
    },
    /// The same field twice under its two spellings, or two members of a oneof.
    #[error("field given twice")]
    DuplicateField,
    /// The text is not a JSON object.
    #[error("json syntax error: expected {expected}")]
    Syntax {
        /// What should have stood there, in words.
        expected: &'static str,
    },
    /// More than 10,000 levels.
    #[error("nested deeper than 10000 levels")]
    TooDeep,
    /// The text is longer than it may be.
    #[error("json text larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        max_bytes: usize,
    },
    /// The bytes of this message, or of one that is nested in it, are not protobuf.
    #[error("undecodable `{message_type}`")]
    Undecodable {
        /// The message's protobuf name.
        message_type: &'static str,
    },
    /// A value or group that configs do not have at this place.
    #[error("channel configs have no such element")]
    UnknownConfigKey,
    /// A member that the message does not have.
    #[error("unknown field `{}` of `{message_type}`", field.escape_debug())]
    UnknownField {
        /// The message's protobuf name.
        message_type: &'static str,
        /// The member's name; of a long one the first 100 characters.
        field: String,
    },
    /// A message type that this codec does not know.
    #[error("unknown message type `{}`", message_type.escape_debug())]
    UnknownMessageType {
        /// The name given; of a long one the first 100 characters.
        message_type: String,
    },
    /// Bytes whose type the fields beside them do not tell.
    #[error("content of unknown type")]
    UnknownType,
    /// Something else where an object or a list has to stand.
    #[error("expected {expected}")]
    WrongType {
        /// What has to stand there, in words.
        expected: &'static str,
    },
}

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", at(path, *offset))]
pub struct JsonError {
    problem: JsonProblem,
    path: String,
    offset: Option<usize>,
}

impl JsonError {
    pub(super) const fn new(problem: JsonProblem) -> Self {
        Self {
            problem,
            path: String::new(),
            offset: None,
        }
    }

    /// Adds its place in the document.
    pub(super) fn with_path(mut self, path: String) -> Self {
        self.path = path;
        self
    }

    /// Adds its place in the text, in bytes.
    pub(super) const fn with_offset(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The problem, without its place.
    #[must_use]
    pub const fn problem(&self) -> &JsonProblem {
        &self.problem
    }

    /// Where in the document: `channel_group.groups["Application"].values`; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where in the text, in bytes; `None` where the problem is not one of a text.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The stable code, such as `JSON_SYNTAX`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.problem {
            JsonProblem::BadValue { .. } => "JSON_BAD_VALUE",
            JsonProblem::DuplicateField => "JSON_DUPLICATE_FIELD",
            JsonProblem::Syntax { .. } => "JSON_SYNTAX",
            JsonProblem::TooDeep => "JSON_TOO_DEEP",
            JsonProblem::TooLarge { .. } => "JSON_TOO_LARGE",
            JsonProblem::Undecodable { .. } => "JSON_UNDECODABLE",
            JsonProblem::UnknownConfigKey => "JSON_UNKNOWN_CONFIG_KEY",
            JsonProblem::UnknownField { .. } => "JSON_UNKNOWN_FIELD",
            JsonProblem::UnknownMessageType { .. } => "JSON_UNKNOWN_MESSAGE_TYPE",
            JsonProblem::UnknownType => "JSON_UNKNOWN_TYPE",
            JsonProblem::WrongType { .. } => "JSON_WRONG_TYPE",
        }
    }

    /// The class of the reason, in the words of the conformance vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self.problem {
            JsonProblem::BadValue { .. } => "json_bad_value",
            JsonProblem::DuplicateField => "json_duplicate_field",
            JsonProblem::Syntax { .. } | JsonProblem::TooDeep | JsonProblem::TooLarge { .. } => {
                "json_syntax"
            }
            JsonProblem::Undecodable { .. } => "undecodable",
            JsonProblem::UnknownConfigKey => "json_unknown_config_key",
            JsonProblem::UnknownField { .. } => "json_unknown_field",
            JsonProblem::UnknownMessageType { .. } | JsonProblem::UnknownType => {
                "json_undecodable_type"
            }
            JsonProblem::WrongType { .. } => "json_wrong_type",
        }
    }
}

/// As much of a name as an error shows: 100 characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

/// Builds the place of an error in the document; keeps the beginning of what is very deep.
#[derive(Debug, Default)]
pub(super) struct Path {
    text: String,
    cut: bool,
}

impl Path {
    /// Where the text is cut, in bytes.
    const LONGEST: usize = 512;

    pub(super) fn field(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.push(".");
        }
        self.push(name);
    }

    pub(super) fn key(&mut self, key: &str) {
        self.push(&format!("[{key:?}]"));
    }

    /// A field or a key, whichever it looks like.
    pub(super) fn member(&mut self, name: &str) {
        let like_a_field = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if !name.is_empty() && name.bytes().all(like_a_field) {
            self.field(name);
        } else {
            self.key(name);
        }
    }

    pub(super) fn index(&mut self, index: usize) {
        self.push(&format!("[{index}]"));
    }

    pub(super) fn finish(mut self) -> String {
        if self.cut {
            self.text.push_str("...");
        }
        self.text
    }

    fn push(&mut self, part: &str) {
        self.cut |= self.text.len().saturating_add(part.len()) > Self::LONGEST;
        if !self.cut {
            self.text.push_str(part);
        }
    }
}

fn at(path: &str, offset: Option<usize>) -> String {
    match (path, offset) {
        ("", None) => String::new(),
        ("", Some(offset)) => format!(" at byte {offset}"),
        (path, None) => format!(" at `{path}`"),
        (path, Some(offset)) => format!(" at `{path}`, byte {offset}"),
    }
}
