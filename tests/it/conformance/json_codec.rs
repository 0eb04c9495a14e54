//! Suite `json_codec`.
